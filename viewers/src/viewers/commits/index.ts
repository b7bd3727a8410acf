import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { note } from "../../kit/controls.ts";
import { row } from "../../kit/facts.ts";
import { type Commit, first, type Lane, lanes, readTree } from "../git/shape.ts";
import css from "./index.css?inline";

const COLUMN = 14;
const HEIGHT = 44;
/** Commits that are drawn in one go, and on reaching the end. */
const STEP = 200;
const SVG = "http://www.w3.org/2000/svg";

/** The commits that lead to a tree, newest first. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(css);
  const { signal, say, locale } = stage;
  const response = await fetch(shown.href, { signal });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
  const { commits } = readTree(await response.json());
  const all = lanes(commits);
  const wide = all.reduce((most, { column, lines }) => Math.max(most, column, ...lines.flat()), 0) + 1;
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const list = document.createElement("ol");
  list.tabIndex = 0;
  list.ariaLabel = say("commits.name", { n: new Intl.NumberFormat(locale).format(commits.length) });
  root.append(list);
  if (!commits.length) root.append(note(say("commits.none")));
  let drawn = 0;
  const end = document.createElement("li");
  end.ariaHidden = "true";
  end.className = "end";
  const more = (): void => {
    const to = Math.min(drawn + STEP, commits.length);
    const made = commits.slice(drawn, to).map((commit, at) => item(commit, all[drawn + at] as Lane, wide, date));
    drawn = to;
    end.remove();
    list.append(...made, ...(drawn < commits.length ? [end] : []));
  };
  const watching = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && more(), {
    root: null,
    rootMargin: "400px",
  });
  more();
  watching.observe(end);
  return {
    destroy() {
      watching.disconnect();
      root.replaceChildren();
    },
    focus: () => list.focus({ preventScroll: true }),
  };
}

function item({ sha, message, author, at }: Commit, lane: Lane, wide: number, date: Intl.DateTimeFormat): HTMLElement {
  const made = document.createElement("li");
  const words = document.createElement("div");
  const title = document.createElement("strong");
  title.dir = "auto";
  title.textContent = first(message) || sha.slice(0, 8);
  const about = document.createElement("span");
  const hash = document.createElement("code");
  hash.textContent = sha.slice(0, 8);
  about.append(...row(author, date.format(at * 1000), hash));
  words.append(title, about);
  const rest = message.split("\n").slice(1).join("\n").trim();
  if (rest) {
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.append(title);
    const body = document.createElement("pre");
    body.textContent = rest;
    details.append(summary, body);
    words.prepend(details);
  }
  const point = document.createElement("i");
  point.style.insetInlineStart = `${lane.column * COLUMN + COLUMN / 2}px`;
  made.append(graph(lane, wide), point, words);
  return made;
}

/** Names and dates beside each other, in whatever direction each is written. */

function graph({ column, lines }: Lane, wide: number): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${wide * COLUMN} ${HEIGHT}`);
  svg.setAttribute("width", String(wide * COLUMN));
  svg.setAttribute("preserveAspectRatio", "none"); // lines are as high as the row, the point keeps its shape
  svg.setAttribute("aria-hidden", "true");
  const x = (at: number): number => at * COLUMN + COLUMN / 2;
  const middle = HEIGHT / 2;
  for (const [from, to] of lines) {
    const path = document.createElementNS(SVG, "path");
    const own = from === column && to !== column ? middle : 0;
    const ends = to === column && from !== column ? middle : HEIGHT;
    path.setAttribute(
      "d",
      `M${x(from)} ${own}C${x(from)} ${(own + ends) / 2} ${x(to)} ${(own + ends) / 2} ${x(to)} ${ends}`,
    );
    svg.append(path);
  }
  return svg;
}
