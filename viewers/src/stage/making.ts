/** What is made for a viewer, with one bar for all of it. */

import type { Core } from "../core/given.ts";
import type { Line } from "../core/line.ts";
import type { Told, Wanted } from "../core/wire.ts";

/** Milliseconds that a viewer may take without a word. */
const UNSAID = 400;

export class Making {
  readonly #core: Core;
  readonly #line: Line;
  readonly #title: string;
  readonly #told: (told: Told) => void;
  readonly #work: InstanceType<Core["Work"]>;
  #phrase = "";
  #under = 0;
  #opening: ReturnType<typeof setTimeout> | undefined;
  /** What is said where nothing is being made. */
  #meanwhile = "";

  /** `life` ends it. */
  constructor(core: Core, line: Line, title: string, told: (told: Told) => void, retry: () => void, life: AbortSignal) {
    this.#core = core;
    this.#line = line;
    this.#title = title;
    this.#told = told;
    this.#work = new core.Work(retry);
    this.rest();
    const hear = (event: Event): void => {
      const { detail } = event as CustomEvent<{ state: string; reason?: string }>;
      if (detail.state === "lost" && this.#under)
        this.#work.say(core.say(detail.reason === "garbage" ? "garbage" : "lost"));
    };
    line.addEventListener("connection", hear, { signal: life }); // the line outlives it
  }

  get box(): HTMLElement {
    return this.#work.box;
  }

  get failure(): HTMLElement {
    return this.#work.failure;
  }

  /** Something goes on of which no more is known. */
  say(words: string): void {
    this.#work.draw({ ...this.#core.IDLE, phase: "queued" }, true, this.#title);
    this.#work.say(words);
  }

  rest(): void {
    if (this.#meanwhile) this.say(this.#meanwhile);
    else this.#work.draw(this.#core.IDLE, false, this.#title);
  }

  /** Whether a viewer is reading and drawing what was made. Most are done before anybody could read that. */
  opening(is: boolean): void {
    clearTimeout(this.#opening);
    this.#meanwhile = "";
    if (!is) return;
    this.#opening = setTimeout(() => {
      this.#meanwhile = this.#core.say("opening");
      if (!this.#under) this.rest();
    }, UNSAID);
  }

  fail(message: string): void {
    this.#work.draw({ ...this.#core.IDLE, phase: "failed", told: { name: "failed", message } }, false, this.#title);
  }

  /** What the file is shown as: its host hears of it. Resolves with `ready`, rejects with what `failed` says. */
  follow(wanted: Wanted, signal: AbortSignal): Promise<Told> {
    return this.#make(wanted, signal, this.#told);
  }

  /** What a viewer wants besides. */
  async also(wanted: Wanted, signal: AbortSignal): Promise<string> {
    try {
      const told = await this.#make(wanted, signal, () => {});
      return new URL(told.href ?? this.#line.mediaUrl(wanted), this.#line.base).href;
    } finally {
      if (!this.#under) this.rest();
    }
  }

  #make(wanted: Wanted, signal: AbortSignal, tell: (told: Told) => void): Promise<Told> {
    const { advance, announce, phrase, settled } = this.#core;
    return new Promise((resolve, reject) => {
      let state = this.#core.IDLE;
      signal.throwIfAborted();
      this.#under += 1;
      const end = (): void => {
        this.#under -= 1;
        watch.close();
        signal.removeEventListener("abort", left);
      };
      const left = (): void => {
        end();
        reject(signal.reason);
      };
      const watch = this.#line.watch(
        wanted,
        (told) => {
          state = advance(state, told);
          tell(told);
          this.#work.draw(state, !settled(state), this.#title);
          const now = phrase(state);
          if (now !== this.#phrase && told.name !== "failed") announce(`${this.#title}: ${now}`);
          this.#phrase = now;
          if (!settled(state)) return;
          end();
          if (told.name === "ready") resolve(told);
          else reject(new Error(told.message || this.#core.say("failed")));
        },
        1,
      );
      signal.addEventListener("abort", left);
    });
  }
}
