import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { mediaUrl } from "../../core/wire.ts";
import { button, note } from "../../kit/controls.ts";
import css from "./index.css?inline";
import { type Line, Lines, numbered, pieces } from "./lines.ts";
import { Tail } from "./tail.ts";

/** Milliseconds between looks, and the most after failures. */
const EVERY = 4_000;
const SELDOM = 60_000;
/** Bytes that are fetched first, and for each look further back. */
const STEP = 256 * 1024;
/** Lines that are held; older ones go. */
const MOST = 5_000;
/** Milliseconds within which the same person goes on speaking. */
const BREATH = 5 * 60_000;
const NEAR = 48;
const COLOURS = 8;
/** Our modules lie below /viewer/, the files beside it. */
const BASE = new URL("../", import.meta.url);

/** A chat log that grows: at its end, new lines come in sight by themselves. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(css);
  const log = new Log(root, shown, stage);
  await log.begin();
  return { destroy: () => log.destroy(), focus: () => log.focus() };
}

class Log {
  readonly #root: HTMLElement;
  readonly #shown: Shown;
  readonly #stage: Stage;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #scroll = document.createElement("div");
  readonly #list = document.createElement("div");
  readonly #fresh: HTMLButtonElement;
  readonly #older: HTMLButtonElement;
  readonly #notes = note("");
  readonly #day: Intl.DateTimeFormat;
  readonly #time: Intl.DateTimeFormat;
  #tail: Tail;
  #lines = new Lines();
  #decoder = new TextDecoder();
  #last: Line | null = null;
  #cut: boolean;
  #unseen = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait = EVERY;

  constructor(root: HTMLElement, shown: Shown, stage: Stage) {
    this.#root = root;
    this.#shown = shown;
    this.#stage = stage;
    this.#signal = AbortSignal.any([this.#ending.signal, stage.signal]);
    const { say, locale } = stage;
    this.#day = new Intl.DateTimeFormat(locale, { dateStyle: "full" });
    this.#time = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
    const from = Math.max((shown.bytes ?? 0) - STEP, 0);
    this.#tail = new Tail(from);
    this.#cut = from > 0;
    this.#scroll.className = "scroll";
    this.#scroll.tabIndex = 0;
    this.#scroll.role = "region";
    this.#scroll.ariaLabel = shown.title;
    this.#list.className = "lines";
    this.#older = button(say("log.older"), () => void this.#back());
    this.#older.classList.add("older");
    this.#older.hidden = from === 0;
    this.#fresh = button("", () => this.#toEnd());
    this.#fresh.classList.add("fresh");
    this.#fresh.hidden = true;
    const frame = document.createElement("div");
    frame.className = "frame";
    this.#scroll.append(this.#older, this.#list);
    frame.append(this.#scroll, this.#fresh);
    this.#notes.hidden = true;
    this.#root.append(frame, this.#notes);
    this.#scroll.addEventListener("scroll", () => this.#atEnd && this.#seen(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#visible && void this.#look(), { signal: this.#signal });
  }

  async begin(): Promise<void> {
    const grown = await this.#tail.next(this.#shown.href, this.#signal);
    if (grown) this.#add(grown.bytes);
    if (!this.#list.childElementCount) this.#say(this.#stage.say("log.empty"));
    // what is there already is not read out, what comes is
    this.#list.role = "log";
    this.#list.ariaLive = "polite";
    this.#list.ariaLabel = this.#shown.title;
    this.#toEnd();
    this.#later();
  }

  focus(): void {
    this.#scroll.focus();
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#ending.abort();
    this.#root.replaceChildren();
  }

  // --- what comes ---------------------------------------------------------------------------------------------------------

  get #visible(): boolean {
    return document.visibilityState === "visible" && !this.#signal.aborted;
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (!this.#signal.aborted) this.#timer = setTimeout(() => void this.#look(), this.#wait);
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.#visible) return;
    try {
      const grown = await this.#tail.next(this.#href, this.#signal);
      this.#wait = EVERY;
      if (grown?.anew) this.#clear();
      if (grown) this.#add(grown.bytes);
    } catch (reason) {
      if (this.#signal.aborted) return;
      this.#wait = Math.min(this.#wait * 2, SELDOM);
      this.#say(this.#stage.say("log.lost"));
      console.info("omnic:", reason);
    }
    this.#later();
  }

  /** A finished result never changes: what the file is now has the address of the asking. */
  get #href(): string {
    const { url, type } = this.#shown;
    return mediaUrl(BASE, { url, type });
  }

  async #back(): Promise<void> {
    this.#older.disabled = true;
    try {
      const bytes = await this.#tail.before(this.#shown.href, STEP, this.#signal);
      const text = new TextDecoder().decode(bytes);
      const from = this.#tail.from ? text.indexOf("\n") + 1 : 0;
      const lines = new Lines().add(text.slice(from));
      const high = this.#scroll.scrollHeight;
      const box = document.createDocumentFragment();
      let last: Line | null = null;
      for (const line of lines) {
        box.append(...this.#drawn(line, last));
        last = line;
      }
      this.#list.ariaLive = "off";
      this.#list.prepend(box);
      this.#list.ariaLive = "polite";
      this.#scroll.scrollTop += this.#scroll.scrollHeight - high;
      this.#older.hidden = this.#tail.from === 0;
    } catch {
      if (!this.#signal.aborted) this.#say(this.#stage.say("log.lost"));
    }
    this.#older.disabled = false;
  }

  #clear(): void {
    this.#lines = new Lines();
    this.#decoder = new TextDecoder();
    this.#last = null;
    this.#cut = false;
    this.#older.hidden = true;
    this.#list.replaceChildren();
  }

  #add(bytes: Uint8Array<ArrayBuffer>): void {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (this.#cut) {
      text = text.slice(text.indexOf("\n") + 1); // it began within a line
      this.#cut = false;
    }
    const lines = this.#lines.add(text).slice(-MOST);
    const atEnd = this.#atEnd;
    for (const line of lines) {
      this.#list.append(...this.#drawn(line, this.#last));
      this.#last = line;
    }
    const over = this.#list.querySelectorAll("article").length - MOST;
    for (let gone = 0; gone < over; ) {
      if (this.#list.firstElementChild?.tagName === "ARTICLE") gone += 1;
      this.#list.firstElementChild?.remove();
    }
    const { say } = this.#stage;
    this.#say(this.#lines.bad ? say("log.bad", { n: this.#lines.bad }) : "");
    if (atEnd) this.#toEnd();
    else if (lines.length) {
      this.#unseen += lines.length;
      this.#fresh.textContent = say("log.new", { n: this.#unseen });
      this.#fresh.hidden = false;
    }
  }

  // --- what is seen -------------------------------------------------------------------------------------------------------

  get #atEnd(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #toEnd(): void {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#seen();
  }

  #seen(): void {
    this.#unseen = 0;
    if (this.#fresh.matches(":focus")) this.focus();
    this.#fresh.hidden = true;
  }

  #say(words: string): void {
    this.#notes.textContent = words;
    this.#notes.hidden = !words;
  }

  #drawn(line: Line, last: Line | null): HTMLElement[] {
    const made: HTMLElement[] = [];
    const day = line.at === null ? "" : this.#day.format(line.at);
    if (day && (last?.at == null || this.#day.format(last.at) !== day)) {
      const heading = document.createElement("h2");
      heading.textContent = day;
      made.push(heading);
    }
    const goesOn = !made.length && last?.by === line.by && Math.abs((line.at ?? 0) - (last.at ?? 0)) < BREATH;
    const article = document.createElement("article");
    article.className = goesOn ? "on" : "";
    const by = document.createElement("strong");
    by.className = `by-${numbered(line.by, COLOURS) + 1}`;
    by.textContent = line.by;
    const text = document.createElement("p");
    for (const piece of pieces(line.text)) {
      if (!piece.href) text.append(piece.text);
      else {
        const link = document.createElement("a");
        link.href = piece.href;
        link.rel = "noopener noreferrer nofollow";
        link.target = "_blank";
        link.textContent = piece.text;
        text.append(link);
      }
    }
    article.append(by);
    if (line.at !== null) {
      const time = document.createElement("time");
      time.dateTime = new Date(line.at).toISOString();
      time.textContent = this.#time.format(line.at);
      article.append(time);
    }
    article.append(text);
    made.push(article);
    return made;
  }
}
