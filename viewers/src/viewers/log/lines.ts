/** What a chat log's lines say (`application/vnd.omnic.log+ndjson`). Pure. */

export interface Line {
  /** Milliseconds since 1970; null where nobody told. */
  readonly at: number | null;
  readonly by: string;
  readonly text: string;
}

export interface Piece {
  readonly text: string;
  /** http or https. */
  readonly href?: string;
}

/** One line of JSON; null for what is none. `at`: seconds since 1970, or ISO 8601. */
export function readLine(json: string): Line | null {
  try {
    const { at, by, text } = JSON.parse(json) as Record<string, unknown>;
    if (typeof text !== "string") return null;
    const time = typeof at === "number" ? at * 1000 : Date.parse(String(at ?? ""));
    return { at: Math.abs(time) < 8.64e15 ? time : null, by: typeof by === "string" ? by : "", text };
  } catch {
    return null;
  }
}

/** Text that comes in pieces, as lines; the last one waits for its end. */
export class Lines {
  #rest = "";
  /** Lines that were none. */
  bad = 0;

  add(text: string): Line[] {
    const parts = (this.#rest + text).split("\n");
    this.#rest = parts.pop() ?? "";
    return parts.flatMap((part) => {
      if (!part.trim()) return [];
      const line = readLine(part);
      if (!line) this.bad += 1;
      return line ?? [];
    });
  }
}

const LINK = /https?:\/\/[^\s<>"'`]+/gi;

/** Words and links. What is behind a link's end (a full stop, a bracket that was not opened in it) is not its own. */
export function pieces(text: string): Piece[] {
  const made: Piece[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    let link = found.replace(/[.,;:!?…]+$/, "");
    if (link.endsWith(")") && !link.includes("(")) link = link.slice(0, -1).replace(/[.,;:!?…]+$/, "");
    const href = address(link);
    if (!href) continue;
    if (index > from) made.push({ text: text.slice(from, index) });
    made.push({ text: link, href });
    from = index + link.length;
  }
  if (from < text.length) made.push({ text: text.slice(from) });
  return made;
}

function address(link: string): string | null {
  try {
    const { protocol, href } = new URL(link);
    return protocol === "http:" || protocol === "https:" ? href : null;
  } catch {
    return null;
  }
}

/** The same number for the same name, below `most`. */
export const numbered = (name: string, most: number): number =>
  [...name].reduce((sum, one) => (sum * 31 + (one.codePointAt(0) ?? 0)) % 9973, 7) % most;
