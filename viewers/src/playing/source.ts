/** Puts a file into a player: as it is, and where this browser cannot play that, in the forms that the service makes for browsers. */

import type { Shown, Stage } from "../core/registry.ts";

/** Resolves when length and size are known; rejects with a sentence. */
export function load(player: HTMLMediaElement, begin: () => void, stage: Stage, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    const heard = { signal: done.signal };
    const end = (act: () => void): void => {
      done.abort();
      act();
    };
    player.addEventListener("loadedmetadata", () => end(resolve), heard);
    player.addEventListener("error", () => end(() => reject(why(player, stage))), heard);
    signal.addEventListener("abort", () => end(() => reject(signal.reason)), heard);
    begin();
  });
}

export function why(player: HTMLMediaElement, { say }: Stage): Error {
  const { code } = player.error ?? { code: 0 };
  const word = code === MediaError.MEDIA_ERR_NETWORK ? "playing.network" : "playing.unsupported";
  return new Error(say(code === MediaError.MEDIA_ERR_DECODE ? "playing.broken" : word));
}

interface Hearing {
  /** Whether what was loaded is all of it: a browser that knows no codec for the picture plays the sound alone. */
  whole(): Promise<boolean>;
  /** Nothing helped. */
  failed(reason: Error): void;
}

export class Source {
  readonly #player: HTMLMediaElement;
  readonly #shown: Shown;
  readonly #stage: Stage;
  readonly #hearing: Hearing;
  readonly #left: string[];
  #turn = new AbortController();

  /** `others` are types that are tried where the file as shown is not played. */
  constructor(player: HTMLMediaElement, shown: Shown, stage: Stage, others: readonly string[], hearing: Hearing) {
    this.#player = player;
    this.#shown = shown;
    this.#stage = stage;
    this.#hearing = hearing;
    this.#left = others.filter((type) => type !== shown.type && shown.can(type));
  }

  /** Takes what was there before out of the player, and plays from `at` on. Fails as `failed` hears. */
  async use(href: string, at = 0): Promise<void> {
    this.#turn.abort();
    this.#turn = new AbortController();
    const signal = AbortSignal.any([this.#turn.signal, this.#stage.signal]);
    const player = this.#player;
    try {
      await load(
        player,
        () => {
          player.src = href;
        },
        this.#stage,
        signal,
      );
      if (!(await this.#hearing.whole())) throw new Error(this.#stage.say("playing.unsupported"));
    } catch (reason) {
      if (!signal.aborted) await this.#next(reason as Error, at);
      return;
    }
    if (signal.aborted) return;
    if (at) player.currentTime = at;
    player.addEventListener("error", () => void this.#next(why(player, this.#stage), player.currentTime), { signal });
  }

  /** Somebody else fills the player from now on. */
  leave(): void {
    this.#turn.abort();
  }

  async #next(reason: Error, at: number): Promise<void> {
    const type = this.#left.shift();
    if (!type) {
      this.#hearing.failed(reason);
      return;
    }
    const signal = this.#stage.signal;
    try {
      const href = await this.#shown.make(type, signal);
      signal.throwIfAborted();
      await this.use(href, at);
    } catch {
      if (!signal.aborted) await this.#next(reason, at);
    }
  }
}

/** A player that is left holds on to nothing, not even the connection. */
export function empty(player: HTMLMediaElement): void {
  player.pause();
  player.removeAttribute("src");
  player.load();
}

/** Why it is not played, and the way to have it all the same. */
export function refusal(reason: string, shown: Shown, { say }: Stage): HTMLElement {
  const box = document.createElement("div");
  box.className = "refusal";
  box.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = reason;
  const link = document.createElement("a");
  link.className = "plain";
  link.href = shown.href;
  link.download = "";
  link.textContent = say("download");
  box.append(words, link);
  return box;
}
