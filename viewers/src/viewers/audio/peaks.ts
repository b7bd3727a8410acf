/** The service's `peaks.json`: version 2 of audiowaveform's JSON, pairs of lowest and highest sample. Pure. */

export interface Peaks {
  /** Of each pair the louder side, 0 to 1, the loudest of all being 1 unless nearly everything is silent. */
  readonly heights: Float32Array;
  readonly seconds: number;
}

/** A quiet sound is drawn so many times higher at most; silence stays a line. */
const LOUDER = 16;
const MOST = 100_000;

/** Null where this is no such thing. */
export function read(json: unknown): Peaks | null {
  const told = json as { data?: unknown; bits?: unknown; samples_per_pixel?: unknown; sample_rate?: unknown } | null;
  const { data, bits, samples_per_pixel: each, sample_rate: rate } = told ?? {};
  if (!Array.isArray(data) || data.length < 2 || data.length > 2 * MOST) return null;
  const full = bits === 16 ? 32767 : 127;
  const heights = new Float32Array(data.length >> 1);
  let most = 0;
  for (let at = 0; at < heights.length; at++) {
    const height = Math.max(Math.abs(Number(data[2 * at]) || 0), Math.abs(Number(data[2 * at + 1]) || 0)) / full;
    heights[at] = height;
    if (height > most) most = height;
  }
  const gain = Math.min(1 / (most || 1), LOUDER);
  for (let at = 0; at < heights.length; at++) heights[at] = Math.min((heights[at] as number) * gain, 1);
  const seconds = (heights.length * Number(each)) / Number(rate);
  return { heights, seconds: Number.isFinite(seconds) ? seconds : 0 };
}

/** The same in `count` bars: each as high as the loudest moment in it. */
export function bars(heights: Float32Array, count: number): number[] {
  return Array.from({ length: count }, (_, bar) => {
    const from = Math.min(Math.floor((bar * heights.length) / count), heights.length - 1);
    const to = Math.max(Math.ceil(((bar + 1) * heights.length) / count), from + 1);
    return heights.subarray(from, to).reduce((most, height) => Math.max(most, height), 0);
  });
}
