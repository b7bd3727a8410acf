/** A sheet that is moved and zoomed in its frame, by mouse, wheel, touch and whatever tells it to. */

import { fitting, held, type Look, overflows, type Point, pinched, type Size, scaled, wheeled } from "./geometry.ts";
import type { Lens } from "./lens.ts";

/** A sheet can be shown so many times as large as it is, or as the frame. */
const MOST = 32;
/** Twice within so many milliseconds is a double tap. */
const SOON = 350;

interface Options {
  readonly signal: AbortSignal;
  readonly reducedMotion: boolean;
  /** What is larger than the frame begins as large as that; what is smaller as it is, or (a drawing) as large too. */
  readonly grows: boolean;
  /** A wheel or one finger on a picture that stands in a page belongs to the page until it is zoomed in. */
  readonly eager: boolean;
  changed(look: Look, more: boolean): void;
}

export class Sheet implements Lens {
  readonly #frame: HTMLElement;
  readonly #element: HTMLElement;
  readonly #options: Options;
  readonly #pointers = new Map<number, Point>();
  readonly #observer: ResizeObserver;
  #size: Size;
  #look: Look = { scale: 1, x: 0, y: 0 };
  /** It is as it began, and stays so when the frame changes. */
  #fresh = true;
  #quarters = 0;
  #two = false;
  #touch = false;
  #pressed: Point = { x: 0, y: 0 };
  #tapped: (Point & { at: number }) | null = null;

