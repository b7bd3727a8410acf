/** Bytes that come in any order of pieces, as lines. Pure. */

/** Letters of one line that are laid out in one row; a longer one goes on in the next, without a number. */
export const LONGEST = 5_000;

/** By the file's first bytes and what the server says. */
export function encodingOf(first: Uint8Array, charset: string | undefined): string {
  const [a, b, c] = first;
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  const named = known(charset);
  if (named && named !== "utf-8") return named;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(first, { stream: true }); // a letter may be cut at the end
    return "utf-8";
  } catch {
    return "windows-1252"; // where it is not UTF-8, every byte is a letter
  }
}

function known(charset: string | undefined): string | undefined {
  try {
    return charset ? new TextDecoder(charset).encoding : undefined;
  } catch {
    return undefined;
  }
}

export interface Line {
  readonly text: string;
  /** Null where it goes on from the line before. */
  readonly number: number | null;
}

/** Whole lines from pieces of text; the rest waits for the next piece. */
export class Lines {
  #rest = "";
  #number: number;
  #goesOn = false;

  /** `first`: the number of the first line; null where it is not known. */
  constructor(first: number | null) {
    this.#number = first ?? Number.NaN;
  }

  /** `last`: nothing comes after it. */
  add(text: string, last: boolean): Line[] {
    const all = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = all.pop() ?? "";
    const found: Line[] = [];
    for (const one of all) this.#cut(one, found, true);
    if (last && (this.#rest || !found.length)) this.#cut(this.#rest.replace(/\r$/, ""), found, true);
    else if (this.#rest.length > LONGEST) {
      const whole = this.#rest.length - (this.#rest.length % LONGEST);
      this.#cut(this.#rest.slice(0, whole), found, false);
      this.#rest = this.#rest.slice(whole);
    }
    if (last) this.#rest = "";
    return found;
  }

  #cut(text: string, found: Line[], ends: boolean): void {
    for (let at = 0; at < text.length || at === 0; at += LONGEST) {
      const number = this.#goesOn || Number.isNaN(this.#number) ? null : this.#number;
      found.push({ text: text.slice(at, at + LONGEST), number });
      this.#goesOn = true;
    }
    if (!ends) return;
    this.#goesOn = false;
    this.#number += 1;
  }
}

/** `L12`, `12` or `line=12`; 0 where it says nothing. */
export const startLine = (start: string): number => Number(/^#?(?:L|line=)?(\d{1,9})$/i.exec(start)?.[1] ?? 0);

/** Lower case where that changes no lengths. */
export function lower(text: string): string {
  const small = text.toLowerCase();
  return small.length === text.length ? small : text;
}
