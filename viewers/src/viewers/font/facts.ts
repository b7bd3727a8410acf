/** What the service says of a font (`metadata.json`), read with care: it comes from the font. Pure. */

export interface Sample {
  readonly script: string;
  readonly alphabet: string;
  readonly sentence: string;
}

export interface Axis {
  readonly tag: string;
  readonly name: string;
  readonly least: number;
  readonly start: number;
  readonly most: number;
}

export interface Facts {
  readonly family: string;
  readonly style: string;
  readonly weight: number | null;
  readonly italic: boolean;
  readonly glyphs: number | null;
  readonly characters: number | null;
  /** First and last code points; null where nobody knows. */
  readonly ranges: readonly (readonly [number, number])[] | null;
  readonly samples: readonly Sample[];
  readonly axes: readonly Axis[];
  /** [key of a word, what the font says]. */
  readonly said: readonly (readonly [string, string])[];
}

const SAID = ["version", "designer", "manufacturer", "copyright", "licence"] as const;
const LAST = 0x10ffff;

export function facts(given: unknown): Facts {
  const told = (given && typeof given === "object" ? given : {}) as Record<string, unknown>;
  const text = (key: string): string => (typeof told[key] === "string" ? (told[key] as string).trim() : "");
  const number = (key: string): number | null => (Number.isFinite(told[key]) ? (told[key] as number) : null);
  const list = (key: string): Record<string, unknown>[] =>
    (Array.isArray(told[key]) ? (told[key] as unknown[]) : []).filter(
      (one): one is Record<string, unknown> => typeof one === "object" && one !== null,
    );
  const ranges = list("ranges").filter(
    (one): one is never =>
      Array.isArray(one) &&
      one.length === 2 &&
      one.every((code) => Number.isInteger(code) && code >= 0 && code <= LAST),
  ) as unknown as [number, number][];
  return {
    family: text("family"),
    style: text("style"),
    weight: number("weight"),
    italic: told.italic === true,
    glyphs: number("glyphs"),
    characters: number("characters"),
    ranges: Array.isArray(told.ranges) ? ranges : null,
    samples: list("samples").map(({ script, alphabet, sentence }) => ({
      script: String(script ?? ""),
      alphabet: String(alphabet ?? ""),
      sentence: String(sentence ?? ""),
    })),
    axes: list("axes")
      .map(({ tag, name, least, default: start, most }) => ({
        tag: String(tag),
        name: String(name || tag),
        least: Number(least),
        start: Number(start),
        most: Number(most),
      }))
      .filter(({ tag, least, most }) => /^[\w ]{4}$/.test(tag) && least < most)
      .slice(0, 12),
    said: SAID.map((key) => [key, text(key).slice(0, 600)] as const).filter(([, said]) => said),
  };
}

/** Whether the font has the character. */
export function has(ranges: NonNullable<Facts["ranges"]>, code: number): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const at = (low + high) >> 1;
    const [first, last] = ranges[at] as readonly [number, number];
    if (code < first) high = at - 1;
    else if (code > last) low = at + 1;
    else return true;
  }
  return false;
}

/** Each character once that is written and not in the font. */
export const missing = (ranges: NonNullable<Facts["ranges"]>, text: string): string[] =>
  [...new Set(text)].filter((one) => !/[\s\p{Cc}\p{Cf}]/u.test(one) && !has(ranges, one.codePointAt(0) as number));

/** Those that are seen: no controls, no surrogates. */
export function* shownOf(ranges: NonNullable<Facts["ranges"]>): Generator<number> {
  for (const [first, last] of ranges) {
    for (let code = first; code <= last; code++) {
      if (code >= 0xd800 && code <= 0xdfff) code = 0xe000;
      if (code <= last && !/[\p{Cc}\p{Cf}\p{Zs}\p{Zl}\p{Zp}]/u.test(String.fromCodePoint(code))) yield code;
    }
  }
}

export const codeName = (code: number): string => `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
