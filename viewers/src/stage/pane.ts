/** One file on the stage: what it is, which viewers can show it, the making of what they want, and the viewer itself. */

import type { Core } from "../core/given.ts";
import type { Line } from "../core/line.ts";
import type { Mounted, Shown, Stage } from "../core/registry.ts";
import type { Told, Wanted } from "../core/wire.ts";
import { forFile, forResult, type Offer } from "./choose.ts";
import { viewerUrl } from "./frame.ts";
import { Making } from "./making.ts";
import { viewersOf } from "./manifest.ts";
import { tabs } from "./tabs.ts";

/** Milliseconds until a viewer that has not mounted is given up. */
const PATIENCE = 60_000;
/** Lost connections in a row after which nobody waits for a socket's answer. */
const TRIES = 3;

export interface Showing {
  readonly core: Core;
  readonly line: Line;
  readonly wanted: Wanted;
  readonly title: string;
  readonly start: string;
  readonly shadow: ShadowRoot;
  /** Hears each notification of what is made to be shown. */
  told(told: Told): void;
  /** What the file is became known. */
  known?(): void;
  /** Another file in this one's place. */
  open(other: { url: string; title: string; type?: string }): void;
  /** From a frame: it wants to be closed. */
  closed(): void;
}

interface File {
  /** Null where nobody could say it. */
  readonly format: string | null;
  readonly types: readonly string[];
}

export class Pane {
  readonly root: HTMLElement;
  readonly #showing: Showing;
  readonly #life = new AbortController();
  readonly #box: HTMLElement;
  readonly #making: Making;
  #file: File = { format: null, types: [] };
  #turn = new AbortController();
  #mounted: Mounted | null = null;
  #wantsFocus = false;
  /** What the shadow root wears without a viewer: one viewer's style is not the next one's. */
  #bare: CSSStyleSheet[] | null = null;

