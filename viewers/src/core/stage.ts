/** What happens when something opens: the viewer that can show it, found, loaded and mounted. Loaded with the first of them. */

import type { Line } from "./line.ts";
import type { Mounted, Shown, Stage, Viewer } from "./registry.ts";
import css from "./stage.css?inline";
import type { Told, Wanted } from "./wire.ts";

const is =
  (pattern: RegExp) =>
  (mediaType: string): boolean =>
    pattern.test(mediaType);

const BUILT_IN: readonly Viewer[] = [
  {
    name: "image",
    match: is(/^image\/(png|jpeg|webp|avif|gif|svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)$/),
    load: () => import("../viewers/image.ts"),
  },
  { name: "pdf", match: is(/^application\/pdf$/), load: () => import("../viewers/pdf.ts") },
  { name: "html", match: is(/^(text\/html|application\/xhtml\+xml)$/), load: () => import("../viewers/html.ts") },
  {
    name: "text",
    match: is(/^text\/|^application\/([\w.-]+\+)?(json|xml|yaml|toml|javascript|sql|x-[\w-]*(sh|tex|python|ndjson))$/),
    load: () => import("../viewers/text.ts"),
  },
  { name: "media", match: is(/^(audio|video)\//), load: () => import("../viewers/media.ts") },
  { name: "file", match: () => true, load: () => import("../viewers/file.ts") },
];

let sheet: CSSStyleSheet | undefined;

function dress(root: ShadowRoot): void {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}

export interface Opening {
  readonly line: Line;
  readonly others: readonly Viewer[];
  readonly wanted: Wanted;
  readonly ready: Told;
  readonly title: string;
  readonly shadow: ShadowRoot;
  readonly signal: AbortSignal;
  readonly words: Pick<Stage, "say" | "size">;
  /** A dialog's, where it opens in one; else null. */
  readonly closed: (() => void) | null;
  /** Puts the root where it is to be seen. */
  place(root: HTMLElement): void;
}

/** Rejects where the result cannot be had or shown. */
export async function open(opening: Opening): Promise<Mounted> {
  const { line, wanted, ready, title, signal, shadow, words, closed, place } = opening;
  const finished = (told: Told, of: Wanted): string => new URL(told.href ?? line.mediaUrl(of), line.base).href;
  const href = finished(ready, wanted);
  // A finished result that came by status has no media type: its own headers have.
  const mediaType = (ready.media_type ?? (await head(href, signal))).split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const viewer = [...opening.others, ...BUILT_IN].find((one) => one.match(mediaType)) as Viewer;
  const { mount } = await viewer.load();
  signal.throwIfAborted();
  dress(shadow);
  const shown: Shown = {
    href,
    mediaType,
    bytes: ready.bytes ?? null,
    etag: ready.etag ?? null,
    url: wanted.url,
    type: wanted.type,
    title,
    make: (type, until) => make({ url: wanted.url, type }, until),
  };
  const root = document.createElement("div");
  const dialog = closed && inDialog(root, title, words.say("close"), closed);
  if (dialog) {
    shadow.append(dialog);
    dialog.showModal();
  }
  place(root);
  const mounted = await mount(root, shown, {
    ...words,
    signal,
    reducedMotion: matchMedia("(prefers-reduced-motion: reduce)").matches,
    locale: document.documentElement.lang || "en",
  });
  const destroy = (): void => {
    mounted.destroy();
    dialog?.remove();
  };
  if (signal.aborted) destroy();
  return { ...mounted, destroy };

  /** Another type of the same address, for a viewer that shows more than one file. */
  function make(other: Wanted, until: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const hear = (told: Told): void => {
        if (told.name === "ready") resolve(finished(told, other));
        if (told.name === "failed") reject(new Error(told.message));
      };
      const watch = line.watch(other, hear, 1);
      until.addEventListener("abort", () => {
        watch.close();
        reject(until.reason);
      });
    });
  }
}

async function head(href: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(href, { method: "HEAD", signal });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.headers.get("Content-Type") ?? "";
}

function inDialog(root: HTMLElement, title: string, close: string, closed: () => void): HTMLDialogElement {
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    className: "plain",
    textContent: close,
  });
  const name = Object.assign(document.createElement("strong"), { className: "grow", textContent: title });
  const bar = Object.assign(document.createElement("div"), { className: "bar" });
  const dialog = document.createElement("dialog");
  bar.append(name, button);
  dialog.append(bar, root);
  dialog.setAttribute("aria-label", title);
  root.className = "stage";
  button.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", closed);
  return dialog;
}
