/** Delimited text, read as it comes: the first rows are there before the rest. */

import Papa from "papaparse";
import type { Pause } from "./order.ts";

/** Bounds of what a page can hold. */
export const MOST_ROWS = 500_000;
const MOST_CELLS = 6_000_000;
/** A row that is longer has a quotation mark that nobody closed. */
const LONGEST = 1 << 20;
/** Characters by which delimiter and line ends are found. */
const FIRST = 1 << 16;
/** Fewer show too little of the text. */
const ENOUGH = 1 << 12;
/** Characters that are split in one go. */
const PIECE = 1 << 16;

export type Rows = string[][];

export interface Reading {
  readonly rows: Rows;
  /** Read to the end, or to the bound. */
  done: boolean;
  /** There is more than is held. */
  cut: boolean;
}

/** Rows of text that comes in pieces; an empty line is no row. */
export class Splitter {
  readonly #name: string;
  #parser: Papa.Parser | null = null;
  #rest = "";

  /** `name`: the delimiter where the text does not show one. */
  constructor(name = ",") {
    this.#name = name;
  }

  add(text: string, last: boolean): Rows {
    this.#rest += text;
    if (!this.#parser) {
      if (!last && this.#rest.length < ENOUGH) return [];
      this.#parser = this.#begin(this.#rest.slice(0, FIRST));
    }
    if (!this.#rest) return [];
    const whole = last || this.#rest.length > LONGEST;
    const { data, meta } = this.#parser.parse(this.#rest, 0, !whole) as { data: Rows; meta: { cursor: number } };
    this.#rest = whole ? "" : this.#rest.slice(meta.cursor);
    return data.filter((row) => row.length > 1 || row[0] !== "");
  }

  #begin(first: string): Papa.Parser {
    const { meta, errors } = Papa.parse(first, { preview: 50, skipEmptyLines: true });
    const unclear = errors.some(({ code }) => code === "UndetectableDelimiter");
    const newline = (["\r\n", "\n", "\r"] as const).find((one) => one === meta.linebreak) ?? "\n";
    return new Papa.Parser({ delimiter: unclear ? this.#name : meta.delimiter, newline });
  }
}

/** As the server says, as its first bytes say, UTF-8, or what old programs wrote. */
function decoder(first: Uint8Array, charset: string | undefined): TextDecoder {
  const [one, two] = first;
  if (one === 0xff && two === 0xfe) return new TextDecoder("utf-16le");
  if (one === 0xfe && two === 0xff) return new TextDecoder("utf-16be");
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(first, { stream: true });
    return new TextDecoder("utf-8");
  } catch {
    try {
      return new TextDecoder(charset && !/^utf-?8$/i.test(charset) ? charset : "windows-1252");
    } catch {
      return new TextDecoder("windows-1252"); // a name that no browser knows
    }
  }
}

/** Reads the file at `href`. `grown` hears each time that there are more rows; `pause` is asked between pieces. */
export async function read(
  href: string,
  { tabs, signal, pause, grown }: { tabs: boolean; signal: AbortSignal; pause: Pause; grown(reading: Reading): void },
): Promise<Reading> {
  const response = await fetch(href, { signal });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${response.statusText}`.trim());
  const charset = /charset=["']?([\w-]+)/i.exec(response.headers.get("Content-Type") ?? "")?.[1];
  const reader = response.body.getReader();
  const splitter = new Splitter(tabs ? "\t" : ",");
  const reading: Reading = { rows: [], done: false, cut: false };
  let text: TextDecoder | undefined;
  let cells = 0;
  let left = "";
  let ended = false;
  while (!reading.done) {
    if (!left && !ended) {
      const { value, done } = await reader.read();
      if (value && !text) text = decoder(value, charset);
      left = text?.decode(value, { stream: !done }) ?? "";
      ended = done;
    }
    const piece = left.slice(0, PIECE); // what comes from a cache comes in one go
    left = left.slice(PIECE);
    for (const row of splitter.add(piece, ended && !left)) {
      if (reading.rows.length >= MOST_ROWS || cells > MOST_CELLS) {
        reading.cut = true;
        break;
      }
      reading.rows.push(row);
      cells += row.length;
    }
    reading.done = (ended && !left) || reading.cut;
    grown(reading);
    await pause();
  }
  if (reading.cut) await reader.cancel().catch(() => {});
  return reading;
}
