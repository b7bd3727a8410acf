import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { bar, note } from "../../kit/controls.ts";
import { row } from "../../kit/facts.ts";
import style from "../tree/index.css?inline";
import { List } from "../tree/list.ts";
import { build } from "../tree/model.ts";
import css from "./index.css?inline";
import { entriesOf, first, readTree, urlOf } from "./shape.ts";

const HEIGHT = 32;
/** Rows until the list scrolls by itself and the README stays near. */
const MOST = 14;

/** A repository's files with their last commits, and its README below. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(style);
  stage.dress(css);
  const { signal, say, locale } = stage;
  const response = await fetch(shown.href, { signal });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
  const tree = readTree(await response.json());
  const number = new Intl.NumberFormat(locale);
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const status = document.createElement("span");
  status.className = "grow count";
  status.role = "status";
  const total = say("git.total", { n: number.format(tree.entries.filter(({ kind }) => kind !== "directory").length) });
  const list = new List(build(entriesOf(tree)), {
    id: `${shown.url} ${shown.type}`,
    name: shown.title,
    locale,
    filter: { label: say("git.filter") },
    words: { expand: say("git.expand"), collapse: say("git.collapse") },
    columns: [
      { key: "what", title: say("git.name"), sorts: "name", text: ({ name }) => name },
      { key: "message", title: say("git.message"), text: ({ entry }) => entry.more?.message ?? "" },
      { key: "author", title: say("git.author"), text: ({ entry }) => entry.more?.author ?? "" },
      {
        key: "at",
        title: say("git.date"),
        sorts: "at",
        text: ({ entry }) => (entry.at === null ? "" : date.format(entry.at)),
      },
    ],
    counted: (seen, filtered) => {
      const words = filtered ? `${say("git.found", { n: number.format(seen) })} · ${total}` : total;
      if (status.textContent !== words) status.textContent = words;
      keepHeight(seen);
    },
    open: ({ entry, name }) => stage.open({ url: entry.url as string, title: name }),
  });
  function keepHeight(seen: number): void {
    root.style.setProperty("--rows", `${(Math.min(seen, MOST) + 1) * HEIGHT + 2}px`);
  }
  const where = document.createElement("p");
  where.className = "where";
  const branch = document.createElement("strong");
  branch.textContent = tree.ref;
  where.append(branch);
  if (tree.commit) {
    const { sha, author, at, message } = tree.commit;
    const hash = document.createElement("code");
    hash.textContent = sha.slice(0, 8);
    const words = document.createElement("span");
    words.append(...row(author, first(message), date.format(at * 1000)));
    where.append(hash, words);
  }
  root.append(where, bar(say("git.controls"), list.field, list.toggle, status), list.root);
  if (tree.truncated) root.append(note(say("git.cut", { n: number.format(tree.entries.length) })));
  const readme = tree.entries.find(({ path }) => path === tree.readme);
  const address = readme && urlOf(tree, readme);
  if (address) {
    // in place, made and shown as any other file
    const view = document.createElement("omnic-view");
    view.url = address;
    view.type = "view";
    view.mode = "inline";
    view.setAttribute("loading", "lazy");
    view.alt = readme.path;
    const heading = document.createElement("h2");
    heading.textContent = readme.path.split("/").at(-1) ?? "";
    const section = document.createElement("section");
    section.className = "readme";
    section.append(heading, view);
    root.append(section);
  }
  if (shown.start) list.go(shown.start);
  return {
    destroy() {
      list.destroy();
      root.replaceChildren();
    },
    focus: () => list.focus(),
  };
}
