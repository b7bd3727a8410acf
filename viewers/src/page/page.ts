import { advise } from "./advice.ts";
import { type FormatFacts, type PossibleType, parseTarget } from "./catalogue.ts";
import { copyable } from "./copyable.ts";
import { announce, type Connection, lineTo, type OmnicView, say, sentence, type Told, WireError } from "./core.ts";
import { h } from "./dom.ts";
import { type Row, walk } from "./journey.ts";
import { Picker } from "./picker.ts";
import { readPlace, writePlace } from "./place.ts";
import { fileName, snippets } from "./share.ts";

interface Sample {
  name: string;
  title: string;
  address: string;
}

interface SiteFacts {
  samples?: (string | Sample)[];
  formats?: FormatFacts[];
  common?: string[];
  version?: string;
}

const BASE = new URL("../", import.meta.url);
const line = lineTo(BASE);
const site = JSON.parse(document.getElementById("omnic-site")?.textContent || "{}") as SiteFacts;
const samples = (site.samples ?? []).map((one) =>
  typeof one === "string" ? { name: fileName(one), title: "", address: one } : one,
);

let address = "";
let wanted = "";
let view: OmnicView | null = null;
let rows: Row[] = [];
let looking: AbortController | null = null;

// --- what stands on the page ------------------------------------------------------------------------------------------------

const field = h("input", {
  id: "address",
  type: "text",
  inputMode: "url",
  autocomplete: "off",
  autocapitalize: "off",
  spellcheck: false,
  placeholder: "https://example.org/report.docx",
  "aria-describedby": "address-problem",
});
const problem = h("p", { id: "address-problem", className: "problem", hidden: true });
const found = h("p", { className: "found", hidden: true });
const picker = new Picker({ make: (type) => start(type), common: site.common ?? [] });
const sampleList = h(
  "ul",
  { className: "samples" },
  ...samples.map(({ name, title, address }) =>
    h(
      "li",
      {},
      h(
        "button",
        { type: "button", onclick: () => void look(address, "") },
        h("span", { className: "badge" }, (/\.([\w]{1,5})$/.exec(name)?.[1] ?? "file").toUpperCase()),
        h("span", { className: "sample-name" }, title || name),
      ),
    ),
  ),
);

const ask = h(
  "section",
  { className: "ask", "aria-label": "Ask" },
  h(
    "form",
    {
      className: "address",
      onsubmit: (event: Event) => {
        event.preventDefault();
        void look(field.value.trim(), "");
      },
    },
    h("label", { for: "address" }, "Address of a file"),
    h("div", { className: "row" }, field, h("button", { className: "primary", type: "submit" }, "Look")),
    problem,
  ),
  samples.length > 0 &&
    h(
      "div",
      { className: "try" },
      h("h2", { className: "small" }, "Or try a sample"),
      sampleList,
      h("a", { href: "demo/" }, "See every kind in its viewer"),
    ),
  found,
  picker.root,
);

const heading = h("h2", { tabIndex: -1 });
const overall = h("progress", { max: 1, "aria-label": "The whole" });
const overallLabel = h("p", { className: "overall-label" });
const steps = h("ol", { className: "journey", "aria-label": "Steps" });
const trouble = h("div", { className: "trouble", role: "alert", hidden: true });
const stage = h("div", { className: "result" });
const links = h("p", { className: "links", hidden: true });
const share = h("section", { className: "share", "aria-labelledby": "share-title", hidden: true });
const progressBox = h("div", { className: "overall" }, overall, overallLabel);
const welcome = h(
  "div",
  { className: "welcome" },
  h("h2", {}, "Any file, as the type you want"),
  h(
    "ol",
    {},
    h(
      "li",
      {},
      h("strong", {}, "Give an address. "),
      "The file is fetched and looked at: its content decides what it is.",
    ),
    h("li", {}, h("strong", {}, "Pick a type. "), "The cheapest road there is found and walked in a sandbox."),
    h(
      "li",
      {},
      h("strong", {}, "Watch. "),
      "Every step tells how far it is, and every result has an address of its own.",
    ),
  ),
);
const show = h(
  "section",
  { className: "show", "aria-label": "Result", hidden: true },
  heading,
  progressBox,
  steps,
  trouble,
  stage,
  links,
  share,
);
const notice = h("p", { className: "notice", hidden: true });

