import { CORE, linked } from "./given.ts";
import { type Connection, lineTo, type Watch } from "./line.ts";
import { advance, IDLE, type State, settled } from "./state.ts";
import { say } from "./strings.ts";
import { mediaUrl, parseMediaUrl, type Told, type Wanted } from "./wire.ts";
import { dress, make, Work } from "./work.ts";

/** Where omnic.js came from is where the service is, unless `server` says otherwise. */
const HOME = new URL("../", import.meta.url);

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) (target as OmnicView).visible = isIntersecting;
  },
  { rootMargin: "200px" },
);

/** What is open: its viewer, or what will be one. */
export interface Scene {
  close(): void;
  focus(): void;
}

const ATTRIBUTES = ["url", "type", "thumb", "src", "server", "mode", "alt", "gallery", "start"] as const;

/**
 * A file, opened where it stands: a poster, an honest bar, and on opening (or at once, without `thumb`) the result.
 *
 * One with an `id` has an address of its own while it is open, `#view=<id>`. All attributes but `loading` are properties too.
 *
 * @tag omnic-view
 * @attr {string} url - the address of the file
 * @attr {string} type - what to open it as; without, what its kind's best viewer shows
 * @attr {string} thumb - the poster, as `WxH`, a type, or a media URL; without it and without `type`, `320x240`
 * @attr {string} src - a media URL (signed, if need be) instead of `url` and `type`
 * @attr {string} server - where the service is; without, where the script came from
 * @attr {"modal" | "inline" | "page" | "none"} mode - where it opens; `none` is a picture and no more
 * @attr {string} alt - its name for people; without, the file's name in the address
 * @attr {string} gallery - a name that files which are leafed through share
 * @attr {string} start - where to begin: a page, a second, whatever its viewer says of it
 * @attr {"lazy"} loading - start only what is near the window
 * @attr {boolean} open - while it is open; set by the element
 * @attr {boolean} busy - while its poster is being made; set by the element
 * @slot - an `<img>` as poster until there is a better one; it works without JavaScript too
 * @csspart poster - the picture, or the button that it is
 * @csspart play-button - what says that there is more to see
 * @csspart progress - the bar
 * @csspart label - the words below it
 * @csspart work - bar and words together
 * @csspart failure - what went wrong, and the button
 * @csspart retry - the button after a failure
 * @csspart stage - where the viewer is
 * @cssproperty --omnic-accent - bars, focus, what is chosen
 * @cssproperty --omnic-ink - text
 * @cssproperty --omnic-muted - text beside it
 * @cssproperty --omnic-surface - behind posters and words
 * @cssproperty --omnic-track - lines, and what is left of a bar
 * @cssproperty --omnic-danger - what went wrong
 * @cssproperty [--omnic-radius=6px] - corners
 * @cssproperty [--omnic-ratio=auto] - a poster's width over its height; set by the element where `thumb` says it
 * @fires {CustomEvent<Told>} omnic-progress - every notification on the way
 * @fires {CustomEvent<Told>} omnic-ready - the poster or the result is there
 * @fires {CustomEvent<Told>} omnic-failed - it cannot be made; `detail.message` says why
 * @fires {CustomEvent<null>} omnic-open - before opening; cancelable
 * @fires {CustomEvent<null>} omnic-close - after closing
 */
export class OmnicView extends HTMLElement {
  static readonly observedAttributes = ATTRIBUTES;

  declare url: string;
  declare type: string;
  declare thumb: string;
  declare src: string;
  declare server: string;
  declare mode: string;
  declare alt: string;
  declare gallery: string;
  declare start: string;

  #state: State = IDLE;
  #watch: Watch | null = null;
  #opened: object | null = null;
  #seen = false;
  #scene: Scene | null = null;
  #begun = false;
  #stale = false;

  readonly #poster = make("img", { hidden: true });
  readonly #slot = make("slot");
  readonly #play = make("span", { className: "play", part: "play-button" });
  #frame: HTMLElement = make("div", { className: "poster", part: "poster" });
  #work: Work | null = null;
  readonly #stage = make("div", { className: "stage", part: "stage", hidden: true });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    dress(root);
    root.append(this.#frame, this.#stage);
  }

  /** How it stands with what is being made now. */
  get state(): State {
    return this.#state;
  }

  /** The finished poster's or result's address. */
  get href(): string | null {
    return this.#state.told?.href ? new URL(this.#state.told.href, this.#base()).href : null;
  }

