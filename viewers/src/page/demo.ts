/** The shop window at /demo/: every file that the service shows, as a thumbnail that opens in its viewer. */

import "../core/index.ts";
import { h } from "./dom.ts";

interface File {
  name: string;
  src: string;
  thumb: string;
  format: string;
  category: string;
}

const BASE = new URL("../", import.meta.url);
const { files = [] } = JSON.parse(document.getElementById("omnic-site")?.textContent || "{}") as { files?: File[] };

/** Categories of Formats, gathered under what a person would look for; in this order. */
const SHELVES: readonly (readonly [string, readonly string[]])[] = [
  ["Pictures", ["raster"]],
  ["Drawings", ["vector"]],
  ["Pages and office", ["page", "office", "presentation", "spreadsheet", "ebook"]],
  ["Text and markup", ["text", "markup", "notebook", "mail", "calendar", "subtitle"]],
  ["Code", ["code"]],
  ["Tables and data", ["table", "data"]],
  ["Sound and film", ["audio", "video"]],
  ["Models", ["mesh"]],
  ["Molecules", ["molecule"]],
  ["Maps", ["geo"]],
  ["Archives and packages", ["archive", "package"]],
  ["Fonts", ["font"]],
  ["Programs and the rest", []],
];

/** An address below the service, wherever a proxy has put that. */
const here = (path: string): string => new URL(path.replace(/^\//, ""), BASE).href;

const used = new Set<string>();

/** Ids are names, for an address that can be read: #view=letter.docx. */
function id(name: string): string {
  let free = name;
  for (let n = 2; used.has(free); n++) free = `${name}-${n}`;
  used.add(free);
  return free;
}

function card({ name, src, thumb, format }: File): HTMLElement {
  const view = document.createElement("omnic-view");
  view.id = id(name);
  view.server = BASE.href;
  view.src = here(src);
  view.thumb = here(thumb);
  view.alt = name;
  view.setAttribute("loading", "lazy");
  return h(
    "li",
    { className: "card" },
    view,
    h("span", { className: "card-name" }, name),
    h("span", { className: "card-format" }, format),
  );
}

const shelfOf = ({ category }: File): string =>
  SHELVES.find(([, categories]) => categories.includes(category))?.[0] ?? "Programs and the rest";

const shelves = SHELVES.map(([title]) => ({ title, files: files.filter((file) => shelfOf(file) === title) })).filter(
  ({ files }) => files.length,
);
const found = h("p", { className: "found-count", role: "status" });
const search = h("input", { type: "search", "aria-label": "Find a file", placeholder: "Name or format" });
const sections = shelves.map(({ title, files }) =>
  h(
    "section",
    { "aria-label": title, className: "shelf" },
    h("h2", {}, title),
    h("ul", { className: "cards" }, ...files.map(card)),
  ),
);

search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const section of sections) {
    let some = false;
    for (const item of section.querySelectorAll<HTMLElement>(".card")) {
      const text = item.textContent?.toLowerCase() ?? "";
      item.hidden = !words.every((word) => text.includes(word));
      if (!item.hidden) count += 1;
      some ||= !item.hidden;
    }
    section.hidden = !some;
  }
  found.textContent = words.length ? `${count} of ${files.length} files` : "";
});

const main = document.getElementById("omnic") ?? document.body.appendChild(h("main", { id: "omnic" }));
main.classList.add("demo");
main.replaceChildren(
  h(
    "header",
    { className: "masthead" },
    h("h1", {}, "omnic-stream"),
    h("p", {}, `${files.length} files, each in its own viewer. Open one, then leaf with the arrow keys.`),
    h("a", { href: BASE.href, className: "button" }, "Convert a file"),
  ),
  h("div", { className: "demo-find" }, search, found),
  ...sections,
);
document.title = "Demo · omnic-stream";
