/** What any zoomed picture can be told, by buttons and keys that are the same everywhere. */

import type { Stage } from "../../core/registry.ts";
import { sign } from "../controls.ts";

export const STEP = 1.5;
/** Pixels that an arrow moves. */
const STRIDE = 80;

export interface Lens {
  zoom(factor: number): void;
  /** All of it, as large as the frame. */
  fit(): void;
  /** A pixel of it is one of the page's. */
  natural(): void;
  /** By a quarter, clockwise. */
  turn(): void;
  /** What is seen, in pixels to the right and down. False where there is no more to see: the key is the gallery's then. */
  move(right: number, down: number): boolean;
}

/** Width by height, in this order in every language. */
export function sides(width: number, height: number, locale: string): HTMLElement {
  const number = new Intl.NumberFormat(locale);
  const made = document.createElement("bdi");
  made.dir = "ltr";
  made.textContent = `${number.format(width)} × ${number.format(height)}`;
  return made;
}

/** The buttons, a group in the frame's corner. */
export function signs(lens: Lens, { say }: Stage, ...more: readonly HTMLElement[]): HTMLDivElement {
  const made = document.createElement("div");
  made.className = "signs";
  made.role = "group";
  made.ariaLabel = say("picture.tools");
  const tool = (which: string, word: string, keys: string, act: () => void): void => {
    const one = sign(which, say(word), act);
    one.setAttribute("aria-keyshortcuts", keys);
    made.append(one);
  };
  tool("in", "picture.in", "+", () => lens.zoom(STEP));
  tool("out", "picture.out", "-", () => lens.zoom(1 / STEP));
  tool("fit", "picture.fit", "0", () => lens.fit());
  tool("natural", "picture.natural", "1", () => lens.natural());
  tool("turn", "picture.turn", "R", () => lens.turn());
  made.append(...more);
  return made;
}

/** The keys, wherever in the frame the focus is. */
export function keys(frame: HTMLElement, lens: Lens, signal: AbortSignal): void {
  const acts: Readonly<Record<string, () => unknown>> = {
    "+": () => lens.zoom(STEP),
    "=": () => lens.zoom(STEP),
    "-": () => lens.zoom(1 / STEP),
    _: () => lens.zoom(1 / STEP),
    "0": () => lens.fit(),
    Home: () => lens.fit(),
    "1": () => lens.natural(),
    r: () => lens.turn(),
    ArrowLeft: () => lens.move(-STRIDE, 0),
    ArrowRight: () => lens.move(STRIDE, 0),
    ArrowUp: () => lens.move(0, -STRIDE),
    ArrowDown: () => lens.move(0, STRIDE),
  };
  frame.addEventListener(
    "keydown",
    (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (act && act() !== false) event.preventDefault();
    },
    { signal },
  );
}
