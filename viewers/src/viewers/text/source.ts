/** A file's bytes by Range, decoded: from its beginning onwards, or from some place before its end. */

import { encodingOf, type Line, Lines } from "./lines.ts";

/** Bytes of one request. */
const PIECE = 256 * 1024;

export class Source {
  readonly #href: string;
  readonly #signal: AbortSignal;
  /** Of the whole file; null until something came. */
  size: number | null;
  encoding = "";
  #at = 0;
  #decoder: TextDecoder | null = null;
  #lines = new Lines(1);
  #skips = false;

  constructor(href: string, size: number | null, signal: AbortSignal) {
    this.#href = href;
    this.size = size;
    this.#signal = signal;
  }

  get done(): boolean {
    return this.size !== null && this.#at >= this.size;
  }

  /** Begin anew: at the beginning, or so far before the end that some pages are there. */
  rewind(toEnd: boolean): void {
    const from = toEnd && this.size !== null ? Math.max(0, this.size - PIECE) : 0;
    this.#at = from - (from % 2); // UTF-16 has two bytes a letter
    this.#decoder = null;
    this.#skips = this.#at > 0;
    this.#lines = new Lines(this.#skips ? null : 1);
  }

  /** The next lines. Rejects with an Error that says the status. */
  async more(): Promise<Line[]> {
    const from = this.#at;
    const response = await fetch(this.#href, {
      headers: { Range: `bytes=${from}-${from + PIECE - 1}` },
      signal: this.#signal,
    });
    if (response.status === 416) {
      this.size = from; // an empty file has no range
      return this.#lines.add("", true);
    }
    if (!response.ok) throw new Error(String(response.status));
    const whole = response.status === 200;
    const bytes = new Uint8Array(await response.arrayBuffer());
    const total = Number(/\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1] ?? Number.NaN);
    this.size = whole ? bytes.length : Number.isFinite(total) ? total : from + bytes.length;
    this.#at = whole ? bytes.length : from + bytes.length;
    if (!bytes.length) this.size = this.#at;
    this.encoding ||= encodingOf(bytes, /charset=["']?([\w-]+)/i.exec(response.headers.get("Content-Type") ?? "")?.[1]);
    this.#decoder ??= new TextDecoder(this.encoding);
    let text = this.#decoder.decode(bytes, { stream: !this.done });
    if (this.#skips) {
      // It begins within a line, or within a letter.
      this.#skips = false;
      text = text.slice(text.indexOf("\n") + 1);
    }
    return this.#lines.add(text, this.done);
  }
}
