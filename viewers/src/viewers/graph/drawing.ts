/** The chart itself: uPlot in our colours, zoomed by drag, pinch and keys. */

import uPlot from "uplot";
import type { Form, Plot } from "./choose.ts";

export interface Drawn {
  readonly plot: Plot;
  readonly form: Form;
  readonly time: boolean;
  readonly x: string;
  readonly names: readonly string[];
}

interface Palette {
  readonly ink: string;
  readonly grid: string;
  readonly lines: readonly string[];
}

const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
/** More points than this are a line: each would cover its neighbours. */
const SPARSE = 200;

export class Drawing {
  readonly #place: HTMLElement;
  readonly #locale: string;
  readonly #palette: () => Palette;
  readonly #moved: (index: number | null) => void;
  #chart: uPlot | null = null;
  #whole: [number, number] = [0, 1];
  /** uPlot itself knows it a turn later. */
  #span: [number, number] = [0, 1];
  #touches = new Map<number, number>();

  constructor(
    place: HTMLElement,
    { locale, palette, moved }: { locale: string; palette(): Palette; moved(index: number | null): void },
  ) {
    this.#place = place;
    this.#locale = locale;
    this.#palette = palette;
    this.#moved = moved;
  }

  /** Width and height: the size in CSS pixels. */
  draw({ plot, form, time, x, names }: Drawn, width: number, height: number, label: string): void {
    this.destroy();
    const { ink, grid, lines } = this.#palette();
    const bars = form === "bars";
    const forced = matchMedia("(forced-colors: active)").matches;
    const { xs, words } = plot;
    const [first = 0, last = 0] = [xs[0], xs.at(-1)];
    const room =
      words || bars ? Math.max((last - first) / Math.max(xs.length - 1, 1) / 2, 0.5) : (last - first) * 0.01 || 0.5;
    this.#whole = [first - room, last + room];
    const number = new Intl.NumberFormat(this.#locale, { maximumSignificantDigits: 6 });
    const axis = {
      stroke: ink,
      grid: { stroke: grid, width: 1, show: !forced }, // as strong as the lines themselves there
      ticks: { stroke: grid, width: 1 },
      font: "12px system-ui",
    };
    const count = names.length;
    const series = names.map((name, at): uPlot.Series => {
      const colour = lines[at % lines.length] as string;
      const dash = forced ? [...(DASHES[at % DASHES.length] ?? [])] : undefined;
      return {
        label: name,
        stroke: colour,
        width: bars ? 0 : 2,
        ...(dash ? { dash } : {}),
        points: {
          show: form === "points" || (form === "line" && xs.length <= SPARSE),
          size: form === "points" ? 6 : 5,
          fill: colour,
        },
        ...(form === "points" ? { paths: () => null } : {}),
        ...(bars
          ? {
              fill: colour,
              points: { show: false },
              paths: uPlot.paths.bars?.({
                size: [0.8 / count, 60],
                align: count > 1 ? 1 : 0,
                ...(count > 1 ? { disp: beside(at, count, xs) } : {}),
              }) as uPlot.Series.PathBuilder,
            }
          : {}),
      };
    });
    const options: uPlot.Options = {
      width,
      height,
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, points: { size: 8 } },
      scales: {
        x: { time, range: (_chart, low, high) => this.#within(low, high) },
        y: {
          range: { min: { pad: 0.05, soft: 0, mode: bars ? 1 : 2 }, max: { pad: 0.05, soft: 0, mode: bars ? 1 : 2 } },
        },
      },
      axes: [
        {
          ...axis,
          label: x,
          labelSize: 22,
          labelFont: "12px system-ui",
          ...(words
            ? {
                splits: (_chart, _axis, low, high) => xs.filter((at) => at >= low && at <= high),
                values: (chart, at) => fitted(chart, at, words),
                rotate: words.some((word) => word.length * 7 > width / words.length) ? -35 : 0,
                size: words.some((word) => word.length * 7 > width / words.length) ? 80 : 30,
              }
            : time
              ? {}
              : { values: (_chart, at) => at.map((one) => number.format(one)) }),
        },
        {
          ...axis,
          size: (_chart, values) => 18 + 7 * Math.max(3, ...(values ?? []).map((one) => String(one).length)),
          values: (_chart, at) => at.map((one) => number.format(one)),
        },
      ],
      series: [{}, ...series],
      hooks: {
        setCursor: [(chart) => this.#moved(chart.cursor.idx ?? null)],
        setScale: [
          ({ scales }, key) => {
            if (key === "x") this.#span = this.#within(scales.x?.min, scales.x?.max);
          },
        ],
      },
    };
    const chart = new uPlot(options, [xs, ...plot.series] as uPlot.AlignedData, this.#place);
    this.#chart = chart;
    const canvas = chart.root.querySelector("canvas");
    if (canvas) {
      canvas.role = "img";
      canvas.ariaLabel = label;
    }
    this.#scale(...this.#whole);
    this.#touch(chart.over);
    chart.over.addEventListener("dblclick", () => this.fit());
  }

  resize(width: number, height: number): void {
    this.#chart?.setSize({ width, height });
  }

  /** A factor below 1 shows less and larger. `at`: what stays where it is, as a part of the width. */
  zoom(factor: number, at = 0.5): void {
    const [low, high] = this.span;
    const still = low + (high - low) * at;
    this.#scale(still - (still - low) * factor, still + (high - still) * factor);
  }

  /** By a part of what is in sight. */
  move(by: number): void {
    const [low, high] = this.span;
    const way = (high - low) * by;
    const kept = Math.max(this.#whole[0] - low, Math.min(way, this.#whole[1] - high));
    this.#scale(low + kept, high + kept);
  }

  fit(): void {
    this.#scale(...this.#whole);
  }

  get span(): [number, number] {
    return this.#span;
  }

  destroy(): void {
    this.#touches.clear();
    this.#chart?.destroy();
    this.#chart = null;
  }

  #scale(low: number, high: number): void {
    const [first, last] = this.#whole;
    const min = Math.max(low, first);
    const max = Math.min(high, last);
    // closer than doubles can tell apart, nothing would be seen
    if (!(max - min > (last - first) * 1e-9)) return;
    this.#span = [min, max];
    this.#chart?.setScale("x", { min, max });
  }

  #within(low?: number | null, high?: number | null): [number, number] {
    return low == null || high == null ? this.#whole : [low, high];
  }

  /** One finger moves, two zoom. */
  #touch(over: HTMLElement): void {
    const touches = this.#touches;
    over.addEventListener("pointerdown", ({ pointerId, pointerType, clientX }) => {
      if (pointerType === "touch") touches.set(pointerId, clientX);
    });
    over.addEventListener("pointermove", ({ pointerId, clientX }) => {
      const before = touches.get(pointerId);
      if (before === undefined || !over.clientWidth) return;
      const others = [...touches].filter(([id]) => id !== pointerId);
      const [other] = others;
      touches.set(pointerId, clientX);
      if (!other) this.move((before - clientX) / over.clientWidth);
      else {
        const apart = Math.abs(clientX - other[1]);
        const was = Math.abs(before - other[1]);
        const middle = (clientX + other[1]) / 2 - over.getBoundingClientRect().left;
        if (apart > 10 && was > 10) this.zoom(was / apart, middle / over.clientWidth);
      }
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"] as const)
      over.addEventListener(end, ({ pointerId }) => touches.delete(pointerId));
  }
}

/** Each series has its own part of the room around x. */
function beside(at: number, count: number, xs: readonly number[]): uPlot.Series.BarsPathBuilderDisplay {
  const gaps = xs.slice(1).map((x, place) => x - (xs[place] as number));
  const room = Math.min(...(gaps.length ? gaps : [1])) * 0.8;
  return {
    x0: { unit: 1, values: () => xs.map((x) => x - room / 2 + (room / count) * at) },
    size: { unit: 1, values: () => xs.map(() => room / count) },
  };
}

/** Words that would lie on each other are left out. */
function fitted(chart: uPlot, at: readonly number[], words: readonly string[]): string[] {
  const [low, high] = [chart.scales.x?.min ?? 0, chart.scales.x?.max ?? 1];
  const each = Math.ceil(((high - low) * 18) / Math.max(chart.width, 1));
  return at.map((one, place) => {
    const word = place % Math.max(each, 1) === 0 ? (words[one] ?? "") : "";
    return word.length > 16 ? `${word.slice(0, 15)}…` : word;
  });
}
