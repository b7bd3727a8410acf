import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoff, type Connection, Line } from "../../src/core/line.ts";
import type { Told } from "../../src/core/wire.ts";

interface Sent {
  id: number;
  method: string;
  params: Record<string, unknown>;
}

/** The other end of a socket, held by the test. */
class Wire extends EventTarget {
  static made: Wire[] = [];
  readyState = 0;
  readonly frames: string[] = [];
  constructor(readonly url: string) {
    super();
    Wire.made.push(this);
  }
  send(text: string): void {
    this.frames.push(text);
  }
  close(): void {
    this.readyState = 3;
  }
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }
  drop(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }
  say(message: unknown): void {
    const data = typeof message === "string" ? message : JSON.stringify(message);
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
  notify(method: string, params: Record<string, unknown>): void {
    this.say({ jsonrpc: "2.0", method, params });
  }
  get sent(): Sent[] {
    return this.frames.flatMap((frame) => JSON.parse(frame) as Sent | Sent[]);
  }
  of(method: string): Sent[] {
    return this.sent.filter((one) => one.method === method);
  }
}

let ready: Set<string>;
let statusCalls: number;
let line: Line;

beforeEach(() => {
  vi.useFakeTimers();
  Wire.made = [];
  ready = new Set();
  statusCalls = 0;
  line = new Line(new URL("https://m.example/"), {
    socket: (url) => new Wire(url) as unknown as WebSocket,
    events: () => {
      throw new Error("no streams here");
    },
    fetch: async (_url, init) => {
      statusCalls += 1;
      const asked = JSON.parse(String(init?.body)) as { url: string; type: string }[];
      return new Response(
        JSON.stringify(
          asked.map(({ url, type }) =>
            ready.has(url)
              ? { url, type, ready: true, state: "ready", href: `/a/${url}` }
              : { url, type, ready: false, state: "absent" },
          ),
        ),
      );
    },
    random: () => 0.5,
  });
});
afterEach(() => vi.useRealTimers());

const settle = (ms = 20) => vi.advanceTimersByTimeAsync(ms);
const socket = (): Wire => Wire.made.at(-1) as Wire;
const want = (url: string, priority = 0) => {
  const heard: Told[] = [];
  const watch = line.watch({ url, type: "PNG" }, (told) => heard.push(told), priority);
  return { heard, watch };
};

