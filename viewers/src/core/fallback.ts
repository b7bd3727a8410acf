/**
 * Where sockets do not pass: server-sent events for the few that matter most, and for the rest, or where those fail too, polling.
 *
 * Browsers open six connections a host over HTTP/1.1; FEW of them leave room for the results themselves.
 */

import type { Subscription } from "./line.ts";
import type { standing } from "./status.ts";
import type { EVENT_NAMES, mediaUrl, Told, Wanted, wireError } from "./wire.ts";
import type { World } from "./world.ts";

const FEW = 3;
const STARTS = 4; // asks of one round of polling
const EVERY = 2000;
const MOST_PATIENT = 15_000;

/** What the core has already; given, not imported, so that this chunk does not split the core in two. */
export interface Tools {
  readonly EVENT_NAMES: typeof EVENT_NAMES;
  readonly mediaUrl: typeof mediaUrl;
  readonly wireError: typeof wireError;
  readonly standing: typeof standing;
}

export class Fallback {
  readonly #tools: Tools;
  readonly #base: URL;
  readonly #world: World;
  readonly #tell: (subscription: Subscription, told: Told) => void;
  readonly #taken = new Map<Subscription, EventSource | null>();
  #streams = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = EVERY;
  active = false;

  constructor(base: URL, world: World, tools: Tools, tell: (subscription: Subscription, told: Told) => void) {
    this.#tools = tools;
    this.#base = base;
    this.#world = world;
    this.#tell = tell;
  }

  take(subscriptions: readonly Subscription[]): void {
    this.active = true;
    for (const one of [...subscriptions].sort((a, b) => b.priority - a.priority)) {
      if (!this.#taken.has(one)) this.#taken.set(one, this.#streams ? this.#listen(one) : null);
    }
    this.#pollSoon(0);
  }

  drop(subscription: Subscription): void {
    this.#taken.get(subscription)?.close();
    this.#taken.delete(subscription);
  }

  /** A socket is open again: it takes over. */
  stop(): void {
    for (const stream of this.#taken.values()) stream?.close();
    this.#taken.clear();
    this.active = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #listen(subscription: Subscription): EventSource | null {
    if ([...this.#taken.values()].filter(Boolean).length >= FEW) return null;
    const query = new URLSearchParams(subscription.wanted as unknown as Record<string, string>);
    const stream = this.#world.events(new URL(`events/?${query}`, this.#base).href);
    for (const name of this.#tools.EVENT_NAMES) {
      stream.addEventListener(name, (event) => {
        try {
          this.#tell(subscription, { ...(JSON.parse((event as MessageEvent<string>).data) as object), name });
        } catch {
          stream.dispatchEvent(new Event("error"));
        }
      });
    }
    stream.addEventListener("error", () => {
      if (!this.#taken.has(subscription)) return;
      stream.close();
      this.#streams = false;
      this.#taken.set(subscription, null);
      this.#pollSoon(0);
    });
    return stream;
  }

  #pollSoon(wait: number): void {
    if (this.#timer !== undefined || ![...this.#taken.values()].includes(null)) return;
    this.#timer = setTimeout(() => void this.#poll(), wait);
  }

  async #poll(): Promise<void> {
    const polled = [...this.#taken].filter(([, stream]) => !stream).map(([subscription]) => subscription);
    try {
      const states = await this.#tools.standing(this.#base, this.#world, polled);
      this.#pause = EVERY;
      let starts = 0;
      await Promise.all(
        polled.map(async (subscription, index) => {
          const told = states[index];
          if (!told || !this.#taken.has(subscription)) return;
          // What stands absent has to be started, and what failed tells its reason only to who asks for it.
          const ask = told.absent || told.name === "failed";
          if (!ask) this.#tell(subscription, told);
          else if (starts++ < STARTS) this.#tell(subscription, await this.#ask(subscription.wanted));
        }),
      );
    } catch {
      this.#pause = Math.min(this.#pause * 2, MOST_PATIENT);
    }
    this.#timer = undefined;
    if (this.active) this.#pollSoon(this.#pause * (0.75 + this.#world.random() / 2));
  }

  async #ask(wanted: Wanted): Promise<Told> {
    const href = this.#tools.mediaUrl(this.#base, wanted);
    const response = await this.#world.fetch(href);
    if (response.ok) {
      void response.body?.cancel();
      if (response.status === 202) return { name: "queued" };
      const type = response.headers.get("Content-Type");
      return { name: "ready", href, ...(type ? { media_type: type } : {}) };
    }
    const { code, message, possible, missing } = this.#tools.wireError(
      await response.json().catch(() => null),
      "The service refused without a reason.",
    );
    if (code === "busy") return { name: "queued" };
    return { name: "failed", code, message, possible, missing };
  }
}
