/** What is drawn of a table, and how: found without asking, and changed by who looks. Pure. */

import type { Column } from "../table/columns.ts";

export type Form = "line" | "points" | "bars";

export interface Choice {
  /** A column's number; -1: the rows' own numbers. */
  x: number;
  /** Columns; -1: how many rows there are of each x. */
  ys: number[];
  form: Form;
}

type Rows = readonly (readonly string[])[];

/** Lines and bars are told apart up to there. */
export const MOST_SERIES = 8;
/** Bars for so many words, the most frequent ones. */
export const MOST_WORDS = 40;
const SAMPLE = 2000;
/** Columns are drawn together where their largest values lie this near. */
const NEAR = 20;

/** Over time, over a number that rises, by word, or else over the rows. */
export function choose(columns: readonly Column[], rows: Rows): Choice {
  const all = columns.map((_, at) => at);
  const sample = rows.slice(0, SAMPLE);
  const numbers = all.filter((at) => columns[at]?.kind === "number");
  const times = all.filter((at) => columns[at]?.kind === "date");
  const words = all.filter((at) => columns[at]?.kind === "text" || columns[at]?.kind === "boolean");
  const [time] = times;
  if (!numbers.length) {
    const x = words.find((at) => differ(sample, at) < sample.length) ?? words[0] ?? time ?? -1;
    return { x, ys: [-1], form: time !== undefined && x === time ? "points" : "bars" };
  }
  if (time !== undefined) return { x: time, ys: together(columns, sample, numbers), form: "line" };
  const rising =
    numbers.length > 1 ? numbers.slice(0, 2).find((at) => rises(columns[at] as Column, sample, at)) : undefined;
  if (rising !== undefined) {
    const ys = numbers.filter((at) => at !== rising);
    return { x: rising, ys: together(columns, sample, ys), form: "line" };
  }
  const word = words.find((at) => differ(sample, at) === sample.length && sample.length <= MOST_WORDS);
  if (word !== undefined) return { x: word, ys: together(columns, sample, numbers), form: "bars" };
  const [first = -1, second] = numbers;
  if (second !== undefined) return { x: first, ys: [second], form: "points" };
  return { x: -1, ys: [first], form: "line" };
}

function rises(column: Column, rows: Rows, at: number): boolean {
  let last = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const value = column.read(row[at] ?? "");
    if (!(value > last)) return false;
    last = value;
  }
  return rows.length > 2;
}

const differ = (rows: Rows, at: number): number => new Set(rows.map((row) => row[at] ?? "")).size;

/** The first column, and others that fit on its axis. */
function together(columns: readonly Column[], rows: Rows, ys: readonly number[]): number[] {
  const tall = (at: number): number =>
    rows.reduce((most, row) => Math.max(most, Math.abs(columns[at]?.read(row[at] ?? "") || 0)), 0);
  const first = tall(ys[0] ?? 0);
  const near = ys.filter((at) => {
    const other = tall(at);
    return other > 0 && first > 0 && Math.max(other / first, first / other) <= NEAR;
  });
  return near.length ? near.slice(0, 4) : ys.slice(0, 1);
}

/** What lies along x, and the value of each series there; null where there is none. */
export interface Plot {
  readonly xs: number[];
  readonly series: (number | null)[][];
  /** Where x counts words: the word of each. */
  readonly words: string[] | null;
  /** Rows without an x, and words beyond the most frequent ones. */
  readonly left: number;
}

/** Reads the table in slices: `pause` is asked between them. */
export async function plotted(
  { x, ys }: Choice,
  columns: readonly Column[],
  rows: Rows,
  pause: () => Promise<void>,
): Promise<Plot> {
  const across = columns[x];
  if (across && (across.kind === "text" || across.kind === "boolean" || ys.includes(-1)))
    return byWord(x, ys, columns, rows, pause);
  const points: { x: number; row: number }[] = [];
  for (let row = 0; row < rows.length; row++) {
    const value = across ? across.read(rows[row]?.[x] ?? "") : row + 1;
    if (!Number.isNaN(value)) points.push({ x: across?.kind === "date" ? value / 1000 : value, row });
    if ((row & 255) === 0) await pause();
  }
  // many files are in order already; of those that are not, half a million take 0.3 s
  if (points.some((point, at) => at > 0 && point.x < (points[at - 1]?.x ?? 0))) points.sort((a, b) => a.x - b.x);
  await pause();
  const series: (number | null)[][] = [];
  for (const y of ys) {
    const values: (number | null)[] = [];
    for (const { row } of points) {
      const value = columns[y]?.read(rows[row]?.[y] ?? "") ?? Number.NaN;
      values.push(Number.isNaN(value) ? null : value);
      if ((values.length & 255) === 0) await pause();
    }
    series.push(values);
  }
  return { xs: points.map((point) => point.x), series, words: null, left: rows.length - points.length };
}

/** Sums by word, in the file's order where all fit, else the most frequent ones first. */
async function byWord(
  x: number,
  ys: readonly number[],
  columns: readonly Column[],
  rows: Rows,
  pause: () => Promise<void>,
): Promise<Plot> {
  const groups = new Map<string, { count: number; sums: (number | null)[] }>();
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] ?? [];
    const word = (row[x] ?? "").trim() || "–";
    let group = groups.get(word);
    if (!group) {
      group = { count: 0, sums: ys.map(() => null) };
      groups.set(word, group);
    }
    group.count += 1;
    for (const [place, y] of ys.entries()) {
      const value = y < 0 ? 1 : (columns[y]?.read(row[y] ?? "") ?? Number.NaN);
      if (!Number.isNaN(value)) group.sums[place] = (group.sums[place] ?? 0) + value;
    }
    if ((at & 255) === 0) await pause();
  }
  const all = [...groups];
  const counted = ys.includes(-1) || all.length > MOST_WORDS;
  if (counted) all.sort(([, one], [, other]) => other.count - one.count);
  const kept = all.slice(0, MOST_WORDS);
  return {
    xs: kept.map((_, at) => at),
    series: ys.map((_, place) => kept.map(([, { sums }]) => sums[place] ?? null)),
    words: kept.map(([word]) => word),
    left: all.length - kept.length,
  };
}
