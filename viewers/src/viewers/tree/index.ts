import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { bar, note } from "../../kit/controls.ts";
import css from "./index.css?inline";
import { List } from "./list.ts";
import { deepest, entriesOf, type Listing } from "./listing.ts";
import { build } from "./model.ts";

/** What an archive or a package holds; each file opens in its own viewer. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(css);
  const { signal, say, size, locale } = stage;
  const response = await fetch(shown.href, { signal });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
  const listing = (await response.json()) as Listing;
  const entries = entriesOf(listing, shown.url, { encrypted: say("tree.encrypted"), unsafe: say("tree.unsafe") });
  const told = listing.payload ?? listing;
  const number = new Intl.NumberFormat(locale);
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const status = document.createElement("span");
  status.className = "grow count";
  status.role = "status";
  const total = say("tree.total", { n: number.format(told.count ?? entries.length), size: size(told.size ?? 0) });
  const list = new List(build(entries), {
    id: `${shown.url} ${shown.type}`,
    name: shown.title,
    locale,
    filter: { label: say("tree.filter") },
    words: { expand: say("tree.expand"), collapse: say("tree.collapse") },
    columns: [
      { key: "what", title: say("tree.name"), sorts: "name", text: ({ name }) => name },
      {
        key: "size",
        title: say("tree.size"),
        sorts: "size",
        text: ({ entry }) => (entry.size === null ? "" : size(entry.size)),
      },
      {
        key: "at",
        title: say("tree.modified"),
        sorts: "at",
        text: ({ entry }) => (entry.at === null ? "" : date.format(entry.at)),
      },
    ],
    counted: (seen, filtered) => {
      const words = filtered ? `${say("tree.found", { n: number.format(seen) })} · ${total}` : total;
      if (status.textContent !== words) status.textContent = words;
    },
    open: ({ entry, name }) => stage.open({ url: entry.url as string, title: name }),
  });
  root.append(bar(say("tree.controls"), list.field, list.toggle, status), list.root);
  const notes: string[] = [];
  if (!entries.length) notes.push(say("tree.empty"));
  if (told.truncated) notes.push(say("tree.cut", { n: number.format(entries.length) }));
  if (deepest(shown.url)) notes.push(say("tree.nested"));
  for (const words of notes) root.append(note(words));
  if (shown.start) list.go(shown.start);
  return {
    destroy() {
      list.destroy();
      root.replaceChildren();
    },
    focus: () => list.focus(),
  };
}
