/**
 * Files in folders as a treegrid (WAI-ARIA Authoring Practices): one stop for Tab, arrows within; only rows in sight are there. Where
 * one was is remembered when a file opens, and found again on the way back.
 */

import { rowsInSight, scrolledTo } from "../../kit/window.ts";
import { folders, type Node, type Order, type Row, rows, type Sorting, sort, typed } from "./model.ts";

export interface Column {
  readonly key: string;
  readonly title: string;
  readonly sorts?: Order;
  readonly end?: boolean;
  text(node: Node): string;
}

export interface Options {
  /** What the place is remembered by. */
  readonly id: string;
  readonly name: string;
  readonly locale: string;
  readonly columns: readonly Column[];
  readonly filter: { readonly label: string };
  readonly sorting?: Sorting;
  readonly words: { readonly expand: string; readonly collapse: string };
  /** How many rows there are. */
  counted(seen: number, filtered: boolean): void;
  open(node: Node): void;
}

interface Place {
  readonly open: ReadonlySet<string>;
  readonly active: string;
  readonly filter: string;
  readonly sorting: Sorting;
  readonly top: number;
}

const places = new Map<string, Place>();
const HEIGHT = 2;
const PATIENCE = 700;
const SMALL = 40;

const SIGNS: Readonly<Record<string, string>> = {
  directory: "M3 6h6l2 2h10v11H3z",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  link: "M9 15 15 9M10 6l2-2a4 4 0 0 1 6 6l-2 2M14 18l-2 2a4 4 0 0 1-6-6l2-2",
  module: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12 4 7.5",
  special: "M12 4a8 8 0 1 0 .1 0",
};

export class List {
  readonly field = make("input", "plain");
  readonly toggle = make("button", "plain");
  readonly root = make("div", "frame");
  readonly #options: Options;
  readonly #tree: Node;
  readonly #scroll = make("div", "scroll");
  readonly #table = make("table");
  readonly #head = make("tr");
  readonly #body = make("tbody");
  readonly #ending = new AbortController();
  readonly #sized = new ResizeObserver(() => this.#soon());
  readonly #collator: Intl.Collator;
  #open: Set<string>;
  #sorting: Sorting;
  #rows: Row[] = [];
  #active = 0;
  #letters = "";
  #lettersAt = 0;
  #drawn = "";
  #frame = 0;
  #height = 32;

  constructor(tree: Node, options: Options) {
    this.#tree = tree;
    this.#options = options;
    this.#collator = new Intl.Collator(options.locale, { numeric: true, sensitivity: "base" });
    const place = places.get(options.id);
    places.delete(options.id);
    this.#sorting = place?.sorting ?? options.sorting ?? { by: "name", descending: false };
    const all = folders(tree);
    // few files are all shown, of many the first level
    this.#open = new Set(place?.open ?? (count(tree) <= SMALL ? all : onlyChild(tree)));
    const { field, toggle } = this;
    field.type = "search";
    field.placeholder = field.ariaLabel = options.filter.label;
    field.value = place?.filter ?? "";
    toggle.type = "button";
    toggle.hidden = !all.length;
    const table = this.#table;
    table.role = "treegrid";
    table.tabIndex = 0;
    table.ariaLabel = options.name;
    table.dataset.keys = "";
    const cols = make("colgroup");
    cols.append(...options.columns.map(({ key }) => make("col", key)));
    const top = make("thead");
    top.append(this.#head);
    table.append(cols, top, this.#body);
    this.#scroll.append(table);
    this.root.append(this.#scroll);
    this.#heads();
    this.#listen();
    sort(tree, this.#sorting, this.#collator);
    this.#lay();
    if (place)
      this.#active = Math.max(
        this.#rows.findIndex(({ node }) => node.key === place.active),
        0,
      );
    this.#begin(place?.top ?? 0);
  }

  focus(): void {
    this.#table.focus();
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.#ending.abort();
    this.#sized.disconnect();
    this.root.remove();
  }

  /** `start`: a path. Its folders open, and it is the active one. */
  go(path: string): void {
    const wanted = path.split("/").filter(Boolean).join("/");
    for (let at = wanted.indexOf("/"); at > 0; at = wanted.indexOf("/", at + 1))
      this.#open.add(`${wanted.slice(0, at)}/`);
    this.#lay();
    const found = this.#rows.findIndex(({ node }) => node.key.replace(/\/$/, "") === wanted);
    if (found >= 0) this.#go(found);
  }

  // --- what is seen -------------------------------------------------------------------------------------------------------

  #begin(top: number): void {
    this.#frame = requestAnimationFrame(() => {
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
      this.#height = Math.round(HEIGHT * rem);
      this.#frame = 0;
      this.#draw();
      this.#scroll.scrollTop = top;
      this.#sized.observe(this.#scroll);
      this.#soon();
    });
  }