  set visible(is: boolean) {
    this.#seen = is;
    if (is) this.#begin();
    this.#watch?.prioritise(is ? 1 : -1);
    if (!is && this.getAttribute("loading") === "lazy" && this.#watch && !settled(this.#state)) {
      this.#leave();
      this.#begun = false;
    }
  }

  connectedCallback(): void {
    this.#lay();
    if (this.getAttribute("loading") !== "lazy") this.#begin();
    seen.observe(this);
    if (this.id && linked() === this.id) this.open();
  }

  disconnectedCallback(): void {
    seen.unobserve(this);
    this.#reset();
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected || this.#stale) return;
    this.#stale = true; // several attributes set in one go are one change
    queueMicrotask(() => {
      this.#stale = false;
      if (!this.isConnected) return;
      this.#reset();
      this.#poster.hidden = true; // it may be of another file
      this.connectedCallback();
    });
  }

  /** Whether there is something to open. */
  get openable(): boolean {
    return Boolean(this.mode !== "none" && this.#thumb && this.#content());
  }

  /** Open what `type` names, or what this file is best seen as. */
  open(): void {
    const wanted = this.#content();
    if (this.#opened || !wanted) return;
    const event = new CustomEvent("omnic-open", { bubbles: true, composed: true, cancelable: true });
    if (!this.dispatchEvent(event)) return;
    this.#leave();
    this.#state = IDLE;
    void this.#enter(wanted);
  }

  close(): void {
    if (!this.#opened) return;
    this.#clear();
    this.#state = IDLE;
    this.#frame.hidden = false;
    this.#draw();
    this.#frame.focus();
    if (this.#poster.hidden && this.#thumb) this.retry(); // it was opened before there was a poster
    this.dispatchEvent(new CustomEvent("omnic-close", { bubbles: true, composed: true }));
  }

  /** Start again after a failure. */
  retry(): void {
    this.#reset();
    this.#begin();
  }

  // --- what is wanted -----------------------------------------------------------------------------------------------------

  #base(): URL {
    if (this.server) return new URL(this.server.endsWith("/") ? this.server : `${this.server}/`, document.baseURI);
    return (this.src && parseMediaUrl(this.src, document.baseURI)?.base) || HOME;
  }

  #content(): Wanted | null {
    if (this.src) return parseMediaUrl(this.src, document.baseURI)?.wanted ?? null;
    return this.url ? { url: this.url, type: this.type || "view" } : null;
  }

  get #thumb(): string {
    return this.getAttribute("thumb") ?? (this.type || this.src ? "" : "320x240");
  }

  #thumbnail(): Wanted | null {
    const thumb = this.#thumb;
    if (!thumb) return null;
    const media = parseMediaUrl(thumb, document.baseURI);
    if (media) return media.wanted;
    const url = this.url || this.#content()?.url;
    return url ? { url, type: /^\d+x\d+$/i.test(thumb) ? `thumb.webp:${thumb}` : thumb } : null;
  }