describe("the line", () => {
  it("asks once for the state of all, and opens no socket where all is there", async () => {
    const wants = Array.from({ length: 200 }, (_, n) => {
      ready.add(`u${n}`);
      return want(`u${n}`);
    });
    await settle();
    expect(statusCalls).toBe(1);
    expect(Wire.made).toHaveLength(0);
    expect(wants.every(({ heard }) => heard.length === 1 && heard[0]?.name === "ready")).toBe(true);
  });

  it("looks up anew what is wanted again while an answer to who left is on its way", async () => {
    ready.add("u");
    const left = want("u");
    vi.advanceTimersToNextTimer(); // the question is on its way
    left.watch.close();
    const { heard } = want("u");
    await settle();
    expect(heard.map((one) => one.name)).toEqual(["ready"]);
    expect(left.heard).toEqual([]);
  });

  it("asks for the rest in one frame, visible first, and for the same thing once", async () => {
    want("back", -1);
    want("front", 1);
    want("back", -1);
    await settle();
    socket().open();
    await settle();
    expect(socket().url).toBe("wss://m.example/ws/");
    expect(socket().frames).toHaveLength(1);
    expect(
      socket()
        .of("media")
        .map(({ params }) => [params.url, params.priority]),
    ).toEqual([
      ["front", 1],
      ["back", -1],
    ]);
  });

  it("holds no more than the service allows, and goes on as places get free", async () => {
    for (let n = 0; n < 300; n++) want(`u${n}`);
    await settle();
    socket().open();
    await settle();
    expect(socket().of("media")).toHaveLength(250);
    expect(Math.max(...socket().frames.map((frame) => (JSON.parse(frame) as unknown[]).length))).toBeLessThanOrEqual(
      100,
    );
    socket().notify("ready", { url: "u0", type: "PNG", seq: 1, key: "k0", href: "/a" });
    await settle();
    expect(socket().of("media")).toHaveLength(251);
    expect(
      socket()
        .of("unwatch")
        .map(({ params }) => params.key),
    ).toEqual(["k0"]);
  });

  it("drops what it has heard already, and comes back after a loss to ask again", async () => {
    const { heard } = want("u");
    await settle();
    socket().open();
    await settle();
    socket().notify("queued", { url: "u", type: "PNG", seq: 4 });
    socket().notify("queued", { url: "u", type: "PNG", seq: 4 });
    socket().notify("converting", { url: "u", type: "PNG", seq: 3, overall: 0.5 });
    expect(heard).toHaveLength(1);
    const first = socket();
    first.drop();
    await settle(20_000);
    expect(Wire.made.length).toBeGreaterThan(1);
    socket().open();
    await settle();
    expect(socket().of("media")).toHaveLength(1);
    socket().notify("ready", { url: "u", type: "PNG", seq: 1, href: "/a" }); // a service that started anew counts from 1
    expect(heard.map(({ name }) => name)).toEqual(["queued", "ready"]);
    first.notify("failed", { url: "u", type: "PNG", seq: 9 });
    expect(heard).toHaveLength(2);
  });

  it("drops a socket that sends garbage, says so, and asks on a new one", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const said: Connection[] = [];
    line.addEventListener("connection", (event) => said.push((event as CustomEvent<Connection>).detail));
    for (const garbage of ["{", "null", "7", '"x"', "[[]]", '{"jsonrpc":"1.0"}']) {
      const { heard } = want(`u${garbage}`);
      await settle();
      if (socket().readyState === 0) socket().open();
      await settle();
      const before = Wire.made.length;
      said.length = 0;
      socket().say(garbage);
      expect(said, garbage).toEqual([{ state: "lost", reason: "garbage" }]);
      await settle(1500);
      expect(Wire.made.length, garbage).toBe(before + 1);
      socket().open();
      await settle();
      socket().notify("ready", { url: `u${garbage}`, type: "PNG", seq: 1 });
      expect(heard.at(-1)?.name).toBe("ready");
    }
    expect(warned).toHaveBeenCalledTimes(6);
    warned.mockRestore();
  });

  it("lets go of what nobody wants any more, also before its key is known", async () => {
    const { watch } = want("u");
    await settle();
    socket().open();
    await settle();
    watch.close();
    socket().say({ jsonrpc: "2.0", id: socket().of("media")[0]?.id, result: { key: "k", state: "queued", seq: 1 } });
    await settle();
    expect(
      socket()
        .of("unwatch")
        .map(({ params }) => params.key),
    ).toEqual(["k"]);
  });

  it("tells the service when something comes into sight", async () => {
    const { watch } = want("u");
    await settle();
    socket().open();
    await settle();
    socket().say({ jsonrpc: "2.0", id: socket().of("media")[0]?.id, result: { key: "k", state: "queued", seq: 1 } });
    watch.prioritise(1);
    await settle();
    expect(
      socket()
        .of("prioritise")
        .map(({ params }) => params),
    ).toEqual([{ key: "k", priority: 1 }]);
  });

  it("makes a refusal a failure with its reason, and waits out a busy service", async () => {
    const { heard } = want("u");
    await settle();
    socket().open();
    await settle();
    const refuse = (code: string, extra = {}) =>
      socket().say({
        jsonrpc: "2.0",
        id: socket().of("media").at(-1)?.id,
        error: { code: -32000, message: "No.", data: { code, ...extra } },
      });
    refuse("busy", { retry_after: 1 });
    await settle(2000);
    expect(socket().of("media")).toHaveLength(2);
    refuse("no_road", { possible: ["PDF"] });
    expect(heard).toMatchObject([
      { name: "queued" },
      { name: "failed", code: "no_road", message: "No.", possible: ["PDF"] },
    ]);
  });

  it("keeps a call over a lost socket", async () => {
    const answer = line.call("types", { url: "u" });
    await settle();
    socket().open();
    await settle();
    socket().drop();
    await settle(2000);
    socket().open();
    await settle();
    socket().say({ jsonrpc: "2.0", id: socket().of("types")[0]?.id, result: { format: "PNG" } });
    await expect(answer).resolves.toEqual({ format: "PNG" });
  });

  it("waits longer after each failure, within bounds, never all at the same time", () => {
    expect([1, 2, 3, 9].map((failures) => backoff(failures, 1))).toEqual([500, 1000, 2000, 10_000]);
    expect(backoff(3, 0)).toBe(1000);
  });
});
