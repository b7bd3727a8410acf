import ENGLISH from "words:core";
import { describe, expect, it } from "vitest";
import { ALMOST, advance, IDLE, type State } from "../../src/core/state.ts";
import { percent, sentence, size, speak, timeLeft } from "../../src/core/strings.ts";
import type { EventName, Told } from "../../src/core/wire.ts";

const reached = (...all: Told[]): State => all.reduce(advance, IDLE);

/** A small generator with a seed (mulberry32), so that a red run can be had again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("a state", () => {
  it("never goes back and is never full before ready, whatever it is told", () => {
    const names: EventName[] = ["queued", "downloading", "downloaded", "converting"];
    const wild = [-1, 0, 1, 2, Number.NaN, Number.POSITIVE_INFINITY];
    for (let seed = 0; seed < 500; seed++) {
      const next = random(seed);
      let state = IDLE;
      for (let n = 0; n < 40; n++) {
        const before = state.overall;
        const overall = next() < 0.2 ? (wild[Math.floor(next() * wild.length)] as number) : next();
        const name = names[Math.floor(next() * 4)] as EventName;
        state = advance(state, next() < 0.3 ? { name } : { name, overall, estimated: next() < 0.5 });
        if (before !== null) expect(state.overall).toBeGreaterThanOrEqual(before);
        if (state.overall !== null) expect(state.overall).toBeLessThanOrEqual(ALMOST);
      }
      expect(advance(state, { name: "ready" }).overall).toBe(1);
    }
  });

  it("stays once it is settled", () => {
    const ready = reached({ name: "converting", overall: 0.5 }, { name: "ready", href: "/a" });
    expect(advance(ready, { name: "converting", overall: 0.7 })).toBe(ready);
    const failed = reached({ name: "failed", code: "corrupt" });
    expect(advance(failed, { name: "ready" })).toBe(failed);
  });

  it("keeps its bar when a service that was away starts the work anew", () => {
    const state = reached(
      { name: "converting", overall: 0.6 },
      { name: "queued" },
      { name: "converting", overall: 0.1 },
    );
    expect(state.overall).toBe(0.6);
  });

  it("has no time left to tell while it waits for a slot", () => {
    expect(reached({ name: "converting", overall: 0.2, eta: 9, waiting: 3 }).eta).toBeNull();
    expect(reached({ name: "converting", overall: 0.2, eta: 9 }).eta).toBe(9);
  });
});

describe("words", () => {
  it("mark an estimate and round down", () => {
    expect(percent(0.429, true)).toBe("~42%");
    expect(percent(0.999, false)).toBe("99%");
  });

  it("tell sizes and times coarsely", () => {
    expect(size(0)).toBe("0 bytes");
    expect(size(1500)).toBe("1.5 kB");
    expect(size(81_920_000)).toBe("81.9 MB");
    expect([0.4, 4.2, 23, 95].map(timeLeft)).toEqual([
      "almost done",
      "about 4 s left",
      "about 25 s left",
      "about 2 min left",
    ]);
  });

  it("name the step, the part and the time left", () => {
    const told: Told = { name: "converting", from: "DOCX", to: "PDF", overall: 0.42, estimated: true, eta: 5 };
    expect(sentence(reached(told))).toBe("DOCX → PDF · ~42% · about 5 s left");
    expect(sentence(reached({ ...told, waiting: 2 }))).toBe("DOCX → PDF, waiting for a free slot, 2 before this");
    expect(sentence(reached({ name: "downloading", bytes: 500, total: 1000 }))).toBe(
      "Fetching the file, 500 bytes of 1 kB",
    );
    expect(sentence(reached({ name: "queued", position: 4 }))).toBe("Waiting to start, 4 before this");
  });

  it("can be another language's, and stay English where it has none", () => {
    speak({ ready: "Fertig" });
    expect(sentence(reached({ name: "ready" }))).toBe("Fertig");
    expect(sentence(reached({ name: "queued" }))).toBe(ENGLISH.queued);
    speak({});
  });
});
