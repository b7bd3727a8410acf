/** Sizes and places of pages. Pure. */

/** CSS pixels in a point. */
export const PIXELS = 96 / 72;
/** Pixels of one page's canvas: what is zoomed in further is drawn less sharp instead of larger (64 MiB at 4 bytes). */
export const MOST_PIXELS = 2 ** 24;
/** Pixels of a canvas's longer side, what browsers let through. */
const LONGEST = 16_384;
const STEPS = [0.1, 0.25, 0.33, 0.5, 0.67, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 6, 8, 10];
/** What fits by itself is not blown up further. */
const COMFORT = 1.25;

export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Fit = "auto" | "width" | "free";

/** `page=3`, `#page=3` or `3`; 1 where it says nothing else. */
export const startPage = (start: string): number =>
  Math.max(1, Number(/^#?(?:page=)?(\d{1,6})\b/.exec(start)?.[1] ?? 1));

/** How large (1 is 100 %) a page of `page` points is shown in a window of CSS pixels. */
export function fitted(fit: Exclude<Fit, "free">, page: Size, window: Size): number {
  const across = window.width / (page.width * PIXELS);
  if (fit === "width") return bounded(across);
  const down = window.height / (page.height * PIXELS);
  // a slide is looked at whole, a page of text is read
  return bounded(Math.min(page.width > page.height ? Math.min(across, down) : across, COMFORT));
}

/** A huge page may be shown smaller than any step, and nothing larger than the last. */
export const bounded = (zoom: number): number => Math.min(Math.max(zoom, 1e-5), STEPS.at(-1) as number);

/** The next step from `zoom`, larger or smaller. */
export function step(zoom: number, larger: boolean): number {
  const next = larger ? STEPS.find((one) => one > zoom * 1.01) : STEPS.findLast((one) => one < zoom * 0.99);
  return next ?? bounded(larger ? zoom : zoom / 2);
}

/** Canvas pixels per CSS pixel for a page of this size in CSS pixels. */
export function sharpness({ width, height }: Size, ratio: number): number {
  const most = Math.sqrt(MOST_PIXELS / Math.max(1, width * height));
  return Math.max(Math.min(ratio, most, LONGEST / Math.max(1, width, height)), 1e-3);
}

/** The last index whose top is at or above `y`; `tops` grow. */
export function pageAt(count: number, top: (index: number) => number, y: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (top(middle) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}
