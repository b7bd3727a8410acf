/** What becomes of every format: by plan, and, where there is a report of the zoo, by proof. */

import { h } from "../page/dom.ts";
import { ask } from "./ask.ts";

interface Cell {
  steps?: number;
  loss?: number;
  ms?: number;
  missing?: string[];
}

interface Line {
  format: string;
  title: string;
  category: string;
  cells: Record<string, Cell | null>;
}

interface Outcome {
  path: string;
  format: string;
  target: string;
  state: string;
  reason: string;
}

interface Matrix {
  columns: string[];
  rows: Line[];
  zoo: { right: number; all: number; outcomes: Outcome[] } | null;
}

export function matrixSection(): HTMLElement {
  const filter = h("input", { id: "filter", type: "search", placeholder: "a format or a kind", autocomplete: "off" });
  const shown = h("div", {
    className: "scroll",
    tabIndex: 0,
    role: "group",
    "aria-label": "Formats and what they become",
  });
  const proof = h("div", { className: "scroll", tabIndex: 0, role: "group", "aria-label": "The zoo" });
  shown.append(h("p", { className: "found busy" }, "Asking for every road ..."));
  let known: Matrix | null = null;

  function draw(): void {
    if (!known) return;
    const word = filter.value.trim().toLowerCase();
    const fits = (...words: string[]) => words.join(" ").toLowerCase().includes(word);
    const { columns, zoo } = known;
    shown.replaceChildren(
      table(
        columns,
        known.rows.filter((row) => fits(row.format, row.title, row.category)),
      ),
    );
    if (zoo) proof.replaceChildren(...zooTable(zoo, fits));
  }

  filter.addEventListener("input", draw);
  ask<Matrix>("matrix").then(
    (matrix) => {
      known = matrix;
      draw();
    },
    (error: Error) => shown.replaceChildren(h("p", { className: "problem" }, error.message)),
  );
  return h(
    "section",
    { className: "panel", "aria-labelledby": "matrix" },
    h("h2", { id: "matrix" }, "Every format, and what it becomes"),
    h(
      "p",
      { className: "legend" },
      "The number is that of steps. ",
      ...["as it is", "little is lost", "styling or layout", "pixels or a part", "a tool is missing"].map(
        (text, place) => h("span", { className: `cell l${place}` }, text),
      ),
    ),
    h("label", { for: "filter", className: "filter" }, "Show", filter),
    shown,
    proof,
  );
}

function grade(cell: Cell | null | undefined): [className: string, text: string, title: string] {
  if (!cell) return ["cell none", "", "no road"];
  if (cell.missing) return ["cell l4", "+", `needs ${cell.missing.join(", ")}`];
  const { steps = 0, loss = 0, ms = 0 } = cell;
  const level = steps === 0 ? 0 : loss <= 1 ? 1 : loss <= 3 ? 2 : 3;
  return [`cell l${level}`, String(steps), steps ? `${steps} steps, loss ${loss}, about ${ms} ms` : "is it already"];
}

function table(columns: readonly string[], rows: readonly Line[]): HTMLElement {
  const kinds = [...new Set(rows.map((row) => row.category))];
  return h(
    "table",
    { className: "matrix" },
    h(
      "thead",
      {},
      h("tr", {}, h("th", { scope: "col" }, "format"), ...columns.map((one) => h("th", { scope: "col" }, one))),
    ),
    ...kinds.map((kind) =>
      h(
        "tbody",
        {},
        h("tr", {}, h("th", { colSpan: columns.length + 1, scope: "rowgroup", className: "kind" }, kind)),
        ...rows
          .filter((row) => row.category === kind)
          .map((row) =>
            h(
              "tr",
              {},
              h("th", { scope: "row", title: row.title }, row.format),
              ...columns.map((column) => {
                const [className, text, title] = grade(row.cells[column]);
                return h("td", { className, title }, text);
              }),
            ),
          ),
      ),
    ),
  );
}

function zooTable(zoo: NonNullable<Matrix["zoo"]>, fits: (...words: string[]) => boolean): HTMLElement[] {
  const bySpecimen = new Map<string, Outcome[]>();
  for (const one of zoo.outcomes) bySpecimen.set(one.path, [...(bySpecimen.get(one.path) ?? []), one]);
  return [
    h("h3", {}, `The zoo: ${zoo.right} of ${zoo.all}`),
    h(
      "table",
      { className: "matrix zoo" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "specimen"), h("th", { scope: "col" }, "results"))),
      h(
        "tbody",
        {},
        ...[...bySpecimen]
          .filter(([path, outcomes]) => fits(path, outcomes[0]?.format ?? ""))
          .map(([path, outcomes]) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, path),
              h(
                "td",
                {},
                ...outcomes.map((one) =>
                  h(
                    "span",
                    { className: `cell ${one.state === "right" ? "l1" : "wrong"}`, title: one.reason || one.state },
                    `${one.state === "right" ? "" : "✗ "}${one.target}`,
                  ),
                ),
              ),
            ),
          ),
      ),
    ),
  ];
}
