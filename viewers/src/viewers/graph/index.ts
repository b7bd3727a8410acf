import style from "uplot/dist/uPlot.min.css?inline";
import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { bar, choice, note, sign } from "../../kit/controls.ts";
import { type Column, hasHead, survey } from "../table/columns.ts";
import { pauses } from "../table/order.ts";
import { MOST_ROWS, type Reading, read } from "../table/read.ts";
import { hrefOf, offerSheets, startOf } from "../table/sheets.ts";
import { type Choice, choose, type Form, MOST_SERIES, MOST_WORDS, type Plot, plotted } from "./choose.ts";
import { Drawing } from "./drawing.ts";
import css from "./index.css?inline";

const FORMS: readonly Form[] = ["line", "points", "bars"];
const ZOOM = 0.7;

/** Columns of a table as lines, points or bars. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(style);
  stage.dress(css);
  const { sheet } = startOf(shown.start);
  const place = document.createElement("div");
  place.className = "sheet";
  root.append(place);
  let graph: Graph | null = null;
  let turn = new AbortController();
  const open = async (number: number): Promise<void> => {
    turn.abort();
    turn = new AbortController();
    const signal = AbortSignal.any([turn.signal, stage.signal]);
    const href = await hrefOf(shown, number, signal);
    const tabs = shown.type.toUpperCase() === "TSV";
    const reading = await read(href, { tabs, signal, pause: pauses(signal), grown: () => {} });
    signal.throwIfAborted();
    graph?.destroy();
    place.replaceChildren();
    graph = new Graph(place, stage, reading);
    await graph.first;
  };
  await open(sheet);
  const failed = (reason: unknown): void => {
    if ((reason as Error)?.name === "AbortError") return;
    graph?.destroy();
    const sentence = note(
      stage.say("graph.failed", { reason: reason instanceof Error ? reason.message : String(reason) }),
    );
    sentence.role = "alert";
    place.replaceChildren(sentence);
  };
  void offerSheets(shown, stage, stage.say("graph.sheet"), sheet, place, (number) => void open(number).catch(failed));
  return {
    destroy() {
      turn.abort();
      graph?.destroy();
      root.replaceChildren();
    },
    focus: () => graph?.focus(),
  };
}

class Graph {
  readonly first: Promise<void>;
  readonly #stage: Stage;
  readonly #columns: Column[];
  readonly #rows: readonly (readonly string[])[];
  readonly #cut: boolean;
  readonly #chosen: Choice;
  readonly #ending = new AbortController();
  readonly #view = document.createElement("div");
  readonly #legend = document.createElement("ul");
  readonly #notes = document.createElement("p");
  readonly #controls: HTMLElement;
  readonly #drawing: Drawing;
  readonly #sized: ResizeObserver;
  readonly #number: Intl.NumberFormat;
  #drawingTurn = new AbortController();
  #plot: Plot = { xs: [], series: [], words: null, left: 0 };

  constructor(place: HTMLElement, stage: Stage, { rows, cut }: Reading) {
    this.#stage = stage;
    this.#cut = cut;
    const headed = hasHead(rows);
    this.#columns = survey(headed ? (rows[0] ?? []) : [], rows.slice(Number(headed), 1001), (n) =>
      stage.say("graph.column", { n }),
    );
    this.#rows = rows.slice(Number(headed));
    this.#chosen = choose(this.#columns, this.#rows);
    this.#number = new Intl.NumberFormat(stage.locale, { maximumSignificantDigits: 6 });
    const view = this.#view;
    view.className = "plot";
    view.tabIndex = 0;
    view.role = "application";
    view.ariaLabel = stage.say("graph.title");
    view.ariaDescription = stage.say("graph.keys");
    view.dataset.drag = "";
    this.#legend.className = "legend";
    this.#notes.className = "note";
    this.#controls = bar(stage.say("graph.controls"));
    place.append(this.#controls, this.#legend, view, this.#notes);
    this.#drawing = new Drawing(view, {
      locale: stage.locale,
      palette: () => this.#palette(),
      moved: (index) => this.#values(index),
    });
    const { signal } = this.#ending;
    view.addEventListener("keydown", (event) => this.#key(event), { signal });
    view.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"])
      matchMedia(query).addEventListener("change", () => void this.#draw(), { signal });
    let size = "";
    this.#sized = new ResizeObserver(() => {
      const now = `${view.clientWidth} ${view.clientHeight}`;
      if (size && now !== size) this.#drawing.resize(view.clientWidth, view.clientHeight);
      size = now;
    });
    this.#sized.observe(view);
    this.#control();
    this.first = this.#draw();
  }

  focus(): void {
    this.#view.focus();
  }

  destroy(): void {
    this.#ending.abort();
    this.#drawingTurn.abort();
    this.#sized.disconnect();
    this.#drawing.destroy();
  }

  // --- what is chosen -----------------------------------------------------------------------------------------------------

  #name(column: number): string {
    return this.#columns[column]?.name ?? "";
  }

  #xName(): string {
    return this.#chosen.x < 0 ? this.#stage.say("graph.row") : this.#name(this.#chosen.x);
  }

  #yName(column: number): string {
    return column < 0 ? this.#stage.say("graph.count") : this.#name(column);
  }

  #control(): void {
    const { say } = this.#stage;
    const all = this.#columns.map(({ name }, at) => [String(at), name] as const);
    const chosen = this.#chosen;
    const change = (act: () => void): void => {
      act();
      this.#control();
      void this.#draw();
    };
    const labelled = (text: string, control: HTMLElement): HTMLElement => {
      const label = document.createElement("label");
      label.append(text, control);
      return label;
    };
    const x = choice(say("graph.x"), [["-1", say("graph.row")], ...all], String(chosen.x), (value) =>
      change(() => {
        chosen.x = Number(value);
        const kind = this.#columns[chosen.x]?.kind;
        if (kind === "text" || kind === "boolean") chosen.form = "bars";
        else if (chosen.form === "bars" && !chosen.ys.includes(-1)) chosen.form = "line";
        if (chosen.x < 0) chosen.ys = chosen.ys.filter((y) => y >= 0);
      }),
    );
    const numbers = all.filter(
      ([at]) => this.#columns[Number(at)]?.kind === "number" && !chosen.ys.includes(Number(at)),
    );
    const counts = chosen.x >= 0 && !chosen.ys.includes(-1) ? [["-1", say("graph.count")] as const] : [];
    const y = choice(say("graph.y"), [["", say("graph.add")], ...numbers, ...counts], "", (value) =>
      change(() => {
        if (value === "-1") chosen.ys = [-1];
        else chosen.ys = [...chosen.ys.filter((one) => one >= 0), Number(value)];
      }),
    );
    y.disabled = chosen.ys.length >= MOST_SERIES || numbers.length + counts.length === 0;
    const form = choice(
      say("graph.form"),
      FORMS.map((one) => [one, say(`graph.${one}`)] as const),
      chosen.form,
      (value) => change(() => { chosen.form = value as Form; }), // biome-ignore format: one line is enough
    );
    const signs = document.createElement("span");
    signs.className = "zooms";
    signs.append(
      sign("in", say("graph.in"), () => this.#zoomed(() => this.#drawing.zoom(ZOOM))),
      sign("out", say("graph.out"), () => this.#zoomed(() => this.#drawing.zoom(1 / ZOOM))),
      sign("fit", say("graph.fit"), () => this.#zoomed(() => this.#drawing.fit())),
    );
    const focused = [...this.#controls.querySelectorAll("select")].findIndex((one) => one.matches(":focus"));
    this.#controls.replaceChildren(
      labelled(say("graph.x"), x),
      labelled(say("graph.y"), y),
      labelled(say("graph.form"), form),
      signs,
    );
    this.#controls.querySelectorAll("select")[focused]?.focus();
    this.#legend.ariaLabel = say("graph.legend");
    this.#legend.replaceChildren(
      ...chosen.ys.map((column, at) => {
        const item = document.createElement("li");
        item.className = `line-${at + 1}`;
        const name = document.createElement("span");
        name.textContent = this.#yName(column);
        const value = document.createElement("output");
        value.setAttribute("aria-live", "off");
        item.append(name);
        if (chosen.ys.length > 1) {
          const away = document.createElement("button");
          away.type = "button";
          away.className = "away";
          away.textContent = "×";
          away.ariaLabel = say("graph.remove", { name: this.#yName(column) });
          away.addEventListener("click", () =>
            change(() => {
              chosen.ys = chosen.ys.filter((one) => one !== column);
            }),
          );
          item.append(away);
        }
        item.append(value);
        return item;
      }),
    );
  }

  // --- what is seen -------------------------------------------------------------------------------------------------------

  async #draw(): Promise<void> {
    this.#drawingTurn.abort();
    this.#drawingTurn = new AbortController();
    const signal = AbortSignal.any([this.#drawingTurn.signal, this.#ending.signal, this.#stage.signal]);
    const { say } = this.#stage;
    const { x, ys, form } = this.#chosen;
    const names = ys.map((column) => this.#yName(column));
    try {
      this.#plot = await plotted(this.#chosen, this.#columns, this.#rows, pauses(signal));
      signal.throwIfAborted();
    } catch (reason) {
      if (!signal.aborted) throw reason;
      return;
    }
    const plot = this.#plot;
    const time = this.#columns[x]?.kind === "date" && !plot.words;
    const n = plot.xs.length;
    const ends = [plot.xs[0], plot.xs.at(-1)].map((at) => this.#along(at ?? 0));
    const label = say("graph.says", {
      form: say(`graph.${form}`),
      y: names.join(", "),
      x: this.#xName(),
      n: this.#number.format(n),
      from: ends[0] ?? "",
      to: ends[1] ?? "",
    });
    this.#view.ariaLabel = label;
    const { clientWidth, clientHeight } = this.#view;
    this.#drawing.draw({ plot, form, time, x: this.#xName(), names }, clientWidth || 600, clientHeight || 300, label);
    const notes: string[] = [];
    if (!n) notes.push(say("graph.empty"));
    if (plot.left)
      notes.push(say(plot.words ? "graph.most" : "graph.left", { n: plot.words ? MOST_WORDS : plot.left }));
    if (this.#cut) notes.push(say("graph.cut", { n: this.#number.format(MOST_ROWS) }));
    this.#notes.textContent = notes.join(" ");
    this.#notes.hidden = !notes.length;
    this.#values(null);
  }

  #along(at: number): string {
    const { words } = this.#plot;
    if (words) return words[at] ?? "";
    if (this.#columns[this.#chosen.x]?.kind !== "date") return this.#number.format(at);
    const options = { dateStyle: "medium", timeZone: "UTC" } as const;
    return new Intl.DateTimeFormat(
      this.#stage.locale,
      at % 86_400 ? { ...options, timeStyle: "short" } : options,
    ).format(at * 1000);
  }

  /** Of the point below the cursor, beside the names. */
  #values(index: number | null): void {
    [...this.#legend.querySelectorAll("output")].forEach((place, at) => {
      const value = index === null ? null : this.#plot.series[at]?.[index];
      place.textContent = value === null || value === undefined ? "" : this.#number.format(value);
    });
  }

  /** As the style sheet has them: a canvas knows no custom properties. */
  #palette() {
    const probe = document.createElement("span");
    this.#legend.append(probe);
    const colour = (name: string): string => {
      probe.className = name;
      return getComputedStyle(probe).color;
    };
    const made = {
      ink: colour("ink"),
      grid: colour("rule"),
      lines: Array.from({ length: MOST_SERIES }, (_, at) => colour(`line-${at + 1}`)),
    };
    probe.remove();
    return made;
  }

  // --- what is done -------------------------------------------------------------------------------------------------------

  #zoomed(act: () => void): void {
    act();
    const [low, high] = this.#drawing.span;
    const inside = this.#plot.xs.filter((x) => x >= low && x <= high);
    const [first, last] = [inside[0], inside.at(-1)];
    if (first === undefined || last === undefined) return;
    this.#stage.announce(this.#stage.say("graph.span", { from: this.#along(first), to: this.#along(last) }));
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.#view || event.altKey || event.ctrlKey || event.metaKey) return;
    const acts: Record<string, () => void> = {
      "+": () => this.#drawing.zoom(ZOOM),
      "=": () => this.#drawing.zoom(ZOOM),
      "-": () => this.#drawing.zoom(1 / ZOOM),
      ArrowLeft: () => this.#drawing.move(-0.2),
      ArrowRight: () => this.#drawing.move(0.2),
      ArrowUp: () => this.#drawing.zoom(ZOOM),
      ArrowDown: () => this.#drawing.zoom(1 / ZOOM),
      "0": () => this.#drawing.fit(),
      Home: () => this.#drawing.fit(),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    this.#zoomed(act);
  }

  /** With Ctrl, as maps do it: the wheel alone scrolls the page. */
  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const { left, width } = this.#view.getBoundingClientRect();
    this.#drawing.zoom(event.deltaY > 0 ? 1 / ZOOM : ZOOM, (event.clientX - left) / width);
  }
}