  /** Name for people: `alt`, else the file's name in the address. */
  #name(): string {
    if (this.alt) return this.alt;
    const url = (this.url || this.#content()?.url) ?? "";
    const last = (
      url
        .replace(/[?#<].*$/, "")
        .split("/")
        .pop() ?? ""
    ).slice(0, 80);
    try {
      return decodeURIComponent(last) || url.slice(0, 80);
    } catch {
      return last;
    }
  }

  #begin(): void {
    if (this.#begun) return;
    const wanted = this.#thumb ? this.#thumbnail() : this.#content();
    if (!wanted) return;
    this.#begun = true;
    if (!this.#thumb) {
      void this.#enter(wanted);
      return;
    }
    const line = lineTo(this.#base());
    line.addEventListener("connection", this.#connection);
    this.#watch = line.watch(wanted, (told) => this.#hear(told, wanted), this.#seen ? 1 : 0);
    this.#draw();
  }

  #reset(): void {
    this.#leave();
    this.#clear();
    this.#state = IDLE;
    this.#begun = false;
  }

  #leave(): void {
    lineTo(this.#base()).removeEventListener("connection", this.#connection);
    this.#watch?.close();
    this.#watch = null;
  }

  #connection = (event: Event): void => {
    const { detail } = event as CustomEvent<Connection>;
    if (detail.state === "lost") this.#bar.say(say(detail.reason === "garbage" ? "garbage" : "lost"));
    else this.#draw();
  };

  /** Of the poster. */
  #hear(told: Told, wanted: Wanted): void {
    this.#told(told);
    if (settled(this.#state)) this.#leave();
    if (told.name === "ready") {
      const picture = this.querySelector("img") ?? this.#poster;
      if (picture === this.#poster) picture.alt = this.openable ? "" : this.#name();
      picture.src = new URL(told.href ?? mediaUrl(this.#base(), wanted), this.#base()).href;
      picture.hidden = false;
    }
    this.#draw();
  }

  #told(told: Told): void {
    this.#state = advance(this.#state, told);
    const kind = settled(this.#state) ? told.name : "progress";
    this.dispatchEvent(new CustomEvent(`omnic-${kind}`, { bubbles: true, composed: true, detail: told }));
  }

  /** From here on the stage follows how it goes, and shows it. */
  async #enter(wanted: Wanted): Promise<void> {
    const modal = this.mode === "modal" && Boolean(this.#thumb);
    const here = {};
    this.#opened = here;
    this.toggleAttribute("open", true);
    try {
      const { open, viewerUrl } = await import("../stage/index.ts");
      if (this.#opened !== here) return;
      if (this.mode === "page") {
        this.#clear();
        window.open(viewerUrl(this.#base(), wanted), "_blank", "noopener");
        return;
      }
      this.#stage.hidden = modal;
      this.#frame.hidden = !modal;
      this.#scene = open({
        core: CORE,
        host: this,
        line: lineTo(this.#base()),
        wanted,
        title: this.#name(),
        start: this.start,
        inline: modal ? null : this.#stage,
        told: (told) => this.#told(told),
        closed: () => this.close(),
      });
      if (this.#thumb) this.#scene.focus();
    } catch (reason) {
      console.warn("omnic:", reason);
      this.#clear();
      this.#state = { ...this.#state, phase: "failed", told: { name: "failed", message: say("gone") } };
      this.#draw();
    }
  }

  // --- what is seen -------------------------------------------------------------------------------------------------------

  /** Whether the poster is a button depends on whether there is anything to open. */
  #lay(): void {
    const opens = this.openable;
    const hasPoster = Boolean(this.#thumb) || this.querySelector("img") !== null;
    const frame = make(opens ? "button" : "div", { className: "poster", part: "poster" });
    if (frame instanceof HTMLButtonElement) {
      frame.type = "button";
      frame.ariaLabel = say("open", { name: this.#name() });
      frame.addEventListener("click", () => this.open());
    }
    this.#slot.replaceChildren(this.#poster);
    frame.append(this.#slot, this.#play);
    const measures = /(\d+)x(\d+)/i.exec(this.#thumb.split("?", 1)[0] ?? "");
    if (measures) {
      frame.classList.add("sized");
      this.style.setProperty("--omnic-ratio", `${measures[1]} / ${measures[2]}`);
      if (!this.style.inlineSize) this.style.inlineSize = `${measures[1]}px`;
    }
    frame.hidden = !hasPoster;
    this.#frame.replaceWith(frame);
    this.#frame = frame;
    this.#draw();
  }

  #draw(): void {
    const working = this.#watch !== null && !settled(this.#state);
    this.toggleAttribute("busy", working);
    this.ariaBusy = working ? "true" : null;
    this.#play.hidden = working || !this.openable;
    const { phase } = this.#state;
    if (this.#work || (phase !== "idle" && phase !== "ready")) this.#bar.draw(this.#state, working, this.#name());
  }

  /** Most never need one: what is there already goes from nothing to its picture. */
  get #bar(): Work {
    if (!this.#work) {
      this.#work = new Work(() => this.retry());
      this.#stage.before(this.#work.box, this.#work.failure);
    }
    return this.#work;
  }

  #clear(): void {
    this.#opened = null;
    this.removeAttribute("open");
    this.#scene?.close();
    this.#scene = null;
    this.#stage.replaceChildren();
    this.#stage.hidden = true;
  }
}

for (const name of ATTRIBUTES) {
  Object.defineProperty(OmnicView.prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: OmnicView) {
      return this.getAttribute(name) ?? (name === "mode" ? "modal" : "");
    },
    set(this: OmnicView, value: string | null) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, String(value));
    },
  });
}

export interface OmnicEvents {
  "omnic-progress": CustomEvent<Told>;
  "omnic-ready": CustomEvent<Told>;
  "omnic-failed": CustomEvent<Told>;
  "omnic-open": CustomEvent<null>;
  "omnic-close": CustomEvent<null>;
}

declare global {
  interface HTMLElementTagNameMap {
    "omnic-view": OmnicView;
  }
  interface HTMLElementEventMap extends OmnicEvents {}
}
