/** Roads between two formats: a picture of them, each in words, and what a missing tool would open. */

import { h } from "../page/dom.ts";
import { ask } from "./ask.ts";

interface Step {
  converter: string;
  from: string;
  to: string;
  ms: number;
  loss: string;
  tools: string[];
}

export interface Plan {
  steps: Step[];
  ms: number;
  loss: number;
  missing?: string[];
}

interface Roads {
  from: string;
  to: string;
  plans: Plan[];
  opened: Plan | null;
  none?: string;
}

const LOSSES: Readonly<Record<string, string>> = {
  none: "loses nothing",
  reencodes: "compresses again",
  restyles: "approximates the layout",
  rasterises: "makes pixels of it",
  extracts: "keeps a part",
};

export function roadsSection(profiles: readonly string[]): HTMLElement {
  const from = h("input", { id: "road-from", required: true, value: "DOCX", spellcheck: false, autocomplete: "off" });
  const to = h("input", {
    id: "road-to",
    required: true,
    value: "thumb.png:200x200",
    spellcheck: false,
    autocomplete: "off",
  });
  for (const input of [from, to]) input.setAttribute("list", "formats");
  const profile = h(
    "select",
    { id: "road-profile" },
    h("option", { value: "" }, "none"),
    ...profiles.map((name) => h("option", { value: name }, name)),
  );
  const shown = h("div", { className: "roads", "aria-live": "polite" });

  async function look(event?: Event): Promise<void> {
    event?.preventDefault();
    const asked = new URLSearchParams({ from: from.value.trim(), to: to.value.trim() });
    if (profile.value) asked.set("profile", profile.value);
    try {
      shown.replaceChildren(...told(await ask<Roads>(`roads?${asked}`)));
    } catch (error) {
      shown.replaceChildren(h("p", { className: "problem" }, (error as Error).message));
    }
  }

  void look();
  return h(
    "section",
    { className: "panel", "aria-labelledby": "roads" },
    h("h2", { id: "roads" }, "Roads between formats"),
    h(
      "form",
      { className: "question", onsubmit: look },
      h("label", { for: "road-from" }, "From", from),
      h("label", { for: "road-to" }, "To", to),
      profiles.length > 0 && h("label", { for: "road-profile" }, "Profile", profile),
      h("button", { className: "primary" }, "Show"),
    ),
    shown,
  );
}

function told(roads: Roads): (Node | string)[] {
  const all = [...roads.plans, ...(roads.opened ? [roads.opened] : [])].filter((plan) => plan.steps.length);
  return [
    ...(roads.none ? [h("p", { className: "problem" }, roads.none)] : []),
    ...(all.length ? [picture(all, roads)] : []),
    h(
      "ol",
      { className: "plans" },
      ...roads.plans.map((plan, place) => h("li", {}, words(plan, place === 0 ? "Taken. " : ""))),
    ),
    ...(roads.opened
      ? [h("p", {}, h("strong", {}, `With ${roads.opened.missing?.join(", ")} installed: `), words(roads.opened, ""))]
      : []),
  ];
}

function words(plan: Plan, before: string): HTMLElement {
  if (!plan.steps.length) return h("span", {}, `${before}It is what is asked for.`);
  const way = plan.steps.map(
    (step) => `${step.from} → ${step.to} by ${step.converter} (${LOSSES[step.loss]}, ${step.ms} ms)`,
  );
  return h("span", {}, `${before}${way.join("; ")}. About ${plan.ms} ms, loss ${plan.loss}.`);
}

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 128;
const GAP = 118;
const HIGH = 34;
const APART = 74;

function s(tag: string, values: Readonly<Record<string, string | number>>, text = ""): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(values)) made.setAttribute(name, String(value));
  made.textContent = text;
  return made;
}

/** One row a plan; the first and the last format stand once, in the middle, and boxes of one name and column are one. */
function picture(plans: readonly Plan[], { from, to }: Roads): HTMLElement {
  const most = Math.max(...plans.map((plan) => plan.steps.length));
  const middle = ((plans.length - 1) * APART) / 2;
  const x = (column: number) => 1 + column * (WIDE + GAP);
  const drawing = s("svg", {
    viewBox: `0 0 ${x(most) + WIDE + 1} ${(plans.length - 1) * APART + HIGH + 30}`,
    width: x(most) + WIDE + 1,
    role: "img",
    "aria-label": `${plans.length} roads from ${from} to ${to}; they stand below in words`,
  });
  const boxes = new Map<string, number>();
  const edges = new Map<string, string[]>();
  const box = (name: string, column: number, row: number): number => {
    const key = `${column} ${name}`;
    const known = boxes.get(key);
    if (known !== undefined) return known;
    const y = 22 + (column === 0 || column === most ? middle : row * APART);
    boxes.set(key, y);
    drawing.append(
      s("rect", { x: x(column), y, width: WIDE, height: HIGH, rx: 8, class: "node" }),
      s("text", { x: x(column) + WIDE / 2, y: y + HIGH / 2 + 4, class: "name" }, name),
    );
    return y;
  };
  plans.forEach((plan, row) => {
    plan.steps.forEach((step, place) => {
      const last = place === plan.steps.length - 1;
      const [a, b] = [place, last ? most : place + 1];
      const [y0, y1] = [box(step.from, a, row) + HIGH / 2, box(step.to, b, row) + HIGH / 2];
      const [x0, x1] = [x(a) + WIDE, x(b)];
      const key = `${a} ${step.from} ${b} ${step.to}`;
      const beside = edges.get(key) ?? [];
      if (beside.includes(step.converter)) return;
      edges.set(key, [...beside, step.converter]);
      const missing = plan.missing ? " missing" : "";
      const bend = Math.min(60, (x1 - x0) / 2);
      if (!beside.length)
        drawing.append(
          s("path", { d: `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`, class: `edge${missing}` }),
        );
      const below = beside.length * 14 - 6;
      drawing.append(s("text", { x: (x0 + x1) / 2, y: (y0 + y1) / 2 + below, class: "by" }, step.converter));
    });
  });
  return h(
    "div",
    { className: "scroll picture", tabIndex: 0, role: "group", "aria-label": "Picture of the roads" },
    drawing,
  );
}
