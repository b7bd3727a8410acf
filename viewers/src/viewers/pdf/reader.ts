/** The pages in their window: how large and how turned they are, which is looked at, and the drawing of those near it, one at a time. */

import {
  GlobalWorkerOptions,
  getDocument,
  type PDFDocumentLoadingTask,
  type PDFDocumentProxy,
  TextLayer,
} from "pdfjs-dist";
import worker from "pdfjs-dist/build/pdf.worker.min.mjs?url";
import type { Stage } from "../../core/registry.ts";
import { make } from "../../kit/find/controls.ts";
import { bounded, type Fit, fitted, PIXELS, pageAt, type Size, step } from "./layout.ts";
import type { Goal } from "./links.ts";
import { type Look, Sheet } from "./sheet.ts";

/** More have no place: 10,000 elements are still laid out at once. */
export const MOST_PAGES = 10_000;
/** Bytes beyond which only what is looked at is fetched, by range. */
const LARGE = 8 << 20;
/** Pixels of one picture in a page (256 MiB at 4 bytes). */
const MOST_IMAGE = 2 ** 26;
/** Milliseconds without another change of size before pages are drawn anew. */
const PAUSE = 120;
/** CSS pixels around a page; `.page` has the same margin. */
const GAP = 12;

const HERE = new URL("./", import.meta.url);

/** Rejects with the library's PasswordException, InvalidPDFException ... */
export function load(href: string, bytes: number | null): PDFDocumentLoadingTask {
  GlobalWorkerOptions.workerSrc = new URL(worker, import.meta.url).href;
  const large = bytes !== null && bytes > LARGE;
  return getDocument({
    url: href,
    // Tables, fonts and decoders lie beside this module under their own names; the policy lets no WebAssembly run.
    cMapUrl: HERE.href,
    standardFontDataUrl: HERE.href,
    wasmUrl: HERE.href,
    useWasm: false,
    disableAutoFetch: large,
    disableStream: large,
    maxImageSize: MOST_IMAGE,
    enableXfa: false,
    verbosity: 0,
  });
}

export class Reader {
  readonly document: PDFDocumentProxy;
  readonly scroller: HTMLElement;
  readonly sheets: readonly Sheet[];
  readonly #stage: Stage;
  readonly #column = make("div", "column");
  readonly #near: IntersectionObserver;
  readonly #byBox: ReadonlyMap<Element, Sheet>;
  readonly #sized: ResizeObserver;
  readonly #widened: ResizeObserver;
  readonly #failed = new Set<Sheet>();
  #zoom = 1;
  #fit: Fit = "auto";
  #rotation = 0;
  #current = 1;
  #drawing: Sheet | null = null;
  /** The scroller's content, in CSS pixels, when it was last looked at. */
  #wide = 0;
  #timer = 0;
  #frame = 0;
  #gone = false;
  /** The page that is looked at, the zoom or the rotation is another one. */
  changed: () => void = () => {};
  /** A page's text is there. */
  written: (sheet: Sheet) => void = () => {};
  /** A page has its picture. */
  drawn: (sheet: Sheet) => void = () => {};

