/** The line above the pages, the outline beside them and the keys. */

import type { Stage } from "../../core/registry.ts";
import { button, make } from "../../kit/find/controls.ts";
import { finder } from "../../kit/find/find.ts";
import { goalOf } from "./links.ts";
import { Matches } from "./matches.ts";
import { type Entry, outlineTree } from "./outline.ts";
import { MOST_PAGES, type Reader } from "./reader.ts";

export async function tools(root: HTMLElement, bar: HTMLElement, reader: Reader, stage: Stage): Promise<void> {
  const { say, signal } = stage;
  const { document: file, scroller, sheets } = reader;

  const number = Object.assign(make("input"), {
    inputMode: "numeric",
    ariaLabel: say("pdf.number"),
    autocomplete: "off",
  });
  number.style.setProperty("--digits", String(Math.max(2, String(sheets.length).length)));
  number.addEventListener("change", () => {
    const asked = Number.parseInt(number.value, 10);
    if (Number.isFinite(asked)) reader.goTo({ page: asked, top: null });
    draw();
  });
  number.addEventListener("focus", () => number.select());
  const previous = button("up", say("pdf.previous"), () => reader.turn(-1));
  const next = button("down", say("pdf.next"), () => reader.turn(1));
  for (const one of [previous, next]) one.classList.add("turn");
  const percent = make("span", "zoom");
  const width = button("width", say("pdf.width"), () => reader.fitTo(reader.fit === "width" ? "auto" : "width"));

  const matches = new Matches(reader, (at, total, more) => find.tell(at, total, more));
  const find = finder(
    stage,
    (query) => void matches.search(query),
    (by) => matches.go(by),
    () => {
      matches.leave();
      search.ariaExpanded = "false";
      if (find.bar.contains((root.getRootNode() as ShadowRoot).activeElement)) scroller.focus();
    },
  );
  const seek = (): void => {
    search.ariaExpanded = "true";
    find.open();
  };
  const search = button("search", say("find.what"), () => (find.bar.hidden ? seek() : find.close()));
  search.ariaExpanded = "false";

  const numberFormat = new Intl.NumberFormat(stage.locale);
  const percentFormat = new Intl.NumberFormat(stage.locale, { style: "percent" });
  const draw = (): void => {
    if ((root.getRootNode() as ShadowRoot).activeElement !== number) number.value = String(reader.page);
    previous.disabled = reader.page <= 1;
    next.disabled = reader.page >= sheets.length;
    percent.textContent = percentFormat.format(reader.zoom);
    width.ariaPressed = String(reader.fit === "width");
  };
  reader.changed = draw;

  bar.append(
    previous,
    next,
    number,
    make("span", "total", say("pdf.of", { total: numberFormat.format(sheets.length) })),
    make("span", "rest"),
    button("smaller", say("pdf.smaller"), () => reader.step(false)),
    percent,
    button("larger", say("pdf.larger"), () => reader.step(true)),
    width,
    button("rotate", say("pdf.rotate"), () => reader.rotate()),
    search,
  );
  bar.after(find.bar);
  draw();
  if (file.numPages > sheets.length) {
    const note = say("pdf.many", { n: numberFormat.format(MOST_PAGES), total: numberFormat.format(file.numPages) });
    find.bar.after(make("p", "note", note));
  }

  root.addEventListener(
    "keydown",
    (event) => {
      const { key } = event;
      if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "f") {
        event.preventDefault();
        seek();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if ((event.composedPath()[0] as Element).matches("input")) return;
      if (key === "PageDown" || key === "PageUp") reader.turn(key === "PageDown" ? 1 : -1);
      else if (key === "Home" || key === "End") reader.goTo({ page: key === "Home" ? 1 : sheets.length, top: null });
      else if (key === "+" || key === "=" || key === "-") reader.step(key !== "-");
      else {
        // Sideways where the page is wider than its window: the arrows are the window's, not the gallery's.
        if (/^Arrow(Left|Right)$/.test(key) && scroller.hasAttribute("data-drag")) event.stopPropagation();
        return;
      }
      event.preventDefault();
    },
    { signal },
  );

  const entries = ((await file.getOutline().catch(() => null)) ?? []) as readonly Entry[];
  if (signal.aborted || !entries.length) return;
  const tree = outlineTree(entries, say("pdf.outline"), (destination) => {
    void goalOf(file, destination).then((goal) => {
      if (goal && !signal.aborted) reader.goTo(goal);
    });
  });
  const side = make("div", "side", tree);
  side.hidden = true;
  scroller.before(side);
  const toggle = button("outline", say("pdf.outline"), () => {
    side.hidden = !side.hidden;
    toggle.ariaExpanded = String(!side.hidden);
    if (!side.hidden) tree.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  });
  toggle.ariaExpanded = "false";
  bar.prepend(toggle);
}
