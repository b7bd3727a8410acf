import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { make } from "../../kit/find/controls.ts";
import parts from "../../kit/find/find.css?inline";
import css from "./index.css?inline";
import { startPage } from "./layout.ts";

/** Pixels across of the picture that is there before the library is. */
const WIDTH = 1200;

/** A PDF: at once the server's picture of its page, then its pages themselves. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(parts);
  stage.dress(css);
  const { signal, say } = stage;
  const page = startPage(shown.start);
  const bar = make("div", "tools");
  bar.role = "toolbar";
  bar.ariaLabel = say("pdf.tools");
  const scroller = make("div", "pages");
  scroller.tabIndex = 0;
  scroller.role = "region";
  scroller.ariaLabel = shown.title;
  scroller.ariaBusy = "true";
  const body = make("div", "body", scroller);
  root.append(bar, body);

  const poster = make("img", "poster-page");
  const pictured = new AbortController();
  const there = (): void => {
    pictured.abort();
    poster.remove();
    scroller.ariaBusy = null;
  };
  // What was made with arguments of its own (some pages only) has other pages than the file.
  if (!shown.type.includes(":") && shown.can("PNG")) {
    shown
      .make(`png:page=${page},width=${WIDTH}`, AbortSignal.any([signal, pictured.signal]))
      .then(async (source) => {
        poster.alt = `${shown.title}, ${say("pdf.page", { n: page })}`;
        poster.src = source;
        await poster.decode();
        if (!pictured.signal.aborted) scroller.append(poster);
      })
      .catch(() => {}); // the document says itself what is wrong with it
  }

  let close = (): void => {};
  const read = async (): Promise<void> => {
    const { load, Reader } = await import("./reader.ts");
    const { tools } = await import("./tools.ts");
    signal.throwIfAborted();
    const loading = load(shown.href, shown.bytes);
    close = () => void loading.destroy();
    const reader = await Reader.open(await loading.promise, scroller, stage, page);
    close = () => {
      reader.destroy();
      void loading.destroy();
    };
    reader.drawn = there;
    await tools(root, bar, reader, stage);
  };
  read().catch((reason: unknown) => {
    if (signal.aborted) return;
    const name = (reason as Error).name;
    const known = { PasswordException: "pdf.password", InvalidPDFException: "pdf.broken" }[name] ?? "pdf.failed";
    scroller.ariaBusy = null;
    const words = make("p", "failure", say(known));
    words.role = "alert";
    bar.replaceChildren();
    body.before(words);
    close();
  });
  return {
    destroy: () => {
      pictured.abort();
      close();
    },
    focus: () => scroller.focus(),
  };
}