  private constructor(document: PDFDocumentProxy, scroller: HTMLElement, stage: Stage, first: Size) {
    this.document = document;
    this.scroller = scroller;
    this.#stage = stage;
    const count = Math.min(document.numPages, MOST_PAGES);
    this.sheets = Array.from(
      { length: count },
      (_, at) => new Sheet(at + 1, stage.say("pdf.page", { n: at + 1 }), first),
    );
    this.#byBox = new Map(this.sheets.map((sheet) => [sheet.box, sheet]));
    const { signal } = stage;
    this.#near = new IntersectionObserver((entries) => this.#approach(entries), {
      root: scroller,
      rootMargin: "60% 0px",
    });
    this.#sized = new ResizeObserver(() => this.#refit());
    this.#widened = new ResizeObserver(() => this.#recentre());
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true, signal });
    this.#gestures(signal);
  }

  /** With its pages in place, at `page`. */
  static async open(document: PDFDocumentProxy, scroller: HTMLElement, stage: Stage, page: number): Promise<Reader> {
    const at = Math.min(page, document.numPages, MOST_PAGES);
    const first = await document.getPage(at);
    const { width, height } = first.getViewport({ scale: 1 });
    const reader = new Reader(document, scroller, stage, { width, height });
    reader.#column.append(...reader.sheets.map(({ box }) => box));
    scroller.append(reader.#column);
    reader.#current = at;
    reader.#refit();
    reader.goTo({ page: at, top: null });
    for (const { box } of reader.sheets) reader.#near.observe(box);
    reader.#sized.observe(scroller);
    reader.#widened.observe(reader.#column);
    return reader;
  }

  get page(): number {
    return this.#current;
  }

  get zoom(): number {
    return this.#zoom;
  }

  get fit(): Fit {
    return this.#fit;
  }

  // --- moving ---------------------------------------------------------------------------------------------------------------

  goTo({ page, top }: Goal): void {
    const sheet = this.sheets[Math.min(Math.max(page, 1), this.sheets.length) - 1];
    if (!sheet) return;
    const down = top === null || this.#rotation ? 0 : Math.max(0, (sheet.size.height - top) * this.#zoom * PIXELS);
    this.scroller.scrollTop = sheet.box.offsetTop - GAP + Math.min(down, sheet.box.offsetHeight);
    this.#scrolled();
  }

  turn(by: 1 | -1): void {
    const sheet = this.sheets[this.#current - 1];
    const begun = sheet && this.scroller.scrollTop > sheet.box.offsetTop;
    this.goTo({ page: this.#current + (by < 0 && begun ? 0 : by), top: null });
  }

  #scrolled(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      const line = this.scroller.scrollTop + this.scroller.clientHeight / 3;
      const now = pageAt(this.sheets.length, (at) => this.sheets[at]?.box.offsetTop ?? 0, line) + 1;
      if (now === this.#current) return;
      this.#current = now;
      this.changed();
    });
  }

  // --- size -----------------------------------------------------------------------------------------------------------------

  fitTo(fit: Exclude<Fit, "free">): void {
    this.#fit = fit;
    this.#refit();
    this.changed();
  }

  step(larger: boolean): void {
    this.zoomTo(step(this.#zoom, larger));
  }

  /** Keeps what is in the window's middle there, or what is at `y`, CSS pixels from the window's top. */
  zoomTo(zoom: number, y = this.scroller.clientHeight / 2): void {
    this.#fit = "free";
    this.#scale(bounded(zoom), y);
    this.changed();
  }

  rotate(): void {
    this.#rotation = (this.#rotation + 90) % 360;
    const page = this.#current;
    for (const sheet of this.sheets) sheet.resize({ width: sheet.size.height, height: sheet.size.width });
    this.#refit();
    this.goTo({ page, top: null });
    this.#redraw();
    this.changed();
  }

  #refit(): void {
    if (this.#fit === "free") return;
    const sheet = this.sheets[this.#current - 1] ?? this.sheets[0];
    const { clientWidth: width, clientHeight: height } = this.scroller;
    if (!sheet || !width) return;
    this.#scale(fitted(this.#fit, sheet.size, { width: width - 2 * GAP, height: height - 2 * GAP }), 0);
    this.changed();
  }

  #scale(zoom: number, y: number): void {
    if (zoom === this.#zoom && this.#column.style.length) return;
    const { scroller } = this;
    const at = pageAt(this.sheets.length, (index) => this.sheets[index]?.box.offsetTop ?? 0, scroller.scrollTop + y);
    const box = this.sheets[at]?.box;
    const part = box?.offsetHeight ? (scroller.scrollTop + y - box.offsetTop) / box.offsetHeight : 0;
    const across = scroller.scrollWidth ? (scroller.scrollLeft + scroller.clientWidth / 2) / scroller.scrollWidth : 0.5;
    this.#zoom = zoom;
    this.#column.style.setProperty("--total-scale-factor", String(zoom * PIXELS));
    if (box) scroller.scrollTop = box.offsetTop + part * box.offsetHeight - y;
    scroller.scrollLeft = across * scroller.scrollWidth - scroller.clientWidth / 2;
    this.#wide = scroller.scrollWidth;
    scroller.toggleAttribute("data-drag", scroller.scrollWidth > scroller.clientWidth);
    this.#redraw();
  }

  /** How wide a page is comes out when it is near; all stand about the same middle, which stays where it is. */
  #recentre(): void {
    const { scroller } = this;
    scroller.scrollLeft += (scroller.scrollWidth - this.#wide) / 2;
    this.#wide = scroller.scrollWidth;
    scroller.toggleAttribute("data-drag", scroller.scrollWidth > scroller.clientWidth);
  }

  /** Two fingers, or the wheel with Ctrl (which is what two fingers on a touchpad send). */
  #gestures(signal: AbortSignal): void {
    const { scroller } = this;
    const middle = (event: TouchEvent): { y: number; apart: number } => {
      const [one, other] = event.touches as unknown as [Touch, Touch];
      const apart = Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      return { y: (one.clientY + other.clientY) / 2 - scroller.getBoundingClientRect().top, apart };
    };
    let before: { zoom: number; apart: number } | null = null;
    scroller.addEventListener(
      "touchstart",
      (event) => {
        before = event.touches.length === 2 ? { zoom: this.#zoom, apart: middle(event).apart } : null;
      },
      { passive: true, signal },
    );
    scroller.addEventListener(
      "touchmove",
      (event) => {
        if (!before || event.touches.length !== 2) return;
        if (event.cancelable) event.preventDefault(); // not while one of them scrolls
        const { y, apart } = middle(event);
        this.zoomTo((before.zoom * apart) / before.apart, y);
      },
      { passive: false, signal },
    );
    scroller.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.zoomTo(this.#zoom * 0.998 ** event.deltaY, event.clientY - scroller.getBoundingClientRect().top);
      },
      { passive: false, signal },
    );
  }

  // --- drawing --------------------------------------------------------------------------------------------------------------

  #approach(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const sheet = this.#byBox.get(target);
      if (!sheet || sheet.near === isIntersecting) continue;
      sheet.near = isIntersecting;
      if (!isIntersecting) sheet.clear();
    }
    void this.#draw();
  }

  #redraw(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.#drawing?.cancel();
      void this.#draw();
    }, PAUSE);
  }

  async #draw(): Promise<void> {
    while (!this.#drawing && !this.#gone) {
      const look: Look = { zoom: this.#zoom, rotation: this.#rotation, ratio: devicePixelRatio };
      const middle = this.scroller.scrollTop + this.scroller.clientHeight / 2;
      const off = ({ box }: Sheet): number => Math.abs(box.offsetTop + box.offsetHeight / 2 - middle);
      const [next] = this.sheets
        .filter((sheet) => sheet.near && !sheet.isDrawn(look) && !this.#failed.has(sheet))
        .sort((one, other) => off(one) - off(other));
      if (!next) return;
      this.#drawing = next;
      try {
        await next.draw(
          this.document,
          look,
          (goal) => this.goTo(goal),
          (n) => this.#stage.say("pdf.page", { n }),
        );
        this.drawn(next);
        if (next.pieces) this.written(next);
      } catch (reason) {
        // One page that cannot be drawn leaves the others alone; what was cancelled has its turn again.
        if (!/Cancel|Abort/.test((reason as Error).name)) {
          this.#failed.add(next);
          console.warn("omnic:", reason);
        }
      } finally {
        this.#drawing = null;
      }
    }
  }

  destroy(): void {
    this.#gone = true;
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#near.disconnect();
    this.#sized.disconnect();
    this.#widened.disconnect();
    for (const sheet of this.sheets) {
      sheet.near = false;
      sheet.clear();
    }
    TextLayer.cleanup();
    this.#column.remove();
  }
}
