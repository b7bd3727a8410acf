/** A picture or a drawing in `<img>`, where scripts never run: moved, zoomed, turned. What the viewers `image` and `svg` share. */

import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { note, sign, view } from "../controls.ts";
import { row } from "../facts.ts";
import viewCss from "../view.css?inline";
import { harmless } from "./harmless.ts";
import { keys, sides, signs } from "./lens.ts";
import css from "./picture.css?inline";
import { Sheet } from "./sheet.ts";

const GROUNDS = ["checks", "light", "dark"] as const;
type Ground = (typeof GROUNDS)[number];

interface Kind {
  /** A drawing has no size of its own that matters: it begins as large as its frame. */
  readonly drawing: boolean;
  readonly name: string;
  readonly ground: Ground;
}

export async function mountPicture(root: HTMLElement, shown: Shown, stage: Stage, kind: Kind): Promise<Mounted> {
  stage.dress(viewCss);
  stage.dress(css);
  const { say, signal, locale, reducedMotion } = stage;
  const picture = new Image();
  picture.alt = shown.title;
  picture.draggable = false;
  const { href, smaller } = await harmless(shown, kind.drawing, signal);
  picture.src = href;
  const left = (): void => picture.removeAttribute("src"); // it may be long on its way
  signal.addEventListener("abort", left, { once: true });
  await picture.decode().catch((reason: unknown) => {
    throw signal.aborted ? reason : new Error(say("picture.bad"));
  });
  signal.removeEventListener("abort", left);
  signal.throwIfAborted();

  const life = new AbortController();
  const size = { width: picture.naturalWidth || 300, height: picture.naturalHeight || 150 };
  const frame = view(kind.name, say("picture.keys"));
  const element = document.createElement("div");
  element.className = "sheet";
  element.append(picture);
  frame.append(element);
  const facts = note("", "facts");
  const level = document.createElement("span");
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const measures = kind.drawing ? "" : sides(size.width, size.height, locale);
  facts.append(...row(measures, ...told(shown, stage), level, smaller ? say("picture.smaller") : ""));
  root.style.setProperty("--natural", `${size.height}px`);
  root.append(frame, facts);

  const sheet = new Sheet(frame, element, size, {
    signal: life.signal,
    reducedMotion,
    grows: kind.drawing,
    eager: root.closest("dialog") !== null,
    changed: ({ scale }) => {
      level.textContent = percent.format(scale);
      frame.classList.toggle("coarse", !kind.drawing && scale >= 3);
    },
  });
  const begin = Number.parseFloat(shown.start);
  if (begin > 0) sheet.show(begin / 100);

  const more: HTMLElement[] = [];
  if (seeThrough(picture)) {
    frame.dataset.ground = kind.ground;
    const next = (): void => {
      frame.dataset.ground = GROUNDS[(GROUNDS.indexOf(frame.dataset.ground as Ground) + 1) % GROUNDS.length];
    };
    more.push(sign("ground", say("picture.ground"), next));
  }
  const tools = signs(sheet, stage, ...more);
  frame.append(tools);
  keys(frame, sheet, life.signal);
  if (!kind.drawing) {
    void moves(shown, life.signal).then((is) => {
      if (is && !life.signal.aborted) tools.append(pausing(picture, element, stage));
    });
  }
  return {
    destroy: () => {
      life.abort();
      sheet.destroy();
      root.replaceChildren();
      root.style.removeProperty("--natural");
    },
    focus: () => frame.focus({ preventScroll: true }),
  };
}

/** What it is, quietly: format and bytes. */
function told({ format, type, mediaType, bytes }: Shown, { say, size }: Stage): string[] {
  const here = /\/(?:x-|vnd\.)?([\w-]+)/.exec(mediaType)?.[1]?.toUpperCase() ?? type;
  const known = format && format.toLowerCase() !== type.toLowerCase();
  const words = known ? say("picture.as", { format, type: type.replace(/:.*/s, "") }) : (format ?? here);
  return bytes === null ? [words] : [words, size(bytes)];
}

/** Whether the ground is seen anywhere, as far as a small copy tells. */
function seeThrough(picture: HTMLImageElement): boolean {
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return true;
  context.drawImage(picture, 0, 0, 64, 64);
  try {
    const { data } = context.getImageData(0, 0, 64, 64);
    for (let at = 3; at < data.length; at += 4) if ((data[at] as number) < 255) return true;
    return false;
  } catch {
    return true; // some browsers keep what a drawing looks like to themselves
  }
}

const MAY_MOVE = /^image\/(gif|apng|png|webp|avif)$/;

/** Whether it is an animation: pictures do not say, decoders do. */
async function moves({ href, mediaType }: Shown, signal: AbortSignal): Promise<boolean> {
  if (!MAY_MOVE.test(mediaType) || !("ImageDecoder" in globalThis)) return false;
  try {
    const { body } = await fetch(href, { signal });
    const type = mediaType === "image/apng" ? "image/png" : mediaType;
    if (!body || !(await ImageDecoder.isTypeSupported(type))) return false;
    const decoder = new ImageDecoder({ data: body, type });
    decoder.completed.catch(() => {}); // Firefox rejects it where a decoder is closed before its end
    await decoder.tracks.ready;
    const is = Boolean(decoder.tracks.selectedTrack?.animated);
    decoder.close();
    return is;
  } catch {
    return false;
  }
}

/** A button that stands a still over what moves; who wants less motion begins with it (WCAG 2.2.2). */
function pausing(picture: HTMLImageElement, element: HTMLElement, { say, reducedMotion }: Stage): HTMLElement {
  const still = document.createElement("canvas");
  still.width = picture.naturalWidth;
  still.height = picture.naturalHeight;
  let paused = false;
  const button = sign("pause", say("picture.pause"), () => set(!paused));
  const set = (to: boolean): void => {
    paused = to;
    if (paused) {
      still.getContext("2d")?.drawImage(picture, 0, 0);
      element.append(still);
    } else still.remove();
    picture.classList.toggle("paused", paused);
    const other = sign(paused ? "play" : "pause", say(paused ? "picture.play" : "picture.pause"), () => {});
    button.replaceChildren(...other.childNodes);
    button.ariaLabel = button.title = other.title;
  };
  if (reducedMotion) set(true);
  return button;
}
