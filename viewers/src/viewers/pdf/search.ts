/** Searching the text of a page as people mean it: without regard to case, accents, line ends and hyphens there. Pure. */

/** One piece of text as the library hands it out. */
export interface Piece {
  readonly str: string;
  readonly hasEOL: boolean;
}

/** A page's text made comparable. Of its code unit `i`, `piece[i]` and `at[i]` say where it comes from, `long[i]` how many units there. */
export interface Folded {
  readonly text: string;
  readonly piece: readonly number[];
  readonly at: readonly number[];
  readonly long: readonly number[];
}

/** From the first to the last unit of a find: piece and offset, the end exclusive. */
export interface Found {
  readonly from: readonly [piece: number, offset: number];
  readonly to: readonly [piece: number, offset: number];
}

/** Scripts that are written without spaces: a line end there is none either. */
const CLOSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]$/u;

const foldOne = (letter: string): string => letter.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

export function fold(pieces: readonly Piece[]): Folded {
  let text = "";
  const piece: number[] = [];
  const at: number[] = [];
  const long: number[] = [];
  const add = (folded: string, index: number, offset: number, units: number): void => {
    for (const _ of folded.split("")) {
      piece.push(index);
      at.push(offset);
      long.push(units);
    }
    text += folded;
  };
  pieces.forEach(({ str, hasEOL }, index) => {
    let offset = 0;
    for (const letter of str) {
      if (letter !== "\u00ad") {
        if (/\s/u.test(letter)) {
          if (text && !text.endsWith(" ")) add(" ", index, offset, letter.length);
        } else add(foldOne(letter), index, offset, letter.length);
      }
      offset += letter.length;
    }
    if (!hasEOL) return;
    if (/\p{L}[-‐]$/u.test(text)) {
      // a word that goes on in the next line
      text = text.slice(0, -1);
      for (const one of [piece, at, long]) one.pop();
    } else if (text && !text.endsWith(" ") && !CLOSE.test(text)) add(" ", index, offset, 0);
  });
  return { text, piece, at, long };
}

/** A query as it stands in folded text. */
export const folded = (query: string): string =>
  [...query.replace(/\u00ad/g, "")].map(foldOne).join("").replace(/\s+/gu, " ").trim();

/** Where `query` (folded) begins in a text, `most` times. */
export function places(text: string, query: string, most = Number.POSITIVE_INFINITY): number[] {
  const found: number[] = [];
  if (!query) return found;
  for (let at = text.indexOf(query); at >= 0 && found.length < most; at = text.indexOf(query, at + query.length))
    found.push(at);
  return found;
}

/** The find that begins at `start`, `length` units long, as it stands in the pieces. */
export function found({ piece, at, long }: Folded, start: number, length: number): Found {
  const last = start + length - 1;
  const one = (list: readonly number[], index: number): number => list[index] ?? 0;
  return {
    from: [one(piece, start), one(at, start)],
    to: [one(piece, last), one(at, last) + one(long, last)],
  };
}
