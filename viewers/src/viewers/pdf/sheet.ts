/** One page: its place from the beginning, its picture, its text and its links only while it is near the window. */

import { AnnotationMode, type PDFDocumentProxy, type PDFPageProxy, type RenderTask, TextLayer } from "pdfjs-dist";
import { make } from "../../kit/find/controls.ts";
import { PIXELS, type Size, sharpness } from "./layout.ts";
import { type Goal, links } from "./links.ts";

export interface Look {
  /** 1 is 100 %. */
  readonly zoom: number;
  /** Degrees clockwise, beside what the page says itself. */
  readonly rotation: number;
  /** Pixels of the screen per CSS pixel. */
  readonly ratio: number;
}

export class Sheet {
  readonly number: number;
  readonly box: HTMLElement;
  size: Size;
  near = false;
  /** The elements that hold the page's pieces of text, in their order; null while there are none. */
  pieces: readonly HTMLElement[] | null = null;
  #drawn = "";
  #page: PDFPageProxy | null = null;
  #task: RenderTask | null = null;
  #canvas: HTMLCanvasElement | null = null;
  #layer: TextLayer | null = null;
  #writing: object | null = null;
  #over: HTMLElement[] = [];
  #rotation = 0;

  constructor(number: number, label: string, size: Size) {
    this.number = number;
    this.size = size;
    this.box = make("div", "page");
    this.box.setAttribute("role", "group");
    this.box.ariaLabel = label;
    this.resize(size);
  }

  /** In points, as it is turned. */
  resize(size: Size): void {
    this.size = size;
    this.box.style.inlineSize = `calc(var(--total-scale-factor) * ${size.width}px)`;
    this.box.style.blockSize = `calc(var(--total-scale-factor) * ${size.height}px)`;
  }

  /** What it says of its size. */
  async measure(document: PDFDocumentProxy, rotation: number): Promise<void> {
    this.#page ??= await document.getPage(this.number);
    const { width, height } = this.#page.getViewport({ scale: 1, rotation: (this.#page.rotate + rotation) % 360 });
    if (width !== this.size.width || height !== this.size.height) this.resize({ width, height });
  }

  isDrawn(look: Look): boolean {
    return this.#drawn === key(look);
  }

  /** Rejects with RenderingCancelledException when it is cancelled meanwhile. */
  async draw(
    document: PDFDocumentProxy,
    look: Look,
    follow: (goal: Goal) => void,
    label: (n: number) => string,
  ): Promise<void> {
    await this.measure(document, look.rotation);
    const page = this.#page;
    if (!page || !this.near) return;
    const rotation = (page.rotate + look.rotation) % 360;
    const viewport = page.getViewport({ scale: look.zoom * PIXELS, rotation });
    const sharp = sharpness(viewport, look.ratio);
    const canvas = make("canvas");
    canvas.width = Math.max(1, Math.floor(viewport.width * sharp));
    canvas.height = Math.max(1, Math.floor(viewport.height * sharp));
    this.#task = page.render({
      canvas,
      viewport,
      transform: [canvas.width / viewport.width, 0, 0, canvas.height / viewport.height, 0, 0],
      annotationMode: AnnotationMode.ENABLE,
    });
    try {
      await this.#task.promise;
    } catch (reason) {
      empty(canvas);
      throw reason;
    } finally {
      this.#task = null;
    }
    if (!this.near) {
      empty(canvas);
      return;
    }
    if (this.#canvas) empty(this.#canvas);
    this.#canvas = canvas;
    this.box.prepend(canvas);
    this.#drawn = key(look);
    if (this.#over.length && this.#rotation === rotation) return;
    this.#rotation = rotation;
    await this.#write(document, page, rotation, follow, label);
  }

  /** Text that can be selected, and links. */
  async #write(
    document: PDFDocumentProxy,
    page: PDFPageProxy,
    rotation: number,
    follow: (goal: Goal) => void,
    label: (n: number) => string,
  ): Promise<void> {
    this.#uncover();
    const viewport = page.getViewport({ scale: 1, rotation });
    const writing = {};
    this.#writing = writing;
    const [content, over] = await Promise.all([
      page.getTextContent({ includeMarkedContent: true, disableNormalization: true }),
      links(document, page, viewport, follow, label),
    ]);
    if (this.#writing !== writing) return;
    const text = make("div", "textLayer");
    const end = make("div", "endOfContent");
    const layer = new TextLayer({ textContentSource: content, container: text, viewport });
    this.#layer = layer;
    await layer.render();
    if (this.#writing !== writing) return;
    text.append(end);
    // Without it a selection jumps as soon as the pointer is between two lines.
    text.addEventListener("pointerdown", () => {
      text.classList.add("selecting");
      addEventListener("pointerup", () => text.classList.remove("selecting"), { once: true });
    });
    this.#over = [text, over];
    this.box.append(text, over);
    this.pieces = layer.textDivs as HTMLElement[];
  }

  cancel(): void {
    this.#task?.cancel();
  }

  /** It is far away: only its place stays. */
  clear(): void {
    this.cancel();
    this.#uncover();
    if (this.#canvas) empty(this.#canvas);
    this.#canvas = null;
    this.#drawn = "";
    this.#page?.cleanup();
  }

  #uncover(): void {
    this.#writing = null;
    this.#layer?.cancel();
    this.#layer = null;
    this.pieces = null;
    for (const one of this.#over) one.remove();
    this.#over = [];
  }
}

const key = ({ zoom, rotation, ratio }: Look): string => `${zoom} ${rotation} ${ratio}`;

/** The memory of a canvas is not freed with its element but some time later, unless it has no pixels. */
function empty(canvas: HTMLCanvasElement): void {
  canvas.remove();
  canvas.width = canvas.height = 0;
}
