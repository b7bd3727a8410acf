/** Which part of a long list is in sight: sizes are known, so that no library has to measure. Pure. */

export interface Span {
  /** The first that is drawn, and the one behind the last. */
  readonly from: number;
  readonly to: number;
}

/** Rows that are equally high. `at`: pixels that are scrolled off; `seen`: pixels in sight. */
export function rowsInSight(count: number, height: number, at: number, seen: number, spare: number): Span {
  const from = Math.max(Math.floor(at / height) - spare, 0);
  return { from: Math.min(from, count), to: Math.min(Math.ceil((at + seen) / height) + spare, count) };
}

/** Where columns of these widths begin, and at the end where the last one ends. */
export function edges(widths: readonly number[]): number[] {
  const made = [0];
  for (const width of widths) made.push((made.at(-1) as number) + width);
  return made;
}

/** Columns that lie between `at` and `at + seen`, and `spare` more on both sides. */
export function columnsInSight(edges: readonly number[], at: number, seen: number, spare: number): Span {
  const count = edges.length - 1;
  const from = Math.max(before(edges, at) - spare, 0);
  return { from: Math.min(from, count), to: Math.min(before(edges, at + seen) + 1 + spare, count) };
}

/** The last column that begins at `x` or before. */
function before(edges: readonly number[], x: number): number {
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((edges[middle] as number) <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** How far to have scrolled for all between `from` and `to` to be in sight, moving as little as can be. */
export function scrolledTo(from: number, to: number, at: number, seen: number): number {
  if (from < at) return from;
  return to > at + seen ? Math.min(to - seen, from) : at;
}
