/**
 * The page's one dialog: a file at a time, the next and the previous by button, key and swipe, full screen, download, the way back
 * out of a file within a file. It opens from its thumbnail, has an address of its own where its element has an `id`, and gives the
 * focus back.
 */

import type { OmnicView, Scene } from "../core/element.ts";
import type { Core } from "../core/given.ts";
import type { Wanted } from "../core/wire.ts";
import type { Opening } from "./index.ts";
import { Pane } from "./pane.ts";
import css from "./stage.css?inline";

const SWIPE = 60;
/** Elements that use arrows themselves. */
const KEEN =
  "input, textarea, select, audio, video, [contenteditable], [role=slider], [role=tab], [role=tree], [role=grid], [data-keys]";
/** What one finger moves by itself. */
const DRAGGED = "[data-drag], input, textarea, select, audio, video";
const wide = (one: Element): boolean =>
  one.scrollWidth > one.clientWidth && /auto|scroll/.test(getComputedStyle(one).overflowX);

/** Paths in a box of 24 by 24. */
const ICONS: Readonly<Record<string, string>> = {
  back: "M20 12H5m6-6-6 6 6 6",
  previous: "m15 5-7 7 7 7",
  next: "m9 5 7 7-7 7",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  download: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  close: "M6 6l12 12M18 6 6 18",
};

function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name] ?? "");
  svg.append(path);
  return svg;
}

let only: Stage | undefined;

export const dialogOf = (core: Core): Stage => {
  only ??= new Stage(core);
  return only;
};

interface Depth {
  readonly wanted: Wanted;
  readonly title: string;
}

class Stage {
  readonly #shadow: ShadowRoot;
  readonly #dialog: HTMLDialogElement;
  readonly #title: HTMLElement;
  readonly #counter: HTMLElement;
  readonly #download: HTMLAnchorElement;
  readonly #back: HTMLButtonElement;
  readonly #previous: HTMLButtonElement;
  readonly #next: HTMLButtonElement;
  readonly #place: HTMLElement;
  #opening: Opening | null = null;
  #pane: Pane | null = null;
  #depths: Depth[] = [];
  /** The id that the page's address has because of what is open. */
  #linked = "";