  constructor(showing: Showing) {
    const { core, line, title, told } = showing;
    this.#showing = showing;
    this.#making = new Making(core, line, title, told, () => void this.#run(), this.#life.signal);
    this.#box = core.make("div", { className: "box" });
    this.root = core.make("div", { className: "pane" }, this.#making.box, this.#box, this.#making.failure);
    void this.#run();
  }

  /** The file itself where its Format is known, else the result that was asked for. */
  get download(): string {
    const { line, wanted } = this.#showing;
    return line.mediaUrl({ ...wanted, type: this.#file.format ?? wanted.type });
  }

  close(): void {
    this.#life.abort();
    this.#empty();
    this.root.remove();
  }

  /** The viewer's own place for it, as soon as there is one. */
  focus(): void {
    this.#wantsFocus = true;
    this.#mounted?.focus?.();
  }

  async #run(): Promise<void> {
    const { core, line, wanted } = this.#showing;
    this.#empty();
    try {
      if (line.base.origin !== location.origin) {
        this.#frame();
        return;
      }
      const file = /^view\b/i.test(wanted.type) ? await this.#look() : null;
      const viewers = [...core.others, ...(await viewersOf(line.base))];
      const offers = file?.format ? forFile(viewers, file.format, file.types) : [];
      if (file) this.#file = file;
      this.#showing.known?.();
      if (!offers.length) {
        const told = await this.#making.follow(wanted, this.#life.signal);
        const result = await this.#result(told, wanted);
        const found = forResult(viewers, wanted.type, result.mediaType).slice(0, 4);
        if (found.length) await this.#offer(found, result);
        else throw new Error(core.say("gone"));
      } else await this.#offer(offers, null);
    } catch (reason) {
      this.#fail(reason);
    }
  }

  /** What the file is. With nobody to ask (no socket passes), nothing. */
  async #look(): Promise<File | null> {
    const { core, line, wanted } = this.#showing;
    this.#making.say(core.say("looking"));
    let lost = 0;
    const { url, kid, exp, sig } = wanted;
    const ask = line.call("types", { url, ...(sig ? { kid, exp, sig } : {}) }, this.#life.signal);
    const given_up = new Promise<null>((done) => {
      const hear = (event: Event): void => {
        if ((event as CustomEvent<{ state: string }>).detail.state === "lost" && ++lost >= TRIES) done(null);
      };
      line.addEventListener("connection", hear, { signal: this.#life.signal });
    });
    const answer = await Promise.race([ask, given_up]);
    if (!answer) return null;
    const types = Array.isArray(answer.types) ? answer.types.map((one) => String((one as { type: unknown }).type)) : [];
    return { format: String(answer.format ?? "") || null, types };
  }

  async #offer(offers: readonly Offer[], result: Shown | null): Promise<void> {
    const { core } = this.#showing;
    const [first] = offers;
    if (offers.length > 1) {
      const list = tabs(
        core,
        offers.map(({ viewer }) => core.say(viewer.title ?? viewer.name)),
        this.#box,
        (index) => {
          this.#turn.abort();
          void this.#show(offers[index] as Offer, result).catch((reason) => this.#fail(reason));
        },
      );
      this.root.prepend(list);
    }
    await this.#show(first as Offer, result);
  }

  async #show(offer: Offer, result: Shown | null): Promise<void> {
    this.#turn.abort();
    this.#turn = new AbortController();
    const signal = AbortSignal.any([this.#turn.signal, this.#life.signal]);
    this.#leave();
    try {
      await this.#mount(offer, result, signal);
    } catch (reason) {
      signal.throwIfAborted(); // however it ends, it is not the fault of what is shown by now
      throw reason;
    }
  }

  async #mount({ viewer, type }: Offer, result: Shown | null, signal: AbortSignal): Promise<void> {
    const { core, wanted, start, shadow } = this.#showing;
    const other = { ...wanted, type };
    const loading = viewer.load();
    loading.catch(() => {}); // it is awaited below, maybe after the making failed
    const shown = result ?? (await this.#result(await this.#making.follow(other, signal), other));
    const { mount, words: spoken } = await loading;
    this.#bare ??= [...shadow.adoptedStyleSheets];
    if (spoken) core.know(spoken);
    signal.throwIfAborted();
    const root = core.make("div", {
      className: [...new Set(["viewer", viewer.kind ?? viewer.name, viewer.name])].join(" "),
    });
    this.#box.append(root);
    const stage: Stage = {
      signal,
      reducedMotion: matchMedia("(prefers-reduced-motion: reduce)").matches,
      locale: document.documentElement.lang || "en",
      say: core.say,
      size: core.size,
      dress: (css) => {
        if (!signal.aborted) core.dress(shadow, css);
      },
      announce: core.announce,
      open: this.#showing.open,
    };
    this.#making.opening(true);
    const mounting = mount(root, { ...shown, start }, stage);
    const mounted = await within(PATIENCE, mounting, core.say("slow")).catch((reason: unknown) => {
      void mounting.then((one) => one.destroy()).catch(() => {});
      throw new Error(core.say("broken", { reason: words(reason) }));
    });
    if (signal.aborted) {
      mounted.destroy();
      root.remove();
      return;
    }
    this.#mounted = mounted;
    this.#making.opening(false);
    this.#making.rest();
    // Who goes through the tabs stays there.
    if (this.#wantsFocus && !this.root.querySelector("[role=tab]:focus")) mounted.focus?.();
  }

  async #result(told: Told, wanted: Wanted): Promise<Shown> {
    const { core, line, title } = this.#showing;
    const href = new URL(told.href ?? line.mediaUrl(wanted), line.base).href;
    let { media_type: mediaType, bytes, etag } = told;
    if (mediaType === undefined) {
      // A finished result that came by status has no media type: its own headers have.
      const response = await fetch(href, { method: "HEAD", signal: this.#life.signal });
      if (!response.ok) throw new Error(core.say("gone"));
      mediaType = response.headers.get("Content-Type") ?? "";
      bytes = Number(response.headers.get("Content-Length") ?? Number.NaN);
      etag = response.headers.get("ETag") ?? undefined;
    }
    const { types } = this.#file;
    return {
      href,
      mediaType: mediaType.split(";", 1)[0]?.trim().toLowerCase() ?? "",
      bytes: Number.isFinite(bytes) ? (bytes as number) : null,
      etag: etag ?? null,
      url: wanted.url,
      type: wanted.type,
      format: this.#file.format,
      title,
      start: "",
      can: (type) => !types.length || types.some((one) => one.toLowerCase() === type.replace(/:.*/s, "").toLowerCase()),
      make: (type, until) => this.#making.also({ ...wanted, type }, until ?? this.#life.signal),
    };
  }

  /** On a page of another origin the viewer has a document of its own: its modules, workers and pictures are at home there. */
  #frame(): void {
    const { core, line, wanted, title, start, closed } = this.#showing;
    const address = new URL(viewerUrl(line.base, wanted));
    if (start) address.searchParams.set("start", start);
    address.searchParams.set("title", title);
    const frame = core.make("iframe", { title, src: address.href, allow: "fullscreen", className: "framed" });
    addEventListener(
      "message",
      ({ source, origin, data }) => {
        if (source === frame.contentWindow && origin === line.base.origin && data?.omnic === "close") closed();
      },
      { signal: this.#life.signal },
    );
    this.#box.append(frame);
    this.#making.rest();
    this.#mounted = { destroy: () => frame.remove(), focus: () => frame.focus() };
    if (this.#wantsFocus) frame.focus();
  }

  #fail(reason: unknown): void {
    if (this.#life.signal.aborted || (reason as Error)?.name === "AbortError") return;
    this.#leave();
    this.#making.fail(words(reason));
  }

  #leave(): void {
    const mounted = this.#mounted;
    this.#mounted = null;
    this.#making.opening(false);
    try {
      mounted?.destroy();
    } catch (reason) {
      console.warn("omnic:", reason); // a viewer that cannot be closed is removed all the same
    }
    this.#box.replaceChildren();
    if (this.#bare) this.#showing.shadow.adoptedStyleSheets = this.#bare;
  }

  #empty(): void {
    this.#turn.abort();
    this.#leave();
    this.root.querySelector("[role=tablist]")?.remove();
  }
}

const words = (reason: unknown): string => (reason instanceof Error ? reason.message : String(reason));

/** A timer that is left running would hold what was mounted. */
function within<T>(milliseconds: number, promise: Promise<T>, late: string): Promise<T> {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error(late)), milliseconds);
    void promise.then(done, failed).finally(() => clearTimeout(timer));
  });
}
