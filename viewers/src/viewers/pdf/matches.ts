/** All places of some words in the document: found page by page, the page that is looked at first, and marked where there is text. */

import type { Reader } from "./reader.ts";
import { fold, folded, found, type Piece, places } from "./search.ts";
import type { Sheet } from "./sheet.ts";

const MOST_MATCHES = 10_000;
const ALL = "omnic-pdf-found";
const ONE = "omnic-pdf-now";

interface Match {
  readonly page: number;
  /** Which of the page's. */
  readonly index: number;
}

export class Matches {
  readonly #reader: Reader;
  readonly #tell: (at: number, total: number, more: boolean) => void;
  /** Folded text by page; a book has about a megabyte of it. */
  readonly #texts = new Map<number, string>();
  #query = "";
  #turn = 0;
  /** Where each page's matches begin. */
  #starts = new Map<number, readonly number[]>();
  #now: Match | null = null;
  #more = false;

  constructor(reader: Reader, tell: (at: number, total: number, more: boolean) => void) {
    this.#reader = reader;
    this.#tell = tell;
    reader.written = (sheet) => void this.#mark(sheet);
  }

  async search(words: string): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    this.#query = folded(words);
    this.#starts = new Map();
    this.#now = null;
    this.#unmark();
    if (!this.#query) {
      this.#tell(0, 0, false);
      return;
    }
    const { sheets, page } = this.#reader;
    this.#more = true;
    let total = 0;
    for (let step = 0; step < sheets.length && total < MOST_MATCHES; step++) {
      const number = ((page - 1 + step) % sheets.length) + 1;
      const text = await this.#text(number).catch(() => "");
      if (turn !== this.#turn) return;
      const starts = places(text, this.#query, MOST_MATCHES - total);
      if (!starts.length) continue;
      total += starts.length;
      this.#starts.set(number, starts);
      if (!this.#now) this.#goTo({ page: number, index: 0 });
      else this.#said();
      const sheet = sheets[number - 1];
      if (sheet?.pieces) void this.#mark(sheet);
    }
    this.#more = total >= MOST_MATCHES;
    this.#said();
  }

  go(by: 1 | -1): void {
    if (!this.#now) return;
    const pages = [...this.#starts.keys()].sort((one, other) => one - other);
    const index = this.#now.index + by;
    if (this.#starts.get(this.#now.page)?.[index] !== undefined) {
      this.#goTo({ page: this.#now.page, index });
      return;
    }
    const page = pages.at((pages.indexOf(this.#now.page) + by) % pages.length) as number;
    this.#goTo({ page, index: by > 0 ? 0 : (this.#starts.get(page)?.length ?? 1) - 1 });
  }

  leave(): void {
    this.#turn += 1;
    this.#query = "";
    this.#starts = new Map();
    this.#now = null;
    this.#unmark();
    this.#tell(0, 0, false);
  }

  #goTo(match: Match): void {
    this.#now = match;
    const sheet = this.#reader.sheets[match.page - 1];
    if (!sheet) return;
    this.#said();
    if (this.#reader.page !== match.page || !sheet.pieces) this.#reader.goTo({ page: match.page, top: null });
    if (sheet.pieces) void this.#mark(sheet);
  }

  #said(): void {
    let total = 0;
    let at = 0;
    for (const [page, starts] of this.#starts) {
      total += starts.length;
      if (this.#now && page < this.#now.page) at += starts.length;
    }
    this.#tell(this.#now ? at + this.#now.index + 1 : 0, total, this.#more);
  }

  async #pieces(number: number): Promise<Piece[]> {
    const page = await this.#reader.document.getPage(number);
    const { items } = await page.getTextContent({ includeMarkedContent: true, disableNormalization: true });
    return items.filter((item): item is (typeof items)[number] & Piece => "str" in item);
  }

  async #text(number: number): Promise<string> {
    let text = this.#texts.get(number);
    if (text === undefined) {
      text = fold(await this.#pieces(number)).text;
      this.#texts.set(number, text);
    }
    return text;
  }

  // Highlights are the document's, not the elements': no element is made or changed for them.

  async #mark(sheet: Sheet): Promise<void> {
    const starts = this.#starts.get(sheet.number);
    const turn = this.#turn;
    const length = this.#query.length;
    if (!starts || typeof Highlight === "undefined") return;
    const text = fold(await this.#pieces(sheet.number));
    const { pieces } = sheet;
    if (turn !== this.#turn || !pieces) return;
    const all = CSS.highlights.get(ALL) ?? new Highlight();
    const one = CSS.highlights.get(ONE) ?? new Highlight();
    CSS.highlights.set(ALL, all);
    CSS.highlights.set(ONE, one);
    one.priority = 1;
    this.#forget(all);
    const now = this.#now;
    starts.forEach((start, index) => {
      const { from, to } = found(text, start, length);
      const first = pieces[from[0]]?.firstChild;
      const last = pieces[to[0]]?.firstChild;
      if (!first || !last) return;
      const range = new StaticRange({
        startContainer: first,
        startOffset: Math.min(from[1], first.textContent?.length ?? 0),
        endContainer: last,
        endOffset: Math.min(to[1], last.textContent?.length ?? 0),
      });
      all.add(range);
      if (now?.page !== sheet.number || now.index !== index) return;
      one.clear();
      one.add(range);
      this.#show(first.parentElement as Element);
    });
  }

  /** What is no longer in the document, and this page's of before. */
  #forget(all: Highlight): void {
    for (const range of all) if (!range.startContainer.isConnected) all.delete(range);
  }

  #show(element: Element): void {
    const { scroller } = this.#reader;
    const place = element.getBoundingClientRect();
    const window = scroller.getBoundingClientRect();
    if (place.top < window.top + 8 || place.bottom > window.bottom - 8)
      scroller.scrollTop += place.top - window.top - scroller.clientHeight / 3;
    if (place.left < window.left || place.right > window.right) scroller.scrollLeft += place.left - window.left - 48;
  }

  #unmark(): void {
    if (typeof Highlight === "undefined") return;
    for (const name of [ALL, ONE]) CSS.highlights.delete(name);
  }
}
