/**
 * One line to the service for the whole page: a WebSocket that speaks JSON-RPC 2.0, opened when first needed.
 *
 * What is wanted is looked up first in one status call, so that finished results need neither socket nor job. The rest is asked for
 * in batches, visible first, at most MOST at once. A lost socket comes back with jittered back-off and asks again; where sockets do
 * not pass at all, the fall-back (events, then polling) does the work until one does.
 */

import type { Fallback } from "./fallback.ts";
import { standing } from "./status.ts";
import {
  EVENT_NAMES,
  isEventName,
  mediaUrl,
  strings,
  type Told,
  type Wanted,
  type WireError,
  wireError,
} from "./wire.ts";
import { WORLD, type World } from "./world.ts";

export type Listener = (told: Told) => void;

export interface Watch {
  /** 1 visible, 0 normal, -1 background. */
  prioritise(priority: number): void;
  close(): void;
}

/** `lost` says why in `reason`: "closed" or "garbage". */
export type Connection = { state: "open" } | { state: "lost"; reason: "closed" | "garbage" };

const TOOLS = { EVENT_NAMES, mediaUrl, wireError, standing };

/** The service lets a socket have 256. */
const MOST = 250;
const BATCH = 100;
const BATCH_CHARACTERS = 20_000; // 64 KiB a message on the wire, at up to 3 bytes a character
const STATUS_BATCH = 500;
const SLICE = 30;
const TRIES = 3; // failures in a row before the fall-back takes over

/** Milliseconds before attempt n: half fixed, half random, so that a thousand pages do not return at once. */
export const backoff = (failures: number, random: number): number =>
  Math.min(500 * 2 ** Math.max(failures - 1, 0), 10_000) * (0.5 + random / 2);

export interface Subscription {
  readonly wanted: Wanted;
  readonly listeners: Map<Listener, number>;
  priority: number;
  key: string | null;
  asked: boolean;
  looked: boolean;
  seq: number;
  busy: number;
  latest: Told | null;
}

interface Call {
  message: { jsonrpc: "2.0"; id: number; method: string; params: object };
  subscription: Subscription | null;
  answered(result: Record<string, unknown>): void;
  refused(error: WireError): void;
}

const name = (wanted: Wanted): string => `${wanted.type} ${wanted.url}`;
const over = (told: Told | null): boolean => told?.name === "ready" || told?.name === "failed";

