import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { bar, button, choice, note } from "../../kit/controls.ts";
import { type Column, hasHead, survey, widths } from "./columns.ts";
import { type Content, Grid } from "./grid.ts";
import css from "./index.css?inline";
import { byRank, kept, pauses, ranks, sorted } from "./order.ts";
import { MOST_ROWS, type Reading, read } from "./read.ts";
import { hrefOf, offerSheets, startOf } from "./sheets.ts";

/** Pixels that a character takes, about, and what is around a cell's text. */
const CHARACTER = 7.25;
const AROUND = 26;
/** Milliseconds after the last key before a filter is applied. */
const TYPING = 150;

/** Delimited text as a table of any length: sorted, filtered, chosen from. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(css);
  const start = startOf(shown.start);
  let one: Sheet | null = null;
  let turn = new AbortController();
  const place = document.createElement("div");
  place.className = "sheet";
  const open = async (sheet: number, row: number): Promise<void> => {
    turn.abort();
    turn = new AbortController();
    const { signal } = turn;
    const had = one;
    const href = await hrefOf(shown, sheet, AbortSignal.any([signal, stage.signal]));
    signal.throwIfAborted();
    had?.destroy();
    one = new Sheet(place, shown, stage, href, row);
    await one.first;
  };
  const failed = (reason: unknown): void => {
    if ((reason as Error)?.name === "AbortError") return;
    one?.destroy();
    const sentence = note(
      stage.say("table.failed", { reason: reason instanceof Error ? reason.message : String(reason) }),
    );
    sentence.role = "alert";
    place.replaceChildren(sentence);
  };
  root.append(place);
  await open(start.sheet, start.row);
  const choose = (sheet: number): void => void open(sheet, 1).catch(failed);
  void offerSheets(shown, stage, stage.say("table.sheet"), start.sheet, place, choose);
  return {
    destroy() {
      turn.abort();
      one?.destroy();
      root.replaceChildren();
    },
    focus: () => one?.focus(),
  };
}

class Sheet {
  /** There is something to see. */
  readonly first: Promise<void>;
  readonly #stage: Stage;
  readonly #place: HTMLElement;
  readonly #shown: Shown;
  readonly #ending = new AbortController();
  readonly #status = document.createElement("span");
  readonly #whole = document.createElement("output");
  readonly #field = document.createElement("input");
  readonly #number: Intl.NumberFormat;
  #rows: readonly (readonly string[])[] = [];
  #reading: Reading = { rows: [], done: false, cut: false };
  #head = 0;
  #columns: Column[] = [];
  #content: Content | null = null;
  #grid: Grid | null = null;
  /** Rows in the order in which they are seen; null: all, as they are in the file. */
  #order: Uint32Array | null = null;
  #filtered = -1;
  #arranging = new AbortController();
  #arrangedOf = 0;

  constructor(place: HTMLElement, shown: Shown, stage: Stage, href: string, row: number) {
    this.#place = place;
    this.#shown = shown;
    this.#stage = stage;
    this.#number = new Intl.NumberFormat(stage.locale);
    const signal = AbortSignal.any([this.#ending.signal, stage.signal]);
    place.replaceChildren();
    this.first = new Promise((resolve, reject) => {
      const grown = (reading: Reading): void => {
        this.#reading = reading;
        if (!this.#grid && (reading.rows.length > 1 || reading.done)) {
          this.#begin(row);
          resolve();
        }
        this.#grown();
      };
      read(href, { tabs: shown.type.toUpperCase() === "TSV", signal, pause: pauses(signal), grown }).catch(
        (reason: unknown) => {
          if (this.#grid && !signal.aborted) this.#say(stage.say("table.broken"));
          reject(reason);
        },
      );
    });
  }

  focus(): void {
    this.#grid?.focus();
  }

  destroy(): void {
    this.#ending.abort();
    this.#arranging.abort();
    this.#grid?.destroy();
  }

  #begin(row: number): void {
    const { say, locale, announce } = this.#stage;
    const { rows } = this.#reading;
    const headed = hasHead(rows);
    this.#head = Number(headed);
    this.#rows = rows;
    const nameless = (n: number): string => say("table.column", { n });
    this.#columns = survey(headed ? (rows[0] ?? []) : [], rows.slice(this.#head, 1001), nameless);
    const wanted = widths(this.#columns, rows.slice(this.#head, 101));
    const content: Content = {
      columns: this.#columns,
      widths: wanted.map((characters) => Math.round(characters * CHARACTER + AROUND)),
      count: 0,
      sorting: null,
      cell: (at, column) => this.#cell(this.#order ? (this.#order[at] as number) : at, column),
      number: (at) => (this.#order ? (this.#order[at] ?? 0) : at) + 1,
    };
    this.#content = content;
    const grid = new Grid(
      content,
      { name: this.#shown.title, numbers: say("table.numbers"), kind: (kind) => say(`table.${kind}`) },
      {
        sort: (column) => this.#sort(column),
        moved: () => this.#moved(),
        copied: (n) => announce(say("table.copied", { n })),
      },
      locale,
    );
    this.#grid = grid;
    const field = this.#field;
    field.type = "search";
    field.className = "plain";
    field.placeholder = field.ariaLabel = say("table.filter");
    const column = choice(
      say("table.where"),
      [
        ["-1", say("table.everywhere")],
        ...this.#columns.slice(0, 500).map(({ name }, at) => [String(at), name] as const),
      ],
      "-1",
      (value) => {
        this.#filtered = Number(value);
        if (field.value) void this.#arrange();
      },
    );
    let typing: ReturnType<typeof setTimeout>;
    field.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => void this.#arrange(), TYPING);
    });
    this.#ending.signal.addEventListener("abort", () => clearTimeout(typing));
    this.#status.role = "status";
    this.#status.className = "grow count";
    const controls = bar(say("table.controls"), field, column, this.#status);
    if (navigator.clipboard) {
      const copy = button(say("table.copy"), () => {
        const { text, cells } = grid.text();
        void navigator.clipboard.writeText(text).then(() => announce(say("table.copied", { n: cells })));
      });
      controls.append(copy);
    }
    this.#whole.className = "whole";
    this.#whole.setAttribute("aria-live", "off");
    this.#place.append(controls, grid.root, this.#whole);
    this.#count();
    grid.start();
    if (row > 1) {
      const goal = row - 1;
      const wait = (): void => {
        if (this.#ending.signal.aborted) return;
        if (content.count > goal || this.#reading.done) grid.go({ row: goal, column: 0 });
        else setTimeout(wait, 100); // it is still being read
      };
      wait();
    } else this.#moved();
  }

  #cell(row: number, column: number): string {
    return this.#rows[row + this.#head]?.[column] ?? "";
  }

  get #all(): number {
    return Math.max(this.#reading.rows.length - this.#head, 0);
  }

  /** How many are seen, of how many. */
  #count(): void {
    const content = this.#content;
    if (!content) return;
    content.count = this.#order?.length ?? this.#all;
    const { say } = this.#stage;
    const total = this.#number.format(this.#all);
    const n = this.#number.format(content.count);
    const parts = [content.count === this.#all ? say("table.rows", { n }) : say("table.some", { n, total })];
    if (!this.#reading.done) parts.push(say("table.reading"));
    if (this.#reading.cut) parts.push(say("table.cut", { n: this.#number.format(MOST_ROWS) }));
    this.#say(parts.join(" · "));
  }

  #say(words: string): void {
    if (this.#status.textContent !== words) this.#status.textContent = words;
  }

  #grown(): void {
    if (!this.#grid) return;
    const arranged = this.#field.value !== "" || this.#content?.sorting;
    // what is sorted or filtered is so again with the new rows, when they are twice as many or all
    if (arranged && (this.#reading.done || this.#all > 2 * this.#arrangedOf)) void this.#arrange(false);
    const before = this.#content?.count;
    this.#count();
    if (this.#content?.count !== before) this.#grid.refresh();
  }

  #moved(): void {
    const { row, column } = this.#grid?.active ?? { row: 0, column: 0 };
    const name = this.#columns[column]?.name ?? "";
    const content = this.#content;
    const text = row < 0 || !content?.count ? "" : content.cell(row, column);
    this.#whole.textContent = row < 0 ? name : text && `${name}: ${text}`;
  }

  #sort(column: number): void {
    const content = this.#content;
    if (!content) return;
    const { sorting } = content;
    const same = sorting?.column === column;
    content.sorting = same && sorting.descending ? null : { column, descending: same };
    void this.#arrange(false);
  }

  /** Filter, sort, show. */
  async #arrange(toTop = true): Promise<void> {
    const content = this.#content;
    if (!content) return;
    this.#arranging.abort();
    this.#arranging = new AbortController();
    const signal = AbortSignal.any([this.#arranging.signal, this.#ending.signal]);
    const pause = pauses(signal);
    const { say, locale } = this.#stage;
    const count = this.#all;
    this.#arrangedOf = count;
    this.#say(say("table.arranging"));
    try {
      let order = await this.#kept(count, pause);
      if (content.sorting) {
        const { column, descending } = content.sorting;
        const { kind, read } = this.#columns[column] as Column;
        const collator = new Intl.Collator(locale, { numeric: true });
        const cell = (row: number): string => this.#cell(row, column);
        const worth = await ranks(count, cell, kind === "text" ? null : read, collator, pause);
        order = await sorted(
          order ?? Uint32Array.from({ length: count }, (_, at) => at),
          byRank(worth, descending),
          pause,
        );
      }
      signal.throwIfAborted();
      this.#order = order;
      this.#count();
      this.#grid?.refresh();
      if (toTop) this.#grid?.toTop();
    } catch (reason) {
      if (!signal.aborted) throw reason;
    }
  }

  async #kept(count: number, pause: () => Promise<void>): Promise<Uint32Array | null> {
    const wanted = this.#field.value.trim().toLowerCase();
    if (!wanted) return null;
    const only = this.#filtered;
    const holds = (cell = ""): boolean => cell.toLowerCase().includes(wanted);
    return kept(
      count,
      only < 0
        ? (row) => this.#rows[row + this.#head]?.some((cell) => holds(cell)) ?? false
        : (row) => holds(this.#cell(row, only)),
      pause,
    );
  }
}
