/** The document's outline as a tree (WAI-ARIA Authoring Practices, Tree View): arrows move, Enter goes there. */

import { make } from "../../kit/find/controls.ts";
import type { Destination } from "./links.ts";

export interface Entry {
  readonly title: string;
  readonly dest: Destination;
  readonly items: readonly Entry[];
}

const MOST_ENTRIES = 5_000;
const DEEPEST = 12;

/** `choose` hears the destination. */
export function outlineTree(
  entries: readonly Entry[],
  label: string,
  choose: (destination: Destination) => void,
): HTMLElement {
  let left = MOST_ENTRIES;
  const destinations = new Map<Element, Destination>();
  const build = (list: readonly Entry[], depth: number, box: HTMLElement): HTMLElement => {
    for (const { title, dest, items } of list) {
      left -= 1;
      if (left < 0) break;
      const words = make("span", "", title.trim() || "–");
      const item = make("li", "", words);
      item.role = "treeitem";
      item.tabIndex = -1;
      item.ariaLabel = words.textContent;
      destinations.set(item, dest);
      if (items.length && depth < DEEPEST) {
        item.ariaExpanded = String(depth === 0);
        const group = build(items, depth + 1, make("ul"));
        group.role = "group";
        item.append(group);
      }
      box.append(item);
    }
    return box;
  };
  const tree = build(entries, 0, make("ul", "outline"));
  tree.role = "tree";
  tree.ariaLabel = label;

  const itemOf = (event: Event): HTMLElement | null => (event.target as Element).closest("[role=treeitem]");
  const visible = (): HTMLElement[] =>
    [...tree.querySelectorAll<HTMLElement>("[role=treeitem]")].filter(
      (item) => !item.parentElement?.closest('[aria-expanded="false"]'),
    );
  const focus = (item: HTMLElement | null | undefined): void => {
    if (!item) return;
    tree.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    item.tabIndex = 0;
    item.focus();
  };
  const fold = (item: HTMLElement, open: boolean): void => {
    if (item.ariaExpanded) item.ariaExpanded = String(open);
  };
  tree.addEventListener("click", (event) => {
    const item = itemOf(event);
    if (!item) return;
    // What is before the words is the triangle that folds.
    if (event.target === item && item.ariaExpanded) fold(item, item.ariaExpanded === "false");
    else choose(destinations.get(item));
    focus(item);
  });
  tree.addEventListener("keydown", (event) => {
    const item = itemOf(event);
    if (!item) return;
    const all = visible();
    const at = all.indexOf(item);
    const [inward, outward] =
      getComputedStyle(tree).direction === "rtl" ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
    if (event.key === "ArrowDown") focus(all[at + 1]);
    else if (event.key === "ArrowUp") focus(all[at - 1]);
    else if (event.key === "Home") focus(all[0]);
    else if (event.key === "End") focus(all.at(-1));
    else if (event.key === "Enter" || event.key === " ") choose(destinations.get(item));
    else if (event.key === inward) {
      if (item.ariaExpanded === "false") fold(item, true);
      else focus(item.querySelector<HTMLElement>("[role=treeitem]"));
    } else if (event.key === outward) {
      if (item.ariaExpanded === "true") fold(item, false);
      else focus(item.parentElement?.closest<HTMLElement>("[role=treeitem]"));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const first = tree.querySelector<HTMLElement>("[role=treeitem]");
  if (first) first.tabIndex = 0;
  return tree;
}