export class Line extends EventTarget {
  readonly base: URL;
  readonly #world: World;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #calls = new Map<number, Call>();
  #fallback: Fallback | null = null;
  #outbox: Call["message"][] = [];
  #socket: WebSocket | null = null;
  #failures = 0;
  #lastId = 0;
  #looking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(base: URL, world: World = WORLD) {
    super();
    this.base = base;
    this.#world = world;
  }

  /** Hear how it goes with something wanted: the newest state at once, then each event, until `ready` or `failed`. */
  watch(wanted: Wanted, listener: Listener, priority = 0): Watch {
    const id = name(wanted);
    let subscription = this.#subscriptions.get(id);
    if (!subscription || over(subscription.latest)) {
      subscription = {
        wanted,
        listeners: new Map(),
        priority,
        key: null,
        asked: false,
        looked: false,
        seq: 0,
        busy: 0,
        latest: null,
      };
      this.#subscriptions.set(id, subscription);
      this.#lookSoon();
    }
    const joined = subscription;
    joined.listeners.set(listener, priority);
    if (joined.latest) {
      const { latest } = joined;
      queueMicrotask(() => joined.listeners.has(listener) && listener(latest));
    }
    this.#reprioritise(joined);
    return {
      prioritise: (to) => {
        if (!joined.listeners.has(listener)) return;
        joined.listeners.set(listener, to);
        this.#reprioritise(joined);
      },
      close: () => {
        joined.listeners.delete(listener);
        if (joined.listeners.size) this.#reprioritise(joined);
        else this.#drop(joined);
      },
    };
  }

  /** One JSON-RPC call; it survives a lost socket. Rejects with WireError. */
  call(method: string, params: object, signal?: AbortSignal): Promise<Record<string, unknown>> {
    return new Promise((answered, refused) => {
      const id = this.#call(method, params, null, answered, refused);
      signal?.addEventListener("abort", () => {
        if (this.#calls.delete(id)) refused(signal.reason);
      });
    });
  }

  mediaUrl(wanted: Wanted): string {
    return mediaUrl(this.base, wanted);
  }

  // --- what is wanted ---------------------------------------------------------------------------------------------------

  #reprioritise(subscription: Subscription): void {
    const priority = Math.max(...subscription.listeners.values());
    if (priority === subscription.priority) return;
    subscription.priority = priority;
    if (subscription.key && !over(subscription.latest)) this.#note("prioritise", { key: subscription.key, priority });
  }

  #drop(subscription: Subscription): void {
    const id = name(subscription.wanted);
    if (this.#subscriptions.get(id) === subscription) this.#subscriptions.delete(id);
    this.#fallback?.drop(subscription);
    if (subscription.asked) this.#release(subscription);
  }

  /** Frees the socket's place; where the key is not known yet, as soon as it is. */
  #release(subscription: Subscription): void {
    subscription.asked = false;
    if (subscription.key) this.#note("unwatch", { key: subscription.key });
    this.#pump();
  }

  #tell(subscription: Subscription, told: Told): void {
    if (over(subscription.latest)) return;
    subscription.latest = told;
    if (over(told)) this.#drop(subscription);
    for (const listener of [...subscription.listeners.keys()]) listener(told);
  }

  /** Elements of one page come in one task: their look-ups share one request. */
  #lookSoon(): void {
    if (this.#looking) return;
    this.#looking = true;
    setTimeout(() => {
      this.#looking = false;
      const fresh = [...this.#subscriptions.values()].filter((one) => !one.looked);
      for (let start = 0; start < fresh.length; start += STATUS_BATCH) {
        void this.#look(fresh.slice(start, start + STATUS_BATCH));
      }
    });
  }

  async #look(fresh: Subscription[]): Promise<void> {
    let found: Told[] = [];
    try {
      found = await standing(this.base, this.#world, fresh);
    } catch {
      // No status, no harm: all are asked for one by one.
    }
    for (const [index, subscription] of fresh.entries()) {
      subscription.looked = true;
      const told = found[index];
      if (told?.name === "ready") this.#tell(subscription, told);
      if (!(index % SLICE)) await new Promise((on) => setTimeout(on)); // the page breathes between
    }
    this.#pump();
  }

  #live(): Subscription[] {
    return [...this.#subscriptions.values()].filter((one) => one.looked && !over(one.latest));
  }

  #pump(): void {
    const live = this.#live();
    if (!live.some((one) => !one.asked)) return;
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      this.#connect();
      if (this.#fallback?.active) this.#fallback.take(live);
      return;
    }
    let room = MOST - live.filter((one) => one.asked).length;
    for (const subscription of live.filter((one) => !one.asked).sort((a, b) => b.priority - a.priority)) {
      if (room-- <= 0) return;
      this.#ask(subscription);
    }
  }

  #ask(subscription: Subscription): void {
    const { wanted, priority } = subscription;
    subscription.asked = true;
    subscription.seq = 0;
    const answered = (result: Record<string, unknown>): void => {
      const key = typeof result.key === "string" ? result.key : null;
      if (subscription.asked) subscription.key = key;
      else if (key) this.#note("unwatch", { key });
      if (subscription.priority !== priority && key) this.#note("prioritise", { key, priority: subscription.priority });
    };
    const refused = (error: WireError): void => {
      if (error.code === "busy" && subscription.busy++ < 8) {
        this.#tell(subscription, { name: "queued" });
        const wait = 1000 * (error.retryAfter ?? 2) * (0.75 + this.#world.random() / 2);
        setTimeout(() => {
          subscription.asked = false;
          this.#pump();
        }, wait);
        return;
      }
      const { code, message, possible, missing } = error;
      this.#tell(subscription, { name: "failed", code, message, possible, missing });
    };
    this.#call("media", { ...wanted, priority }, subscription, answered, refused);
  }

  // --- the socket -------------------------------------------------------------------------------------------------------

  #call(
    method: string,
    params: object,
    subscription: Subscription | null,
    answered: Call["answered"],
    refused: Call["refused"],
  ): number {
    const id = ++this.#lastId;
    const message = { jsonrpc: "2.0" as const, id, method, params };
    this.#calls.set(id, { message, subscription, answered, refused });
    this.#send(message);
    return id;
  }

  /** A call whose answer nobody waits for, and that means nothing on another socket. */
  #note(method: string, params: object): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#send({ jsonrpc: "2.0", id: ++this.#lastId, method, params });
  }

  #send(message: Call["message"]): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      this.#connect();
      return;
    }
    if (this.#outbox.push(message) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    let batch: string[] = [];
    let characters = 0;
    const post = (): void => {
      if (batch.length) this.#socket?.send(batch.length === 1 ? (batch[0] as string) : `[${batch.join()}]`);
      batch = [];
      characters = 0;
    };
    for (const message of this.#outbox) {
      const text = JSON.stringify(message);
      if (batch.length === BATCH || characters + text.length > BATCH_CHARACTERS) post();
      batch.push(text);
      characters += text.length;
    }
    post();
    this.#outbox = [];
  }

  #connect(): void {
    if (this.#socket || this.#timer !== undefined) return;
    const address = new URL("ws/", this.base);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = this.#world.socket(address.href);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      if (socket !== this.#socket) return;
      this.#fallback?.stop();
      this.dispatchEvent(new CustomEvent<Connection>("connection", { detail: { state: "open" } }));
      for (const call of this.#calls.values()) this.#send(call.message);
      this.#pump();
    });
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (socket !== this.#socket) return;
      try {
        const parsed: unknown = JSON.parse(data as string);
        for (const one of Array.isArray(parsed) ? parsed : [parsed]) this.#hear(one as Record<string, unknown>);
        this.#failures = 0;
      } catch (reason) {
        console.warn("omnic:", reason);
        socket.close(4000, "unreadable");
        this.#lost(socket, "garbage");
      }
    });
    socket.addEventListener("close", () => this.#lost(socket, "closed"));
  }

  /** Throws on what is no JSON-RPC. */
  #hear(message: Record<string, unknown>): void {
    if (message?.jsonrpc !== "2.0") throw new Error("not JSON-RPC 2.0");
    if (typeof message.method === "string") {
      const params = (message.params ?? {}) as Record<string, unknown>;
      if (isEventName(message.method)) this.#notified({ ...params, name: message.method } as Told);
      return;
    }
    const call = this.#calls.get(message.id as number);
    if (!call) return; // a note's answer
    this.#calls.delete(message.id as number);
    if ("result" in message) call.answered((message.result ?? {}) as Record<string, unknown>);
    else call.refused(wireError(message.error, "The service gave no reason."));
  }

  #notified(told: Told): void {
    const subscription = this.#subscriptions.get(`${told.type} ${told.url}`);
    if (!subscription) return;
    const seq = typeof told.seq === "number" ? told.seq : subscription.seq + 1;
    if (seq <= subscription.seq) return;
    subscription.seq = seq;
    if (told.key) subscription.key = told.key;
    if (told.name === "failed") {
      const extra = (told as { extra?: { possible?: unknown; missing?: unknown } }).extra;
      told.possible = strings(told.possible ?? extra?.possible);
      told.missing = strings(told.missing ?? extra?.missing);
    }
    this.#tell(subscription, told);
  }

  /** Loaded when first needed. Where the service is down altogether that fails too, and the next failure tries again. */
  async #fallBack(): Promise<void> {
    try {
      const { Fallback } = await import("./fallback.ts");
      this.#fallback ??= new Fallback(this.base, this.#world, TOOLS, (subscription, told) =>
        this.#tell(subscription, told),
      );
      if (this.#socket?.readyState !== WebSocket.OPEN) this.#fallback.take(this.#live());
    } catch (reason) {
      console.warn("omnic:", reason);
    }
  }

  #lost(socket: WebSocket, reason: "closed" | "garbage"): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#outbox = [];
    for (const [id, call] of this.#calls) if (call.subscription) this.#calls.delete(id);
    const live = this.#live();
    for (const subscription of live) {
      subscription.asked = false;
      subscription.key = null;
    }
    if (!live.length && !this.#calls.size) return; // nobody waits: the next one opens it again
    this.dispatchEvent(new CustomEvent<Connection>("connection", { detail: { state: "lost", reason } }));
    this.#failures += 1;
    if (this.#failures >= TRIES) void this.#fallBack();
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#connect();
      },
      backoff(this.#failures, this.#world.random()),
    );
  }
}

const lines = new Map<string, Line>();

/** The page's line to the service at `base`. */
export function lineTo(base: URL): Line {
  const known = lines.get(base.href);
  if (known) return known;
  const line = new Line(base);
  lines.set(base.href, line);
  return line;
}
