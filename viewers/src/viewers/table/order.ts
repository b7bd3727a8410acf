/** Long work in slices: filtering and sorting that leave the page its turns. */

/** Returns at once until the slice is over, then when it is our turn again. Rejects when nobody wants the work any more. */
export type Pause = () => Promise<void>;

/** `slice`: milliseconds of work in a row. */
export function pauses(signal: AbortSignal, slice = 12): Pause {
  let began = performance.now();
  return async () => {
    signal.throwIfAborted();
    if (performance.now() - began < slice) return;
    await new Promise((turn) => setTimeout(turn));
    signal.throwIfAborted();
    began = performance.now();
  };
}

const RUN = 2048;

/** Stable merge sort of row numbers. */
export async function sorted(
  rows: Uint32Array,
  compare: (one: number, other: number) => number,
  pause: Pause,
): Promise<Uint32Array> {
  let from = rows.slice();
  for (let at = 0; at < from.length; at += RUN) {
    from.subarray(at, at + RUN).sort(compare);
    await pause();
  }
  let into = new Uint32Array(from.length);
  for (let run = RUN; run < from.length; run *= 2) {
    for (let at = 0; at < from.length; at += 2 * run) {
      const middle = Math.min(at + run, from.length);
      const end = Math.min(at + 2 * run, from.length);
      let left = at;
      let right = middle;
      for (let to = at; to < end; to++) {
        const takeLeft = left < middle && (right >= end || compare(from[left] as number, from[right] as number) <= 0);
        into[to] = from[takeLeft ? left++ : right++] as number;
        if ((to & 1023) === 0) await pause();
      }
    }
    [from, into] = [into, from];
  }
  return from;
}

/** The numbers, in order, of the rows that are kept. */
export async function kept(count: number, keep: (row: number) => boolean, pause: Pause): Promise<Uint32Array> {
  const found = new Uint32Array(count);
  let length = 0;
  for (let row = 0; row < count; row++) {
    if (keep(row)) found[length++] = row;
    if ((row & 255) === 0) await pause();
  }
  return found.slice(0, length);
}

/** A place in the order for each row: empty ones are NaN. Text goes by `collator`, all else by its worth. */
export async function ranks(
  count: number,
  cell: (row: number) => string,
  worth: ((cell: string) => number) | null,
  collator: Intl.Collator,
  pause: Pause,
): Promise<Float64Array> {
  const made = new Float64Array(count);
  if (worth) {
    for (let row = 0; row < count; row++) {
      made[row] = worth(cell(row));
      if ((row & 255) === 0) await pause();
    }
    return made;
  }
  const places = new Map<string, number>();
  for (let row = 0; row < count; row++) {
    const text = cell(row);
    if (text && !places.has(text)) places.set(text, places.size);
    if ((row & 255) === 0) await pause();
  }
  const texts = [...places.keys()];
  const order = await sorted(
    Uint32Array.from(texts.keys()),
    (one, other) => collator.compare(texts[one] as string, texts[other] as string),
    pause,
  );
  order.forEach((text, place) => {
    places.set(texts[text] as string, place);
  });
  for (let row = 0; row < count; row++) {
    made[row] = places.get(cell(row)) ?? Number.NaN;
    if ((row & 255) === 0) await pause();
  }
  return made;
}

/** By rank, what has none last whichever way it goes. */
export function byRank(ranks: Float64Array, descending: boolean): (one: number, other: number) => number {
  return (one, other) => {
    const a = ranks[one] as number;
    const b = ranks[other] as number;
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return descending ? b - a : a - b;
  };
}