const main = document.getElementById("omnic") ?? document.body.appendChild(h("main", { id: "omnic" }));
const title = main.querySelector("h1");
main.replaceChildren(
  ...(title
    ? [h("header", { className: "masthead" }, title, h("p", {}, "Any file from any address, as the type you want."))]
    : []),
  notice,
  h("div", { className: "layout" }, ask, h("div", { className: "pane" }, welcome, show)),
);

// --- looking at an address --------------------------------------------------------------------------------------------------

/** Fetch and detect what is there, list what it can become, and, where a type is known already, start it. */
async function look(url: string, type: string): Promise<void> {
  problem.hidden = true;
  field.removeAttribute("aria-invalid");
  if (!url) {
    complain("Give the address of a file first, or pick a sample.");
    field.focus();
    return;
  }
  looking?.abort();
  looking = new AbortController();
  const { signal } = looking;
  address = url;
  field.value = url;
  for (const button of sampleList.querySelectorAll("button")) {
    const index = [...sampleList.children].indexOf(button.parentElement as Element);
    button.setAttribute("aria-pressed", String(samples[index]?.address === url));
  }
  remember(type);
  clear();
  picker.empty();
  found.hidden = false;
  found.className = "found busy";
  found.textContent = `Looking at ${fileName(url)}`;
  if (type) start(type);
  try {
    const result = await line.call("types", { url }, signal);
    if (signal.aborted) return;
    const types = (Array.isArray(result.types) ? result.types : []) as PossibleType[];
    const format = String(result.format ?? "");
    const facts = site.formats?.find((one) => one.name === format);
    found.className = "found";
    found.replaceChildren(
      h("span", { className: "badge strong" }, format),
      h(
        "span",
        {},
        h("strong", {}, fileName(url)),
        h("br"),
        `${facts?.title ? `${facts.title}. ` : ""}${types.length} types to choose from`,
      ),
    );
    picker.fill(types, site.formats ?? [], type ? parseTarget(type) : null);
    announce(`${fileName(url)} is ${facts?.title || format}. It can become ${types.length} types.`);
  } catch (reason) {
    if (signal.aborted) return;
    found.hidden = true;
    const [what, advice] = advise(reason instanceof WireError ? reason.code : undefined);
    complain(`${what}. ${reason instanceof WireError ? `${reason.message} ` : ""}${advice}`);
    if (!type) field.focus();
  }
}

function complain(words: string): void {
  problem.textContent = words;
  problem.hidden = false;
  field.setAttribute("aria-invalid", "true");
  announce(words);
}

function remember(type: string): void {
  wanted = type;
  const hash = writePlace({ url: address, type });
  if (hash !== location.hash) history.pushState(null, "", hash);
  document.title = type
    ? `${fileName(address)} → ${type} · omnic-stream`
    : address
      ? `${fileName(address)} · omnic-stream`
      : "omnic-stream";
}

// --- making a type ----------------------------------------------------------------------------------------------------------

function clear(): void {
  view?.remove();
  view = null;
  rows = [];
  steps.replaceChildren();
  stage.replaceChildren();
  trouble.hidden = links.hidden = share.hidden = show.hidden = true;
  welcome.hidden = false;
}

function start(type: string): void {
  remember(type);
  clear();
  welcome.hidden = true;
  show.hidden = false;
  heading.replaceChildren(
    h("span", { className: "from" }, fileName(address)),
    h("span", { className: "arrow", "aria-hidden": "true" }, " → "),
    h("span", { className: "to" }, type),
  );
  progressBox.hidden = false;
  overall.removeAttribute("value");
  overallLabel.textContent = "Asking";
  drawShare();
  const element = document.createElement("omnic-view");
  element.setAttribute("server", BASE.href);
  element.setAttribute("url", address);
  element.setAttribute("type", type);
  const hear = ({ detail }: CustomEvent<Told>): void => told(element, detail);
  for (const name of ["omnic-progress", "omnic-ready", "omnic-failed"] as const) element.addEventListener(name, hear);
  view = element;
  stage.append(element);
  if (matchMedia("(max-width: 63rem)").matches) show.scrollIntoView({ block: "start" });
}

