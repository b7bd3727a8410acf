/** Pieces of the grid. */

import type { Kind } from "./columns.ts";
import type { Place } from "./steps.ts";

const MARKS: Readonly<Record<Kind, string>> = { number: "#", date: "◷", boolean: "✓", text: "" };

export const make = <K extends keyof HTMLElementTagNameMap>(tag: K, className = ""): HTMLElementTagNameMap[K] => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  return made;
};

/** With the button that sorts, and the grip by which its column is widened. */
export function headCell(name: string, kind: Kind, title: string): HTMLTableCellElement {
  const cell = make("th", kind);
  cell.scope = "col";
  const button = make("button");
  button.type = "button";
  button.tabIndex = -1;
  button.title = title;
  const text = make("span", "name");
  text.textContent = name;
  const mark = make("span", "mark");
  mark.ariaHidden = "true";
  mark.textContent = MARKS[kind];
  button.append(mark, text);
  cell.append(button, make("span", "grip"));
  return cell;
}

/** Rows that are out of sight, as one that is so high. */
export function space(size: number, columns: number): HTMLElement[] {
  if (size <= 0) return [];
  const row = make("tr", "space");
  row.ariaHidden = "true";
  const cell = make("td");
  cell.colSpan = columns;
  cell.style.blockSize = `${size}px`;
  row.append(cell);
  return [row];
}

/** Keeps the place of columns that are out of sight. */
export function gap(): HTMLTableCellElement {
  const made = make("td", "gap");
  made.ariaHidden = "true";
  return made;
}

export function placeOf(target: EventTarget | null): Place | null {
  const cell = target instanceof Element ? target.closest<HTMLElement>("[data-column]") : null;
  const row = cell?.closest<HTMLElement>("tr")?.dataset.row;
  return cell ? { row: row === undefined ? -1 : Number(row), column: Number(cell.dataset.column) } : null;
}
