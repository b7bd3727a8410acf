/** A conversion with its whole log, as the wire tells it. */

import { advance, IDLE, lineTo, OmnicView, type State, settled, type Told, type Watch } from "../page/core.ts";
import { h } from "../page/dom.ts";

const BASE = new URL("../", document.baseURI);
const HIDDEN = new Set(["name", "key", "url", "type", "seq", "at"]);

export function trialSection(): HTMLElement {
  const address = h("input", { id: "trial-url", name: "url", required: true, spellcheck: false, autocomplete: "off" });
  address.setAttribute("list", "samples");
  const type = h("input", { id: "trial-type", name: "type", required: true, spellcheck: false, autocomplete: "off" });
  type.setAttribute("list", "formats");
  type.value = "thumb.webp:320x240";
  const log = h("tbody");
  const table = h(
    "table",
    { className: "log", hidden: true },
    h("caption", {}, "What the service told, in order"),
    h("thead", {}, h("tr", {}, ...["#", "s", "event", "facts"].map((word) => h("th", { scope: "col" }, word)))),
    log,
  );
  const result = h("div", { className: "result" });
  let watch: Watch | null = null;

  function start(event: Event): void {
    event.preventDefault();
    watch?.close();
    log.replaceChildren();
    table.hidden = false;
    const wanted = { url: address.value.trim(), type: type.value.trim() };
    const began = performance.now();
    let state: State = IDLE;
    watch = lineTo(BASE).watch(
      wanted,
      (told: Told) => {
        state = advance(state, told);
        log.append(row(told, (performance.now() - began) / 1000));
        if (settled(state)) watch?.close();
      },
      1,
    );
    const view = new OmnicView();
    Object.assign(view, { server: BASE.href, ...wanted });
    result.replaceChildren(view);
  }

  return h(
    "section",
    { className: "panel", "aria-labelledby": "trial" },
    h("h2", { id: "trial" }, "Try a conversion"),
    h(
      "form",
      { className: "question", onsubmit: start },
      h("label", { for: "trial-url" }, "Address", address),
      h("label", { for: "trial-type" }, "Type", type),
      h("button", { className: "primary" }, "Convert"),
    ),
    h(
      "div",
      { className: "beside" },
      h("div", { className: "scroll", tabIndex: 0, role: "group", "aria-label": "Log" }, table),
      result,
    ),
  );
}

function row(told: Told, seconds: number): HTMLElement {
  const facts = Object.entries(told as object)
    .filter(([name, value]) => !HIDDEN.has(name) && value !== null && value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  return h(
    "tr",
    {},
    h("td", {}, String(told.seq ?? "")),
    h("td", {}, seconds.toFixed(2)),
    h("th", { scope: "row" }, told.name),
    h("td", {}, facts.join(", ")),
  );
}