function told(from: OmnicView, event: Told): void {
  if (from !== view) return;
  rows = walk(rows, event);
  drawRows();
  const { state } = from;
  if (state.overall === null) overall.removeAttribute("value");
  else overall.value = state.overall;
  overallLabel.textContent = sentence(state);
  progressBox.hidden = state.phase === "ready" || state.phase === "failed";
  if (event.name === "ready") drawLinks(event);
  if (event.name === "failed") drawTrouble(event);
}

/** Rows are kept by their id, so that bars move instead of being born again. */
function drawRows(): void {
  const old = new Map([...steps.children].map((item) => [(item as HTMLElement).dataset.id, item as HTMLElement]));
  steps.replaceChildren(
    ...rows.map((row) => {
      const item =
        old.get(row.id) ??
        h(
          "li",
          {},
          h("span", { className: "dot" }),
          h("span", { className: "name" }),
          h("span", { className: "detail" }),
        );
      item.dataset.id = row.id;
      item.dataset.state = row.state;
      (item.children[1] as HTMLElement).textContent = row.title;
      (item.children[2] as HTMLElement).textContent = row.detail;
      let bar = item.querySelector("progress");
      if (row.state !== "now") bar?.remove();
      else {
        if (!bar) {
          bar = h("progress", { max: 1 });
          item.append(bar);
        }
        bar.setAttribute("aria-label", row.title);
        bar.classList.toggle("estimated", row.estimated);
        if (row.fraction === null) bar.removeAttribute("value");
        else bar.value = Math.min(row.fraction, 1);
      }
      return item;
    }),
  );
}

function drawLinks(event: Told): void {
  const href = event.href ? new URL(event.href, BASE).href : line.mediaUrl({ url: address, type: wanted });
  links.replaceChildren(
    h("a", { href, target: "_blank", rel: "noopener", className: "button" }, "Open alone"),
    h(
      "a",
      {
        href,
        download: `${fileName(address).replace(/\.[^.]*$/, "")}.${parseTarget(wanted).type.split(".").pop()}`,
        className: "button",
      },
      say("download"),
    ),
    h("span", { className: "facts" }, event.media_type ?? ""),
  );
  links.hidden = false;
}

function drawTrouble(event: Told): void {
  const [what, advice] = advise(event.code);
  const possible = (event.possible?.length || event.code !== "no_road" ? (event.possible ?? []) : picker.names).slice(
    0,
    24,
  );
  const parts = h(
    "div",
    {},
    h("h3", {}, what),
    h("p", {}, event.message ?? ""),
    h("p", { className: "advice" }, advice),
    possible.length > 0 &&
      h(
        "div",
        { className: "chips", role: "group", "aria-label": "Types that it can become" },
        ...possible.map((type) =>
          h("button", { type: "button", className: "chip", onclick: () => start(type.toLowerCase()) }, type),
        ),
      ),
    event.missing?.length ? h("p", { className: "advice" }, `Missing here: ${event.missing.join(", ")}.`) : "",
    h("button", { type: "button", className: "button", onclick: () => start(wanted) }, say("retry")),
  );
  trouble.replaceChildren(parts);
  trouble.hidden = false;
}

function drawShare(): void {
  const { link, curl, embed } = snippets(BASE, { url: address, type: wanted });
  share.replaceChildren(
    h("h3", { id: "share-title" }, "Take it with you"),
    copyable("Media URL", link),
    copyable("curl", curl),
    copyable("Script tag", embed),
  );
  share.hidden = false;
}

// --- the world ---------------------------------------------------------------------------------------------------------------

line.addEventListener("connection", (event) => {
  const { detail } = event as CustomEvent<Connection>;
  notice.hidden = detail.state === "open";
  notice.textContent = detail.state === "open" ? "" : say(detail.reason === "garbage" ? "garbage" : "lost");
  announce(notice.textContent);
});

function arrive(): void {
  const place = readPlace(location.hash);
  if (place.url && (place.url !== address || !picker.filled)) void look(place.url, place.type);
  else if (place.url && place.type && place.type !== wanted) {
    picker.choose(parseTarget(place.type));
    start(place.type);
  } else if (!place.type) clear();
}

addEventListener("popstate", arrive);
arrive();
