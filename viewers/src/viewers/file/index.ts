import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import css from "./index.css?inline";

/** Facts that are shown of each group, and of all. */
const MOST = 200;

interface Facts {
  readonly format?: unknown;
  readonly size?: unknown;
  readonly sha256?: unknown;
  readonly facts?: unknown;
}

/** What no other viewer shows: what it is, what is known of it, and the way to have it. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(css);
  const { say, size, signal, locale } = stage;
  /** Else it was made of the file at this address, and what the service knows is of that file. */
  const asItIs = shown.format !== null && shown.type.toUpperCase() === shown.format.toUpperCase();
  const head = document.createElement("div");
  head.className = "card";
  const words = document.createElement("p");
  words.textContent = say("file.none");
  const link = document.createElement("a");
  link.className = "plain";
  link.href = shown.href;
  link.download = "";
  link.textContent = say("download");
  const known = facts();
  const add = (name: string, value: string, code = false): void => void known.append(...fact(name, value, code));
  add(say("file.name"), shown.title);
  if (shown.format) add(say("file.format"), shown.format);
  if (shown.mediaType) add(say("file.type"), shown.mediaType);
  if (shown.bytes !== null) {
    const exact = new Intl.NumberFormat(locale).format(shown.bytes);
    add(say("file.size"), shown.bytes < 1000 ? size(shown.bytes) : `${size(shown.bytes)} (${exact})`);
  }
  head.append(words, known, link);
  root.append(head);
  void more().catch((reason) => {
    if (!signal.aborted) console.info("omnic:", reason); // without them the file is still told and had
  });
  return { destroy: () => root.replaceChildren(), focus: () => link.focus() };

  /** What the service finds out, as it comes. */
  async function more(): Promise<void> {
    // a finished result's ETag is the SHA-256 of its content
    const tag = /^[0-9a-f]{64}$/.exec(shown.etag?.replace(/^(W\/)?"|"$/g, "") ?? "")?.[0];
    if (tag) add("SHA-256", tag, true);
    const told = shown.can("metadata.json") ? await json<Facts>("metadata.json").catch(() => null) : null;
    signal.throwIfAborted();
    if (!tag && asItIs) {
      const sum = typeof told?.sha256 === "string" ? told.sha256 : await checksum();
      signal.throwIfAborted();
      if (sum) add("SHA-256", sum, true);
    }
    if (!told || typeof told.facts !== "object" || told.facts === null) return;
    let left = MOST;
    const groups = Object.entries(told.facts).flatMap(([group, values]): HTMLElement[] => {
      if (typeof values !== "object" || values === null || left <= 0) return [];
      const list = facts();
      for (const [name, value] of Object.entries(values).slice(0, left)) {
        list.append(...fact(spaced(name), spoken(value)));
        left -= 1;
      }
      const heading = document.createElement("h2");
      heading.textContent = spaced(group);
      const section = document.createElement("section");
      section.append(heading, list);
      return [section];
    });
    if (!groups.length) return;
    const box = document.createElement("div");
    box.className = "groups";
    if (!asItIs) {
      const words = document.createElement("p");
      words.textContent = say("file.original");
      box.append(words);
    }
    box.append(...groups);
    root.append(box);
  }

  async function checksum(): Promise<string> {
    if (!shown.can("checksum")) return "";
    try {
      const response = await fetch(await shown.make("checksum", signal), { signal });
      return /SHA256[^=]*= *([0-9a-f]{64})/i.exec(await response.text())?.[1] ?? "";
    } catch {
      return "";
    }
  }

  async function json<T>(type: string): Promise<T> {
    const response = await fetch(await shown.make(type, signal), { signal });
    if (!response.ok) throw new Error(`${response.status}`);
    return (await response.json()) as T;
  }
}

function facts(): HTMLDListElement {
  return document.createElement("dl");
}

function fact(name: string, value: string, code = false): HTMLElement[] {
  const term = document.createElement("dt");
  term.textContent = name;
  const told = document.createElement("dd");
  const inner = document.createElement(code ? "code" : "span");
  inner.textContent = value;
  told.append(inner);
  return [term, told];
}

/** "FileTypeExtension" -> "File Type Extension" */
const spaced = (name: string): string =>
  name
    .replaceAll("_", " ")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2");

function spoken(value: unknown): string {
  const text = Array.isArray(value)
    ? value.map(spoken).join(", ")
    : typeof value === "object" && value !== null
      ? Object.entries(value)
          .map(([name, one]) => `${name}: ${spoken(one)}`)
          .join("; ")
      : String(value ?? "");
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
}