  /** `element` holds a picture of this size, and is the frame's child. */
  constructor(frame: HTMLElement, element: HTMLElement, size: Size, options: Options) {
    this.#frame = frame;
    this.#element = element;
    this.#options = options;
    this.#size = size;
    const { signal } = options;
    const on = <K extends keyof HTMLElementEventMap>(name: K, hear: (event: HTMLElementEventMap[K]) => void): void =>
      frame.addEventListener(name, hear, { signal, passive: false });
    on("wheel", (event) => this.#wheel(event));
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#moved(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#up(event));
    on("dblclick", (event) => {
      if (!onTool(event) && !this.#touch) this.#closer(this.#at(event));
    });
    this.#observer = new ResizeObserver(() => this.#draw(this.#fresh ? this.#beginning() : this.#look));
    this.#observer.observe(frame);
    this.#lay();
  }

  get look(): Look {
    return this.#look;
  }

  destroy(): void {
    this.#observer.disconnect();
  }

  // --- what a lens is told -------------------------------------------------------------------------------------------------

  zoom(factor: number): void {
    this.#to(scaled(this.#look, this.#within(this.#look.scale * factor)));
  }

  fit(): void {
    this.#to({ scale: fitting(this.#turned, this.#room), x: 0, y: 0 });
    this.#fresh = this.#look.scale === this.#beginning().scale;
  }

  natural(): void {
    this.show(1);
  }

  /** At this scale, with what is in the middle still there. */
  show(scale: number): void {
    this.#to(scaled(this.#look, this.#within(scale)));
  }

  turn(): void {
    this.#quarters += 1;
    this.#lay();
  }

  move(right: number, down: number): boolean {
    const { x, y, scale } = this.#look;
    if (!overflows(this.#look, this.#turned, this.#room)) return false;
    this.#to({ scale, x: x - right, y: y - down });
    return true;
  }

  // --- where it is ---------------------------------------------------------------------------------------------------------

  get #room(): Size {
    return { width: this.#frame.clientWidth || 1, height: this.#frame.clientHeight || 1 };
  }

  get #turned(): Size {
    const { width, height } = this.#size;
    return this.#quarters % 2 ? { width: height, height: width } : this.#size;
  }

  #beginning(): Look {
    const fit = fitting(this.#turned, this.#room);
    return { scale: this.#options.grows ? fit : Math.min(1, fit), x: 0, y: 0 };
  }

  #within(scale: number): number {
    const fit = fitting(this.#turned, this.#room);
    return Math.min(Math.max(scale, Math.min(1, fit)), Math.max(MOST, 4 * fit));
  }

  #lay(): void {
    const { width, height } = this.#size;
    const { style } = this.#element;
    style.width = `${width}px`;
    style.height = `${height}px`;
    style.margin = `${-height / 2}px 0 0 ${-width / 2}px`;
    this.#fresh = true;
    this.#draw(this.#beginning());
  }

  #to(look: Look, smooth = true): void {
    this.#fresh = false;
    this.#draw(look, smooth && !this.#options.reducedMotion);
  }

  #draw(look: Look, smooth = false): void {
    this.#look = held(look, this.#turned, this.#room);
    const { scale, x, y } = this.#look;
    const { style } = this.#element;
    style.transition = smooth ? "transform 160ms ease-out" : "none";
    style.transform = `translate(${x}px, ${y}px) scale(${scale}) rotate(${this.#quarters * 90}deg)`;
    style.setProperty("--check", `${16 / scale}px`);
    const more = overflows(this.#look, this.#turned, this.#room);
    this.#frame.toggleAttribute("data-drag", more); // else a swipe leafs through the gallery
    this.#frame.style.touchAction = more || this.#options.eager ? "none" : "pan-y";
    this.#options.changed(this.#look, more);
  }

  // --- hands ---------------------------------------------------------------------------------------------------------------

  #at({ clientX, clientY }: MouseEvent): Point {
    const { left, top, width, height } = this.#frame.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }

  /** In, or out again where it is in already. */
  #closer(point: Point): void {
    const beginning = this.#beginning();
    if (this.#look.scale > beginning.scale * 1.01) {
      this.#to(beginning);
      this.#fresh = true;
    } else this.#to(scaled(this.#look, this.#within(Math.max(1, beginning.scale * 2.5)), point));
  }

  #wheel(event: WheelEvent): void {
    if (!event.deltaY || !(this.#options.eager || event.ctrlKey || this.#frame.hasAttribute("data-drag"))) return;
    event.preventDefault();
    this.#to(scaled(this.#look, this.#within(this.#look.scale * wheeled(event)), this.#at(event)), false);
  }

  #down(event: PointerEvent): void {
    if (event.button || onTool(event)) return;
    this.#pressed = this.#at(event);
    this.#touch = event.pointerType === "touch";
    this.#pointers.set(event.pointerId, this.#pressed);
    this.#frame.setPointerCapture(event.pointerId);
    this.#two = this.#pointers.size > 1;
  }

  #moved(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#at(event);
    const [one, other] = this.#pointers.values();
    this.#pointers.set(event.pointerId, now);
    const [first, second] = this.#pointers.values();
    if (one && other && first && second)
      this.#to(
        pinched(this.#look, [one, other], [first, second], (scale) => this.#within(scale)),
        false,
      );
    else if (this.#frame.hasAttribute("data-drag")) {
      const { scale, x, y } = this.#look;
      this.#to({ scale, x: x + now.x - before.x, y: y + now.y - before.y }, false);
    }
  }

  #up(event: PointerEvent): void {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (this.#two)
      event.stopPropagation(); // two fingers are no swipe
    else if (event.type === "pointerup" && this.#touch) this.#tap(event);
  }

  /** Browsers do not agree on `dblclick` by touch. */
  #tap(event: PointerEvent): void {
    const point = this.#at(event);
    const near = (other: Point): boolean => Math.hypot(point.x - other.x, point.y - other.y) < 24;
    const last = this.#tapped;
    const twice = last && event.timeStamp - last.at < SOON && near(last);
    this.#tapped = twice || !near(this.#pressed) ? null : { ...point, at: event.timeStamp };
    if (twice) this.#closer(point);
  }
}

const onTool = (event: Event): boolean => event.target instanceof Element && event.target.closest(".signs") !== null;
