import { expect, type Page, test } from "@playwright/test";

// What tests of viewers ask alike: that twenty openings leave nothing, and that strangers' content does nothing.

interface Left {
  /** Of WebGL, that draw. */
  contexts: number;
  /** On what outlives a viewer: window, document, body. */
  listeners: number;
  observers: number;
  /** In all shadow roots too. */
  elements: number;
  fonts: number;
  workers: number;
  /** Sounds and films that hold something. */
  players: number;
  /** Of modules, in the head. */
  links: number;
}

declare global {
  interface Window {
    left(): Left;
    pwned?: unknown;
  }
}

/** Before the page: counts what a viewer could leave behind. */
async function counting(page: Page): Promise<void> {
  await page.addInitScript(() => {
    // Weakly, here and below: a canvas that is held holds all of the viewer around it.
    const made: WeakRef<WebGLRenderingContext | WebGL2RenderingContext>[] = [];
    const before = HTMLCanvasElement.prototype.getContext as (...words: unknown[]) => RenderingContext | null;
    HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...words: unknown[]) {
      const context = before.apply(this, words);
      const webgl = context instanceof WebGLRenderingContext || context instanceof WebGL2RenderingContext;
      if (webgl && !made.some((one) => one.deref() === context)) made.push(new WeakRef(context));
      return context;
    } as HTMLCanvasElement["getContext"];

    const heard = new Set<string>();
    const numbers = new WeakMap<object, number>();
    let last = 0;
    const key = (target: EventTarget, [type, what, how]: unknown[]): string => {
      if (!numbers.has(what as object)) numbers.set(what as object, ++last);
      const capture = typeof how === "object" ? Boolean((how as { capture?: boolean } | null)?.capture) : Boolean(how);
      const name = target === window ? "window" : target === document ? "document" : "body";
      return `${name} ${type} ${numbers.get(what as object)} ${capture}`;
    };
    const outlives = (target: EventTarget): boolean =>
      target === window || target === document || target === document.body;
    const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
    EventTarget.prototype.addEventListener = function (...words) {
      const target = (this ?? window) as EventTarget;
      if (words[1] && outlives(target)) {
        const one = key(target, words);
        const { signal, once } = (typeof words[2] === "object" ? words[2] : {}) as AddEventListenerOptions;
        if (!once && !signal?.aborted) {
          heard.add(one);
          if (signal) add.call(signal, "abort", () => heard.delete(one));
        }
      }
      add.apply(target, words);
    };
    EventTarget.prototype.removeEventListener = function (...words) {
      const target = (this ?? window) as EventTarget;
      if (words[1] && outlives(target)) heard.delete(key(target, words));
      remove.apply(target, words);
    };

    const observers = new Set<object>(); // each holds what it looks at, with or without this
    const { observe, disconnect } = ResizeObserver.prototype;
    ResizeObserver.prototype.observe = function (...told) {
      observers.add(this);
      observe.apply(this, told);
    };
    ResizeObserver.prototype.disconnect = function () {
      observers.delete(this);
      disconnect.call(this);
    };

    let workers = 0;
    const Real = Worker;
    window.Worker = class extends Real {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        workers += 1;
      }
      override terminate(): void {
        workers -= 1;
        super.terminate();
      }
    };

    const players: WeakRef<HTMLMediaElement>[] = [];
    const make = document.createElement;
    document.createElement = function (this: Document, ...words: Parameters<Document["createElement"]>) {
      const one = make.apply(this, words);
      if (one instanceof HTMLMediaElement) players.push(new WeakRef(one));
      return one;
    } as Document["createElement"];
    const holds = (one: HTMLMediaElement | undefined): boolean =>
      Boolean(one && (one.currentSrc !== "" || one.isConnected) && one.networkState !== 0);

    const elements = (root: ParentNode): number =>
      [...root.querySelectorAll("*")].reduce(
        (sum, one) => sum + 1 + (one.shadowRoot ? elements(one.shadowRoot) : 0),
        0,
      );
    window.left = () => ({
      contexts: made.filter((one) => one.deref()?.isContextLost() === false).length,
      listeners: heard.size,
      observers: observers.size,
      elements: elements(document),
      fonts: document.fonts.size,
      workers,
      players: players.filter((one) => holds(one.deref())).length,
      links: document.querySelectorAll("link[rel=modulepreload]").length,
    });
  });
}

/**
 * What is opened and closed a third to a twenty-second time leaves what it had left after the second: the page's own counts to the
 * letter; the browser's of documents, nodes and listeners but for one viewer that waits to be collected. `begin` makes the page.
 */
export async function twenty(
  page: Page,
  act: { begin(): Promise<void>; open(): Promise<void>; close(): Promise<void> },
): Promise<void> {
  test.setTimeout(600_000); // a picture in software takes seconds on a busy machine
  await counting(page);
  await act.begin();
  const session = await page.context().newCDPSession(page);
  const browser = async (): Promise<Record<"documents" | "nodes" | "jsEventListeners", number>> => {
    for (const _ of [1, 2]) await session.send("HeapProfiler.collectGarbage");
    return session.send("Memory.getDOMCounters");
  };
  const left = (): Promise<Left> => page.evaluate(() => window.left());
  await act.open();
  await act.close();
  await act.open();
  const open = await browser();
  await act.close();
  await expect.poll(left).toMatchObject({ contexts: 0, fonts: 0, workers: 0, players: 0 });
  const [first, before] = [await left(), await browser()];
  for (let turn = 0; turn < 20; turn++) {
    await act.open();
    await act.close();
  }
  await expect.poll(left).toEqual(first);
  const most = {
    documents: Math.max(open.documents, before.documents),
    nodes: Math.max(open.nodes, before.nodes) + 40,
    jsEventListeners: Math.max(open.jsEventListeners, before.jsEventListeners) + 20,
  };
  await expect
    .poll(async () => {
      const after = await browser();
      return (["documents", "nodes", "jsEventListeners"] as const).filter((one) => after[one] > most[one]);
    })
    .toEqual([]);
}

/** Before the page: what is returned says at the end that nobody elsewhere was asked, and that no stranger's script ran. */
export function guarded(page: Page, home: string): () => Promise<void> {
  const asked: string[] = [];
  page.on("request", (request) => {
    const address = request.url();
    if (!address.startsWith(home) && !/^(data|blob|about):/.test(address)) asked.push(address);
  });
  page.on("dialog", (dialog) => {
    asked.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return async () => {
    expect(asked).toEqual([]);
    expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  };
}