  constructor(core: Core) {
    const { make, say } = core;
    const host = make("div");
    this.#shadow = host.attachShadow({ mode: "open" });
    core.dress(this.#shadow);
    core.dress(this.#shadow, css);
    const button = (className: string, word: string, act: () => void): HTMLButtonElement => {
      const made = make("button", {
        type: "button",
        className: `icon ${className}`,
        ariaLabel: say(word),
        title: say(word),
      });
      made.append(icon(className));
      made.addEventListener("click", act);
      return made;
    };
    this.#title = make("strong", { className: "grow", dir: "auto" });
    this.#counter = make("span", { className: "counter", role: "status" });
    this.#download = make("a", { className: "icon download", ariaLabel: say("download"), title: say("download") });
    this.#download.download = "";
    this.#download.append(icon("download"));
    this.#back = button("back", "back", () => this.#rise());
    this.#previous = button("previous", "previous", () => this.#step(-1));
    this.#next = button("next", "next", () => this.#step(1));
    this.#place = make("div", { className: "stage" });
    const full = button("full", "fullScreen", () => this.#fullScreen());
    full.hidden = !document.fullscreenEnabled;
    const bar = make("div", { className: "head" }, this.#back, this.#title, this.#counter, this.#previous, this.#next);
    bar.append(
      full,
      this.#download,
      button("close", "close", () => this.#shut()),
    );
    this.#dialog = make("dialog", {}, bar, this.#place);
    this.#dialog.addEventListener("close", () => this.#closed());
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#shut(); // on what is around it
    });
    this.#swipes();
    addEventListener("popstate", () => {
      if (this.#linked && core.linked() !== this.#linked) {
        this.#linked = "";
        this.#dialog.close();
      }
    });
    this.#shadow.append(this.#dialog);
    document.body.append(host);
  }

  show(opening: Opening): Scene {
    const before = this.#opening;
    this.#opening = opening;
    if (before) before.closed();
    this.#depths = [{ wanted: opening.wanted, title: opening.title }];
    this.#draw();
    if (!this.#dialog.open) {
      this.#dialog.showModal();
      this.#grow(opening.host);
    }
    this.#link(opening.host.id);
    return {
      close: () => {
        if (this.#opening !== opening) return;
        this.#opening = null;
        this.#dialog.close();
      },
      focus: () => this.#pane?.focus(),
    };
  }

  // --- files within files ---------------------------------------------------------------------------------------------------

  #draw(): void {
    const opening = this.#opening;
    const depth = this.#depths.at(-1);
    if (!opening || !depth) return;
    const { core, line, told, closed, start } = opening;
    const { title, wanted } = depth;
    const top = this.#depths.length === 1;
    this.#pane?.close();
    const pane = new Pane({
      core,
      line,
      wanted,
      title,
      start: top ? start : "",
      shadow: this.#shadow,
      told: top ? told : () => {},
      known: () => {
        this.#download.href = pane.download;
      },
      closed,
      open: ({ url, title, type = "view" }) => {
        this.#depths.push({ wanted: { ...wanted, url, type }, title }); // a signature goes along: it may cover what is inside
        this.#draw();
        this.#pane?.focus();
      },
    });
    this.#pane = pane;
    this.#place.replaceChildren(pane.root);
    this.#title.textContent = title;
    this.#dialog.setAttribute("aria-label", title);
    this.#back.hidden = top;
    this.#download.href = pane.download;
    const all = this.#gallery();
    const at = all.indexOf(opening.host);
    this.#counter.textContent = all.length > 1 ? core.say("counter", { n: at + 1, total: all.length }) : "";
    for (const [button, to] of [
      [this.#previous, at - 1],
      [this.#next, at + 1],
    ] as const) {
      button.hidden = all.length < 2;
      button.disabled = !all[to];
    }
  }

  #rise(): void {
    this.#depths.pop();
    this.#draw();
    this.#pane?.focus();
  }

  // --- the gallery ----------------------------------------------------------------------------------------------------------

  /** All in this one's document or shadow root that open in the dialog and have its `gallery`, in their order there. */
  #gallery(): OmnicView[] {
    const host = this.#opening?.host;
    const root = host?.getRootNode() as ParentNode | undefined;
    return [...(root?.querySelectorAll("omnic-view") ?? [])].filter(
      (one) => one.openable && one.mode === "modal" && one.gallery === host?.gallery,
    );
  }

  #step(by: number): void {
    const all = this.#gallery();
    const to = all[all.indexOf(this.#opening?.host as OmnicView) + by];
    if (to) to.open();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      this.#shut();
      return;
    }
    const keen = event.composedPath().some((one) => one instanceof Element && one.matches(KEEN));
    if (event.defaultPrevented || keen || event.altKey || event.ctrlKey || event.metaKey) return;
    const on = getComputedStyle(this.#dialog).direction === "rtl" ? -1 : 1;
    if (event.key === "ArrowRight") this.#step(on);
    else if (event.key === "ArrowLeft") this.#step(-on);
    else if (event.key === "f") this.#fullScreen();
    else return;
    event.preventDefault();
  }

  /** By touch events, for a browser that takes a finger for scrolling cancels its pointer. */
  #swipes(): void {
    let from: Touch | undefined;
    const hear = <K extends keyof HTMLElementEventMap>(type: K, act: (event: HTMLElementEventMap[K]) => void): void =>
      this.#place.addEventListener(type, act, { passive: true });
    hear("touchstart", (event) => {
      const taken = event.composedPath().some((one) => one instanceof Element && (one.matches(DRAGGED) || wide(one)));
      from = event.touches.length === 1 && !taken ? event.touches[0] : undefined;
    });
    hear("touchcancel", () => {
      from = undefined;
    });
    hear("touchend", ({ changedTouches: [to] }) => {
      if (!from || !to) return;
      const across = to.clientX - from.clientX;
      if (Math.abs(across) > SWIPE && Math.abs(across) > 2 * Math.abs(to.clientY - from.clientY)) {
        const on = getComputedStyle(this.#dialog).direction === "rtl" ? -1 : 1;
        this.#step(across < 0 ? on : -on);
      }
      from = undefined;
    });
  }

  // --- coming and going -----------------------------------------------------------------------------------------------------

  /** The dialog tells of its end in a task of its own; who closes it by hand need not wait, and may open the next at once. */
  #shut(): void {
    this.#dialog.close();
    this.#closed();
  }

  #closed(): void {
    if (this.#dialog.open) return; // the event comes late, and it has been opened again meanwhile
    const opening = this.#opening;
    this.#opening = null;
    this.#pane?.close();
    this.#pane = null;
    if (this.#linked) {
      this.#linked = "";
      // What somebody's link or the browser's Forward led to has not always a page without it behind it.
      if (history.state?.omnic) history.back();
      else history.replaceState(history.state, "", location.pathname + location.search);
    }
    opening?.closed();
  }

  #link(id: string): void {
    if (!id) return;
    const address = `#view=${encodeURIComponent(id)}`;
    if (this.#linked) history.replaceState(history.state, "", address);
    else if (location.hash !== address) history.pushState({ ...history.state, omnic: true }, "", address);
    this.#linked = id;
  }

  #fullScreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.#place.requestFullscreen().catch(() => {});
  }

  /** From the thumbnail to where it is now. */
  #grow(host: OmnicView): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const small = host.getBoundingClientRect();
    const large = this.#dialog.getBoundingClientRect();
    if (!small.width || !large.width) return;
    const x = small.x + small.width / 2 - (large.x + large.width / 2);
    const y = small.y + small.height / 2 - (large.y + large.height / 2);
    const from = `translate(${x}px, ${y}px) scale(${small.width / large.width}, ${small.height / large.height})`;
    this.#dialog.animate([{ transform: from, opacity: 0.4 }, { transform: "none" }], {
      duration: 180,
      easing: "ease-out",
    });
  }
}
