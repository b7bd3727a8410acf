/** The font's characters as a list that is walked with arrows; it grows as it is looked at. */

import type { Stage } from "../../core/registry.ts";
import { note } from "../../kit/controls.ts";
import { codeName } from "./facts.ts";

const STEP = 300;
const MOST = 12_000;

/** `chosen` hears of the one that has the focus or was clicked. */
export function table(
  codes: Generator<number>,
  { say, locale, signal }: Stage,
  chosen: (character: string, code: number) => void,
): HTMLElement {
  const box = document.createElement("div");
  const list = document.createElement("div");
  list.className = "characters";
  list.role = "listbox";
  list.ariaLabel = say("font.characters");
  list.dataset.keys = "";
  const end = document.createElement("div");
  box.append(list, end);
  let count = 0;
  let on: HTMLElement | null = null;

  const grow = (): void => {
    const more = document.createDocumentFragment();
    for (let n = 0; n < STEP && count < MOST; n++) {
      const { value, done } = codes.next();
      if (done) break;
      count += 1;
      const cell = document.createElement("div");
      const character = String.fromCodePoint(value);
      cell.role = "option";
      cell.tabIndex = -1;
      cell.dataset.code = String(value);
      cell.ariaSelected = "false";
      const own = document.createElement("span");
      own.className = "own";
      own.textContent = character;
      const code = document.createElement("small");
      code.textContent = codeName(value);
      cell.append(own, " ", code);
      more.append(cell);
    }
    const whole = more.childElementCount < STEP;
    list.append(more);
    if (!on) select(list.firstElementChild as HTMLElement | null, false);
    if (!whole) return;
    observer.disconnect();
    if (count === MOST) box.append(note(say("font.cut", { n: new Intl.NumberFormat(locale).format(MOST) })));
  };
  const select = (cell: HTMLElement | null, focus: boolean): void => {
    if (!cell) return;
    if (on) {
      on.tabIndex = -1;
      on.ariaSelected = "false";
    }
    on = cell;
    cell.tabIndex = 0;
    cell.ariaSelected = "true";
    if (focus) cell.focus();
    const code = Number(cell.dataset.code);
    chosen(String.fromCodePoint(code), code);
  };
  /** How many stand in a row. */
  const across = (): number => {
    const cells = [...list.children] as HTMLElement[];
    const next = cells.findIndex(({ offsetTop }) => offsetTop !== cells[0]?.offsetTop);
    return next < 0 ? cells.length : next;
  };

  list.addEventListener("click", (event) => {
    const cell = event.target instanceof Element ? event.target.closest<HTMLElement>("[role=option]") : null;
    select(cell, true);
  });
  list.addEventListener("keydown", (event) => {
    if (!on || event.altKey || event.ctrlKey || event.metaKey) return;
    const way = getComputedStyle(list).direction === "rtl" ? -1 : 1;
    const at = [...list.children].indexOf(on);
    const end = list.children.length - 1;
    const ways: Readonly<Record<string, () => number>> = {
      ArrowRight: () => at + way,
      ArrowLeft: () => at - way,
      ArrowDown: () => at + across(),
      ArrowUp: () => at - across(),
      Home: () => 0,
      End: () => end,
    };
    const to = ways[event.key]?.();
    if (to === undefined) return;
    event.preventDefault();
    if (to > end - across()) grow();
    select((list.children[to] as HTMLElement | undefined) ?? null, true);
  });
  const observer = new IntersectionObserver((seen) => {
    if (seen.some(({ isIntersecting }) => isIntersecting)) grow();
  });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  grow();
  if (count === STEP) observer.observe(end);
  return box;
}
