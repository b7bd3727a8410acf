import { announce } from "./announce.ts";
import css from "./element.css?inline";
import { type Connection, type Line, lineTo, type Watch } from "./line.ts";
import { type Mounted, others } from "./registry.ts";
import { advance, IDLE, type State, settled } from "./state.ts";
import { phrase, say, sentence, size } from "./strings.ts";
import { mediaUrl, parseMediaUrl, type Told, type Wanted } from "./wire.ts";

/** Where omnic.js came from is where the service is, unless `server` says otherwise. */
const HOME = new URL("../", import.meta.url);

let sheet: CSSStyleSheet | undefined;

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) (target as OmnicView).visible = isIntersecting;
  },
  { rootMargin: "200px" },
);

const make = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Readonly<Record<string, string | number | boolean>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const ATTRIBUTES = ["url", "type", "thumb", "src", "server", "mode", "alt"] as const;

/**
 * A file, opened where it stands: a poster, an honest bar, and on opening (or at once, without `thumb`) the result.
 *
 * Attributes, mirrored by properties: `url` the address; `type` what to open it as; `thumb` the poster, as `WxH`, a type, or a media
 * URL; `src` a media URL (signed, if need be) instead of `url` and `type`; `mode` inline, modal or page; `alt`; `server`;
 * `loading="lazy"` starts only what is near the window.
 *
 * @slot - an `<img>` as poster until there is a better one; it works without JavaScript too
 * @csspart poster - the picture, or the button that it is
 * @csspart play-button - what says that there is more to see
 * @csspart progress - the bar
 * @csspart label - the words below it
 * @csspart work - bar and words together
 * @csspart failure - what went wrong, and the button
 * @csspart retry - the button after a failure
 * @csspart stage - where the viewer is
 * @cssproperty --omnic-accent --omnic-ink --omnic-muted --omnic-surface --omnic-track --omnic-danger --omnic-radius
 * @fires omnic-progress - every notification on the way; `detail` is the notification
 * @fires omnic-ready
 * @fires omnic-failed
 * @fires omnic-open - cancelable, before opening
 * @fires omnic-close
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

  #state: State = IDLE;
  #watch: Watch | null = null;
  #line: Line | null = null;
  #opened = false;
  #seen = false;
  #mounting: AbortController | null = null;
  #mounted: Mounted | null = null;
  #begun = false;
  #stale = false;

  readonly #poster = make("img", { alt: "", hidden: true });
  readonly #slot = make("slot");
  readonly #play = make("span", { className: "play", part: "play-button", hidden: true });
  #frame: HTMLElement = make("div", { className: "poster", part: "poster" });
  readonly #bar = make("progress", { part: "progress", max: 1 });
  readonly #label = make("span", { className: "label", part: "label" });
  readonly #work = make("div", { className: "work", part: "work", hidden: true }, this.#bar, this.#label);
  readonly #reason = make("p");
  readonly #retry = make("button", { type: "button", className: "plain", part: "retry" });
  readonly #failure = make(
    "div",
    { className: "failure", part: "failure", role: "alert", hidden: true },
    this.#reason,
    this.#retry,
  );
  readonly #stage = make("div", { className: "stage", part: "stage", hidden: true });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
    }
    root.adoptedStyleSheets = [sheet];
    this.#retry.addEventListener("click", () => this.retry());
    root.append(this.#frame, this.#work, this.#failure, this.#stage);
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
    this.#line?.removeEventListener("connection", this.#connection);
    this.#line = lineTo(this.#base());
    this.#line.addEventListener("connection", this.#connection);
    this.#lay();
    if (this.getAttribute("loading") !== "lazy") this.#begin();
    seen.observe(this);
  }

  disconnectedCallback(): void {
    seen.unobserve(this);
    this.#line?.removeEventListener("connection", this.#connection);
    this.#leave();
    this.#clear();
    this.#begun = false;
    if (!settled(this.#state)) this.#state = IDLE;
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected || this.#stale) return;
    this.#stale = true; // several attributes set in one go are one change
    queueMicrotask(() => {
      this.#stale = false;
      if (!this.isConnected) return;
      this.#leave();
      this.#clear();
      this.#state = IDLE;
      this.#begun = this.#opened = false;
      this.connectedCallback();
    });
  }

  /** Open what `type` names. */
  open(): void {
    if (this.#opened || !this.#content()) return;
    const event = new CustomEvent("omnic-open", { bubbles: true, composed: true, cancelable: true });
    if (!this.dispatchEvent(event)) return;
    if (this.mode === "page") {
      window.open(mediaUrl(this.#base(), this.#content() as Wanted), "_blank", "noopener");
      return;
    }
    this.#opened = true;
    this.#leave();
    this.#state = IDLE;
    this.#follow(this.#content() as Wanted);
  }

  close(): void {
    if (!this.#opened) return;
    this.#opened = false;
    this.removeAttribute("open");
    this.#leave();
    this.#clear();
    this.#state = IDLE;
    this.#frame.hidden = false;
    this.#draw();
    this.#frame.focus();
    this.dispatchEvent(new CustomEvent("omnic-close", { bubbles: true, composed: true }));
  }

  /** Start again after a failure. */
  retry(): void {
    this.#leave();
    this.#state = IDLE;
    this.#begun = false;
    this.#begin();
  }

  // --- what is wanted -----------------------------------------------------------------------------------------------------

  #base(): URL {
    if (this.server) return new URL(this.server.endsWith("/") ? this.server : `${this.server}/`, document.baseURI);
    return (this.src && parseMediaUrl(this.src, document.baseURI)?.base) || HOME;
  }

  #content(): Wanted | null {
    if (this.src) return parseMediaUrl(this.src, document.baseURI)?.wanted ?? null;
    return this.url && this.type ? { url: this.url, type: this.type } : null;
  }

  #thumbnail(): Wanted | null {
    const { thumb } = this;
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
    const wanted = this.#opened || !this.thumb ? this.#content() : this.#thumbnail();
    if (!wanted) return;
    this.#begun = true;
    if (!this.thumb) this.#opened = true;
    if (!settled(this.#state)) this.#follow(wanted);
  }

  #follow(wanted: Wanted): void {
    this.#draw();
    this.#watch = lineTo(this.#base()).watch(wanted, (told) => this.#hear(told, wanted), this.#seen ? 1 : 0);
  }

  #leave(): void {
    this.#watch?.close();
    this.#watch = null;
  }

  #connection = (event: Event): void => {
    const { detail } = event as CustomEvent<Connection>;
    if (!this.#watch || settled(this.#state)) return;
    if (detail.state === "lost") this.#label.textContent = say(detail.reason === "garbage" ? "garbage" : "lost");
    else this.#draw();
  };

  #hear(told: Told, wanted: Wanted): void {
    const before = phrase(this.#state);
    this.#state = advance(this.#state, told);
    const kind = settled(this.#state) ? told.name : "progress";
    if (settled(this.#state)) this.#leave();
    if (told.name === "ready") void this.#show(told, wanted);
    this.#draw();
    const after = phrase(this.#state);
    if (before !== after && this.#opened && told.name !== "failed") announce(`${this.#name()}: ${after}`);
    this.dispatchEvent(new CustomEvent(`omnic-${kind}`, { bubbles: true, composed: true, detail: told }));
  }

  // --- what is seen -------------------------------------------------------------------------------------------------------

  /** Whether the poster is a button depends on whether there is anything to open. */
  #lay(): void {
    const opens = Boolean(this.thumb && this.#content());
    const hasPoster = Boolean(this.thumb) || this.querySelector("img") !== null;
    const frame = make(opens ? "button" : "div", { className: "poster", part: "poster" });
    if (frame instanceof HTMLButtonElement) {
      frame.type = "button";
      frame.ariaLabel = say("open", { name: this.#name() });
      frame.addEventListener("click", () => this.open());
    }
    this.#play.hidden = !opens;
    this.#slot.replaceChildren(this.#poster);
    frame.append(this.#slot, this.#play);
    const measures = /(\d+)x(\d+)/i.exec(this.thumb.split("?", 1)[0] ?? "");
    if (measures) {
      frame.classList.add("sized");
      this.style.setProperty("--omnic-ratio", `${measures[1]} / ${measures[2]}`);
      if (!this.style.inlineSize) this.style.inlineSize = `${measures[1]}px`;
    }
    frame.hidden = !hasPoster;
    this.#frame.replaceWith(frame);
    this.#frame = frame;
    this.#retry.textContent = say("retry");
    this.#draw();
  }

  #draw(): void {
    const { phase, overall, told } = this.#state;
    const working = this.#watch !== null && !settled(this.#state);
    this.toggleAttribute("busy", working);
    this.ariaBusy = working ? "true" : null;
    this.#work.hidden = !working || phase === "idle";
    if (overall === null) this.#bar.removeAttribute("value");
    else this.#bar.value = overall;
    this.#bar.ariaLabel = say("working", { name: this.#name() });
    this.#label.textContent = sentence(this.#state);
    this.#failure.hidden = phase !== "failed";
    const reason = phase === "failed" ? told?.message || say("failed") : "";
    if (this.#reason.textContent !== reason) this.#reason.textContent = reason;
  }

  async #show(told: Told, wanted: Wanted): Promise<void> {
    const base = this.#base();
    const href = new URL(told.href ?? mediaUrl(base, wanted), base).href;
    if (!this.#opened) {
      const slotted = this.querySelector("img");
      const picture = slotted ?? this.#poster;
      if (!slotted) this.#poster.alt = this.#play.hidden ? this.#name() : "";
      picture.src = href;
      picture.hidden = false;
      return;
    }
    const mounting = new AbortController();
    const { signal } = mounting;
    this.#mounting = mounting;
    const modal = this.mode === "modal" && Boolean(this.thumb);
    try {
      const { open } = await import("./stage.ts");
      const mounted = await open({
        line: lineTo(base),
        others,
        wanted,
        ready: told,
        title: this.#name(),
        shadow: this.shadowRoot as ShadowRoot,
        signal,
        words: { say, size },
        closed: modal ? () => this.close() : null,
        place: (root) => {
          this.toggleAttribute("open", true);
          if (modal) return;
          this.#stage.replaceChildren(root);
          this.#stage.hidden = false;
          this.#frame.hidden = true;
        },
      });
      if (signal.aborted) return;
      this.#mounted = mounted;
      if (this.thumb) mounted.focus?.();
    } catch (reason) {
      if (signal.aborted) return;
      console.warn("omnic:", reason);
      this.#state = { ...this.#state, phase: "failed", told: { name: "failed", message: say("gone") } };
      this.#stage.hidden = true;
      this.#draw();
    }
  }

  #clear(): void {
    this.#mounting?.abort();
    this.#mounting = null;
    this.#mounted?.destroy();
    this.#mounted = null;
    this.#stage.replaceChildren();
    this.#stage.hidden = true;
  }
}

for (const name of ATTRIBUTES) {
  Object.defineProperty(OmnicView.prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: OmnicView) {
      return this.getAttribute(name) ?? (name === "mode" ? "inline" : "");
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
