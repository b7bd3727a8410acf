import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { row } from "../../kit/facts.ts";
import { button, make } from "../../kit/find/controls.ts";
import parts from "../../kit/find/find.css?inline";
import { finder } from "../../kit/find/find.ts";
import css from "./index.css?inline";
import { startLine } from "./lines.ts";
import { Paper } from "./paper.ts";
import { Source } from "./source.ts";

/** Milliseconds after which the search for a line far below lets the page draw. */
const BREATH = 40;

/** Plain text: its first part at once, more as one scrolls. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(parts);
  stage.dress(css);
  const { signal, say, size } = stage;
  const numbers = new Intl.NumberFormat(stage.locale);
  const source = new Source(shown.href, shown.bytes, signal);
  const paper = new Paper(shown.title);
  const facts = make("span", "facts");
  const failure = make("p", "failure");
  failure.role = "alert";
  failure.hidden = true;

  const find = finder(
    stage,
    (query) => tell(paper.search(query)),
    (by) => tell(paper.step(by)),
    () => {
      paper.search("");
      search.ariaExpanded = "false";
      paper.scroller.focus();
    },
  );
  const tell = ({ at, total }: { at: number; total: number }): void => find.tell(at, total, !source.done);
  const seek = (): void => {
    search.ariaExpanded = "true";
    find.open();
  };
  const search = button("search", say("find.what"), () => (find.bar.hidden ? seek() : find.close()));
  search.ariaExpanded = "false";
  const wrap = button("wrap", say("text.wrap"), () => {
    wrap.ariaPressed = String(paper.wrap());
  });
  wrap.ariaPressed = "true";
  const start = button("up", say("text.start"), () => void jump(false));
  const end = button("down", say("text.end"), () => void jump(true));
  const bar = make("div", "tools", start, end, facts, make("span", "rest"), wrap, search);
  bar.role = "toolbar";
  bar.ariaLabel = say("text.tools");
  root.append(bar, find.bar, failure, paper.scroller);

  let running: Promise<void> | null = null;
  const more = (): Promise<void> => {
    running ??= source
      .more()
      .then((lines) => {
        paper.add(lines);
        if (find.query) tell(paper.again());
        const known = row(
          source.done && paper.numbered ? say("text.lines", { n: numbers.format(paper.last) }) : "",
          source.size === null ? "" : size(source.size),
          source.encoding.toUpperCase(),
        );
        facts.replaceChildren(...known);
      })
      .finally(() => {
        running = null;
      });
    return running;
  };
  const need = async (): Promise<void> => {
    try {
      while (!source.done && paper.isShort && !signal.aborted) await more();
    } catch (reason) {
      if (signal.aborted) return;
      failure.hidden = false;
      failure.textContent = say("text.failed", { reason: (reason as Error).message });
    }
  };
  /** The end of a long file is read from there, without the numbers of its lines. */
  const jump = async (toEnd: boolean): Promise<void> => {
    await running?.catch(() => {});
    if (toEnd ? !source.done : !paper.numbered) {
      source.rewind(toEnd);
      paper.clear();
      await need();
      while (toEnd && !source.done && !signal.aborted) await more();
      if (find.query) tell(paper.search(find.query));
    }
    paper.scroller.scrollTop = toEnd ? paper.scroller.scrollHeight : 0;
  };
  paper.scroller.addEventListener("scroll", () => void need(), { passive: true, signal });
  const sized = new ResizeObserver(() => void need());
  root.addEventListener(
    "keydown",
    (event) => {
      const { key } = event;
      if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "f") seek();
      else if ((key === "Home" || key === "End") && !(event.composedPath()[0] as Element).matches("input"))
        void jump(key === "End");
      else return;
      event.preventDefault();
    },
    { signal },
  );

  await more();
  sized.observe(paper.scroller);
  const wanted = startLine(shown.start);
  if (wanted) {
    void (async () => {
      let since = performance.now();
      while (!source.done && paper.last < wanted && !signal.aborted) {
        await more();
        if (performance.now() - since < BREATH) continue;
        await new Promise((done) => setTimeout(done));
        since = performance.now();
      }
      if (!signal.aborted) paper.point(wanted);
    })().catch(() => {}); // what is there stays
  }
  return {
    destroy: () => {
      sized.disconnect();
      paper.destroy();
    },
    focus: () => paper.scroller.focus(),
  };
}