  #lay(): void {
    const active = this.#rows[this.#active]?.node.key;
    const filter = this.field.value;
    this.#rows = rows(this.#tree, this.#open, filter);
    const found = this.#rows.findIndex(({ node }) => node.key === active);
    this.#active = Math.max(found, 0);
    const whole = folders(this.#tree).every((key) => this.#open.has(key));
    this.toggle.textContent = whole ? this.#options.words.collapse : this.#options.words.expand;
    this.toggle.disabled = filter.trim() !== "";
    this.#options.counted(this.#rows.length, filter.trim() !== "");
    this.#drawn = "";
    this.#soon();
  }

  #soon(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const { scrollTop, clientHeight } = this.#scroll;
    // a list that is as high as its rows asks how many there are before it has a height
    const { from, to } = rowsInSight(this.#rows.length, this.#height, scrollTop, Math.max(clientHeight, 400), 10);
    const state = `${from} ${to} ${this.#active}`;
    if (state === this.#drawn) return;
    this.#drawn = state;
    const made: HTMLElement[] = [];
    for (let at = from; at < to; at++) made.push(this.#row(at));
    this.#body.replaceChildren(
      ...space(from * this.#height),
      ...made,
      ...space((this.#rows.length - to) * this.#height),
    );
    this.#table.ariaRowCount = String(this.#rows.length + 1);
    if (this.#active >= from && this.#active < to) this.#table.setAttribute("aria-activedescendant", "row");
    else this.#table.removeAttribute("aria-activedescendant");
  }

  #row(at: number): HTMLTableRowElement {
    const { node, level, place, among } = this.#rows[at] as Row;
    const row = make("tr");
    row.style.blockSize = `${this.#height}px`;
    row.dataset.row = String(at);
    row.ariaRowIndex = String(at + 2);
    row.ariaLevel = String(level);
    row.ariaPosInSet = String(place);
    row.ariaSetSize = String(among);
    row.ariaSelected = String(at === this.#active);
    if (at === this.#active) row.id = "row";
    if (node.children.length) row.ariaExpanded = String(this.#isOpen(node));
    row.append(
      ...this.#options.columns.map((column, number) => {
        const cell = make("td", column.key);
        if (number) {
          if (column.key !== "size") cell.dir = "auto"; // what is too long ends where its reading ends
          cell.textContent = column.text(node);
        } else cell.append(name(node, level, column.text(node)));
        return cell;
      }),
    );
    return row;
  }

  #isOpen(node: Node): boolean {
    return this.field.value.trim() !== "" || this.#open.has(node.key);
  }

  #heads(): void {
    this.#head.ariaRowIndex = "1";
    this.#head.replaceChildren(
      ...this.#options.columns.map(({ key, title, sorts }) => {
        const cell = make("th", key);
        cell.scope = "col";
        if (!sorts) {
          cell.textContent = title;
          return cell;
        }
        if (this.#sorting.by === sorts) cell.ariaSort = this.#sorting.descending ? "descending" : "ascending";
        const button = make("button");
        button.type = "button";
        button.textContent = title;
        button.dataset.sorts = sorts;
        cell.append(button);
        return cell;
      }),
    );
  }

  // --- what is done -------------------------------------------------------------------------------------------------------

  #listen(): void {
    const { signal } = this.#ending;
    this.field.addEventListener("input", () => this.#lay(), { signal });
    this.toggle.addEventListener("click", () => this.#all(), { signal });
    this.#scroll.addEventListener("scroll", () => this.#soon(), { signal, passive: true });
    this.#table.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#table.addEventListener(
      "click",
      (event) => {
        const target = event.target as Element;
        const button = target.closest<HTMLElement>("[data-sorts]");
        if (button) this.#sort(button.dataset.sorts as Order);
        const row = target.closest<HTMLElement>("[data-row]");
        if (!row) return;
        this.#go(Number(row.dataset.row));
        if (target.closest(".name, .twist")) this.#act();
      },
      { signal },
    );
    this.#table.addEventListener("dblclick", (event) => {
      const target = event.target as Element;
      if (target.closest("[data-row]") && !target.closest(".name, .twist")) this.#act();
    }, { signal }); // biome-ignore format: it stands alone
  }

  #sort(by: Order): void {
    const { by: before, descending } = this.#sorting;
    // what is largest or newest comes first
    this.#sorting = { by, descending: before === by ? !descending : by !== "name" };
    sort(this.#tree, this.#sorting, this.#collator);
    this.#heads();
    this.#head.querySelector<HTMLElement>(`[data-sorts="${by}"]`)?.focus();
    this.#lay();
  }

  #all(): void {
    const all = folders(this.#tree);
    this.#open = new Set(all.every((key) => this.#open.has(key)) ? [] : all);
    this.#lay();
  }

  #go(at: number): void {
    this.#active = Math.min(Math.max(at, 0), Math.max(this.#rows.length - 1, 0));
    const { scrollTop, clientHeight } = this.#scroll;
    const high = this.#height;
    this.#scroll.scrollTop = scrolledTo(this.#active * high, (this.#active + 1) * high, scrollTop, clientHeight - high);
    this.#drawn = "";
    this.#soon();
  }

  /** A folder opens or closes, a file opens. */
  #act(): void {
    const node = this.#rows[this.#active]?.node;
    if (!node) return;
    if (node.children.length) this.#fold(node, !this.#open.has(node.key));
    else if (node.entry.url !== null) {
      if (places.size > 20) places.clear();
      places.set(this.#options.id, {
        open: new Set(this.#open),
        active: node.key,
        filter: this.field.value,
        sorting: this.#sorting,
        top: this.#scroll.scrollTop,
      });
      this.#options.open(node);
    }
  }

  #fold(node: Node, open: boolean): void {
    if (open) this.#open.add(node.key);
    else this.#open.delete(node.key);
    this.#lay();
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.#table || event.altKey || event.ctrlKey || event.metaKey) return;
    const row = this.#rows[this.#active];
    if (!row) return;
    const { node } = row;
    const page = Math.max(Math.floor(this.#scroll.clientHeight / this.#height) - 2, 1);
    const rtl = getComputedStyle(this.#scroll).direction === "rtl";
    const key = rtl ? ({ ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" }[event.key] ?? event.key) : event.key;
    const to = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + page,
      PageUp: this.#active - page,
      Home: 0,
      End: this.#rows.length - 1,
    }[key];
    const folder = node.children.length > 0;
    if (key.length > 1) this.#letters = "";
    if (to !== undefined) this.#go(to);
    else if (key === "Enter" || key === " ") this.#act();
    else if (key === "ArrowRight" && folder) {
      if (this.#isOpen(node)) this.#go(this.#active + 1);
      else this.#fold(node, true);
    } else if (key === "ArrowLeft") {
      if (folder && this.#open.has(node.key) && !this.field.value) this.#fold(node, false);
      else if (node.parent?.parent) this.#go(this.#rows.findIndex((one) => one.node === node.parent));
    } else if (key === "*") {
      for (const one of node.parent?.children ?? []) if (one.children.length) this.#open.add(one.key);
      this.#lay();
    } else if (key.length === 1) {
      const now = performance.now();
      this.#letters = (now - this.#lettersAt < PATIENCE ? this.#letters : "") + key;
      this.#lettersAt = now;
      const found = typed(this.#rows, this.#active, this.#letters);
      if (found >= 0) this.#go(found);
    } else if (key !== "ArrowRight") return;
    event.preventDefault();
  }
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, className = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  return made;
}

function name(node: Node, level: number, text: string): HTMLElement {
  const { entry } = node;
  const box = make("div", `entry ${entry.kind}`);
  box.style.paddingInlineStart = `${(level - 1) * 1.125}rem`;
  const twist = make("span", node.children.length ? "twist" : "twist none");
  twist.ariaHidden = "true";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SIGNS[entry.kind] ?? "");
  svg.append(path);
  const opens = node.children.length > 0 || entry.url !== null;
  const word = make("span", opens ? "name" : "name inert");
  word.textContent = text;
  box.append(twist, svg, word);
  if (entry.remark) {
    const remark = make("span", "remark");
    remark.textContent = entry.remark;
    box.append(remark);
  }
  return box;
}

function space(size: number): HTMLElement[] {
  if (size <= 0) return [];
  const row = make("tr", "space");
  row.ariaHidden = "true";
  row.style.blockSize = `${size}px`;
  return [row];
}

const count = (node: Node): number => node.children.reduce((sum, child) => sum + 1 + count(child), 0);

/** One folder in another, with nothing beside: open all the way down to where there is something. */
function onlyChild(tree: Node): string[] {
  const [first, ...others] = tree.children;
  return first && !others.length && first.children.length ? [first.key, ...onlyChild(first)] : [];
}
