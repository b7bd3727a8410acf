/**
 * A table of any length as a real <table>, of which only the rows and columns in sight are there. The keys are the grid's own
 * (WAI-ARIA Authoring Practices, Grid); the focus stays on the table, which names the active cell, since a cell may scroll away.
 */

import { columnsInSight, edges, rowsInSight, type Span, scrolledTo } from "../../kit/window.ts";
import { gap, headCell, make, placeOf, space } from "./cells.ts";
import type { Column } from "./columns.ts";
import { type Place, step } from "./steps.ts";

export interface Sorting {
  readonly column: number;
  readonly descending: boolean;
}

export interface Content {
  readonly columns: readonly Column[];
  /** Pixels. */
  readonly widths: number[];
  count: number;
  sorting: Sorting | null;
  cell(row: number, column: number): string;
  /** The row's number in the file, from 1. */
  number(row: number): number;
}

export interface Words {
  readonly name: string;
  readonly numbers: string;
  kind(kind: Column["kind"]): string;
}

export interface Acts {
  sort(column: number): void;
  /** The active cell or the selection changed. */
  moved(): void;
  copied(cells: number): void;
}

const NARROWEST = 48;
const WIDEST = 900;
const STEP = 24;
/** Of a cell's text: the whole of it is told apart. */
const LONGEST = 400;
const MOST_COPIED = 200_000;

export class Grid {
  readonly root = make("div", "frame");
  readonly #scroll = make("div", "scroll");
  readonly #table = make("table");
  readonly #cols = make("colgroup");
  readonly #head = make("tr");
  readonly #body = make("tbody");
  readonly #content: Content;
  readonly #words: Words;
  readonly #acts: Acts;
  readonly #number: Intl.NumberFormat;
  readonly #sized = new ResizeObserver(() => this.#soon());
  #edges: number[] = [0];
  readonly #ending = new AbortController();
  #active: Place = { row: 0, column: 0 };
  #anchor: Place = { row: 0, column: 0 };
  #drawn = "";
  #height = 30;
  #first = 56;
  #frame = 0;

  constructor(content: Content, words: Words, acts: Acts, locale: string) {
    this.#content = content;
    this.#words = words;
    this.#acts = acts;
    this.#number = new Intl.NumberFormat(locale);
    const table = this.#table;
    table.role = "grid";
    table.tabIndex = 0;
    table.ariaLabel = words.name;
    table.ariaMultiSelectable = "true";
    table.dataset.keys = "";
    this.#scroll.dataset.drag = "";
    const top = make("thead");
    top.append(this.#head);
    table.append(this.#cols, top, this.#body);
    this.#scroll.append(table);
    this.root.append(this.#scroll);
    this.#listen();
  }

  /** Once it stands in the document. */
  start(): void {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    this.#height = Math.round(1.875 * rem);
    this.refresh();
    this.#sized.observe(this.#scroll);
  }

  /** There are other rows, or in another order. */
  refresh(): void {
    const last = this.#content.number(Math.max(this.#content.count - 1, 0));
    this.#first = Math.max(this.#first, 32 + 8 * this.#number.format(last).length);
    this.#edges = edges(this.#content.widths);
    this.#drawn = "";
    this.#soon();
  }

  focus(): void {
    this.#table.focus();
  }

  get active(): Readonly<Place> {
    return this.#active;
  }

  /** Make it the active cell, and seen. */
  go(to: Place, extend = false): void {
    const { count, columns } = this.#content;
    const row = Math.min(Math.max(to.row, -1), count - 1);
    this.#active = { row, column: Math.min(Math.max(to.column, 0), Math.max(columns.length - 1, 0)) };
    if (!extend || row < 0) this.#anchor = { ...this.#active };
    this.#show();
    this.#drawn = "";
    this.#soon();
    this.#acts.moved();
  }

  toTop(): void {
    this.#scroll.scrollTop = 0;
    this.go({ row: Math.min(0, this.#content.count - 1), column: this.#active.column });
  }

  /** What is chosen, a row a line and a tab between cells, as spreadsheets take it. */
  text(): { text: string; cells: number } {
    const { from, to } = this.#chosen();
    const across = to.column - from.column + 1;
    const last = Math.min(to.row, from.row + Math.floor(MOST_COPIED / across));
    const lines: string[] = [];
    for (let row = from.row; row <= last; row++) {
      const cells = Array.from({ length: across }, (_, at) => {
        const cell = row < 0 ? this.#name(from.column + at) : this.#content.cell(row, from.column + at);
        return /[\t\r\n"]/.test(cell) && across * (last - from.row + 1) > 1 ? `"${cell.replaceAll('"', '""')}"` : cell;
      });
      lines.push(cells.join("\t"));
    }
    return { text: lines.join("\n"), cells: across * lines.length };
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.#ending.abort();
    this.#sized.disconnect();
    this.root.remove();
  }

  // --- what is seen -------------------------------------------------------------------------------------------------------

  get #rtl(): boolean {
    return getComputedStyle(this.#scroll).direction === "rtl";
  }

  /** The active cell is scrolled into sight. */
  #show(): void {
    const { row, column } = this.#active;
    const { scrollTop, clientHeight, clientWidth } = this.#scroll;
    const high = this.#height;
    if (row >= 0) this.#scroll.scrollTop = scrolledTo(row * high, (row + 1) * high, scrollTop, clientHeight - high);
    const [from = 0, to = 0] = this.#edges.slice(column, column + 2);
    const left = scrolledTo(from, to, Math.abs(this.#scroll.scrollLeft), clientWidth - this.#first);
    this.#scroll.scrollLeft = this.#rtl ? -left : left;
  }

  #soon(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const { count, columns } = this.#content;
    const { scrollTop, scrollLeft, clientHeight, clientWidth } = this.#scroll;
    const all = this.#edges.at(-1) as number;
    const rows = rowsInSight(count, this.#height, scrollTop, clientHeight, 8);
    const across = columnsInSight(this.#edges, Math.abs(scrollLeft), clientWidth, 2);
    const state = `${rows.from} ${rows.to} ${across.from} ${across.to} ${count}`;
    if (state === this.#drawn) return;
    this.#drawn = state;
    this.#table.ariaRowCount = String(count + 1);
    this.#table.ariaColCount = String(columns.length + 1);
    this.#table.style.inlineSize = `${this.#first + all}px`;
    const shown = numbers(across);
    const before = this.#edges[across.from] ?? 0;
    const after = all - (this.#edges[across.to] ?? all);
    const sizes = [this.#first, before, ...shown.map((at) => this.#content.widths[at] ?? NARROWEST), after];
    this.#cols.replaceChildren(
      ...sizes.map((size) => {
        const col = make("col");
        col.style.inlineSize = `${size}px`;
        return col;
      }),
    );
    this.#drawHead(shown);
    const high = this.#height;
    this.#body.replaceChildren(
      ...space(rows.from * high, sizes.length),
      ...numbers(rows).map((row) => this.#row(row, shown)),
      ...space((count - rows.to) * high, sizes.length),
    );
    const { row, column } = this.#active;
    const seen = shown.includes(column) && (row < 0 || (row >= rows.from && row < rows.to));
    if (seen && count + columns.length) this.#table.setAttribute("aria-activedescendant", "active");
    else this.#table.removeAttribute("aria-activedescendant");
  }

  #drawHead(shown: readonly number[]): void {
    const { columns, sorting } = this.#content;
    this.#head.ariaRowIndex = "1";
    this.#head.style.blockSize = `${this.#height}px`;
    const corner = make("th", "number");
    corner.scope = "col";
    corner.ariaColIndex = "1";
    corner.textContent = this.#words.numbers;
    const cells = shown.map((at) => {
      const column = columns[at] as Column;
      const cell = headCell(column.name, column.kind, `${column.name} (${this.#words.kind(column.kind)})`);
      cell.ariaColIndex = String(at + 2);
      if (sorting?.column === at) cell.ariaSort = sorting.descending ? "descending" : "ascending";
      cell.dataset.column = String(at);
      if (this.#active.row < 0 && this.#active.column === at) cell.id = "active";
      return cell;
    });
    this.#head.replaceChildren(corner, gap(), ...cells, gap());
  }

  #row(index: number, shown: readonly number[]): HTMLTableRowElement {
    const { columns } = this.#content;
    const { from, to } = this.#chosen();
    const row = make("tr");
    row.ariaRowIndex = String(index + 2);
    row.style.blockSize = `${this.#height}px`;
    row.dataset.row = String(index);
    const number = make("th", "number");
    number.scope = "row";
    number.ariaColIndex = "1";
    number.textContent = this.#number.format(this.#content.number(index));
    const cells = shown.map((at) => {
      const cell = make("td", columns[at]?.kind);
      cell.ariaColIndex = String(at + 2);
      cell.dataset.column = String(at);
      if (columns[at]?.kind === "text") cell.dir = "auto"; // what is too long ends where its reading ends
      cell.textContent = this.#content.cell(index, at).slice(0, LONGEST);
      if (index === this.#active.row && at === this.#active.column) cell.id = "active";
      if (index >= from.row && index <= to.row && at >= from.column && at <= to.column) cell.ariaSelected = "true";
      return cell;
    });
    row.append(number, gap(), ...cells, gap());
    return row;
  }

  #name(column: number): string {
    return this.#content.columns[column]?.name ?? "";
  }

  #chosen(): { from: Place; to: Place } {
    const [a, b] = [this.#anchor, this.#active];
    return {
      from: { row: Math.min(a.row, b.row), column: Math.min(a.column, b.column) },
      to: { row: Math.max(a.row, b.row), column: Math.max(a.column, b.column) },
    };
  }

  // --- what is done -------------------------------------------------------------------------------------------------------

  #listen(): void {
    const { signal } = this.#ending;
    const table = this.#table;
    this.#scroll.addEventListener("scroll", () => this.#soon(), { signal, passive: true });
    table.addEventListener("keydown", (event) => this.#key(event), { signal });
    table.addEventListener("copy", (event) => this.#copy(event), { signal });
    table.addEventListener("mousedown", (event) => this.#press(event), { signal });
    table.addEventListener("dblclick", (event) => this.#fit(event), { signal });
    table.addEventListener(
      "mouseover",
      (event) => {
        const to = event.buttons === 1 ? placeOf(event.target) : null;
        if (to && to.row >= 0 && this.#pressed) this.go(to, true);
      },
      { signal },
    );
    addEventListener("mouseup", () => { this.#pressed = false; }, { signal }); // biome-ignore format: one line is enough
    table.addEventListener(
      "click",
      (event) => {
        const button = (event.target as Element).closest("thead button");
        const to = button && placeOf(button);
        if (to) this.#sort(to.column);
      },
      { signal },
    );
  }

  #pressed = false;

  #press(event: MouseEvent): void {
    if (event.button) return;
    const grip = (event.target as Element).closest(".grip");
    const to = placeOf(event.target);
    if (!to) return;
    event.preventDefault(); // no selection of text
    this.focus();
    if (grip) this.#drag(event, to.column);
    else if (to.row >= 0) {
      this.#pressed = true;
      this.go(to, event.shiftKey);
    }
  }

  #sort(column: number): void {
    this.#active = { row: -1, column };
    this.#anchor = { ...this.#active };
    this.#acts.sort(column);
  }

  #key(event: KeyboardEvent): void {
    const { count, columns } = this.#content;
    const { row, column } = this.#active;
    const { key, shiftKey } = event;
    const wide = event.ctrlKey || event.metaKey;
    if (event.altKey) return;
    const on = this.#rtl ? -1 : 1;
    const page = Math.max(Math.floor(this.#scroll.clientHeight / this.#height) - 2, 1);
    const side = { ArrowRight: on, ArrowLeft: -on }[key];
    if (row < 0 && side && shiftKey) this.#widen(column, side * STEP);
    else if (row < 0 && (key === "Enter" || key === " ")) this.#sort(column);
    else if (wide && key.toLowerCase() === "a") {
      this.#anchor = { row: 0, column: 0 };
      this.#active = { row: count - 1, column: columns.length - 1 };
      this.#drawn = "";
      this.#soon();
      this.#acts.moved();
    } else {
      const to = step(key, this.#active, { rows: count, columns: columns.length, page, on, wide });
      if (!to) return;
      this.go(to, shiftKey);
    }
    event.preventDefault();
  }

  #copy(event: ClipboardEvent): void {
    const { text, cells } = this.text();
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    this.#acts.copied(cells);
  }

  #widen(column: number, by: number): void {
    const { widths } = this.#content;
    widths[column] = Math.min(Math.max((widths[column] ?? NARROWEST) + by, NARROWEST), WIDEST);
    this.refresh();
  }

  #drag(event: MouseEvent, column: number): void {
    const began = this.#content.widths[column] ?? NARROWEST;
    const on = this.#rtl ? -1 : 1;
    const dragging = new AbortController();
    const signal = AbortSignal.any([dragging.signal, this.#ending.signal]);
    const move = ({ clientX }: MouseEvent): void => {
      const wanted = began + on * (clientX - event.clientX);
      this.#widen(column, wanted - (this.#content.widths[column] ?? began));
    };
    addEventListener("mousemove", move, { signal });
    addEventListener("mouseup", () => dragging.abort(), { signal });
  }

  /** As wide as what is in sight wants. */
  #fit(event: MouseEvent): void {
    const to = (event.target as Element).closest(".grip") && placeOf(event.target);
    if (!to) return;
    const cells = this.#table.querySelectorAll(`[data-column="${to.column}"]`);
    const widest = Math.max(...[...cells].map((cell) => (cell.firstElementChild ?? cell).scrollWidth));
    this.#widen(to.column, widest + 24 - (this.#content.widths[to.column] ?? 0));
  }
}

const numbers = ({ from, to }: Span): number[] => Array.from({ length: to - from }, (_, at) => from + at);
