import { expect, test } from "vitest";
import { codecs, NONE, read } from "../../src/playing/facts.ts";
import { beginning, clock, spoken } from "../../src/playing/times.ts";
import { bars, read as readPeaks } from "../../src/viewers/audio/peaks.ts";

test("moments are told with as many parts as they need", () => {
  expect([0, 7.9, 65, 3600, 36_059].map(clock)).toEqual(["0:00", "0:07", "1:05", "1:00:00", "10:00:59"]);
  expect(clock(Number.NaN)).toBe("0:00");
  expect(clock(-3)).toBe("0:00");
});

test("lengths are said in words", () => {
  expect(spoken(0, "en")).toBe("0 seconds");
  expect(spoken(3661, "en")).toBe("1 hour, 1 minute, 1 second");
  expect(spoken(120, "de")).toBe("2 Minuten");
});

test("a beginning is seconds or a clock; anything else is the beginning", () => {
  expect(["12.5", "t=12.5", "t=90s", "1:02", "1:02:03", ""].map(beginning)).toEqual([12.5, 12.5, 90, 62, 3723, 0]);
  expect(["page 2", "-5", "1e9", "1:2:3:4", "t="].map(beginning)).toEqual([0, 0, 0, 0, 0]);
});

test("facts are read with care", () => {
  const facts = read({
    size: 10,
    duration: 24.5,
    tags: { TITLE: " Night ", empty: "", odd: 5 },
    streams: [
      { type: "video", codec: "h264", width: 320, height: 180 },
      { type: "audio", codec: "pcm_s16le", sample_rate: 44_100, channels: 2 },
      { type: "audio", codec: "pcm_s24le" },
      "no stream",
    ],
    chapters: [
      { start: 8, title: "Second" },
      { start: 0, title: "First" },
    ],
  });
  expect(facts).toMatchObject({ bytes: 10, seconds: 24.5 });
  expect([...facts.tags]).toEqual([["title", "Night"]]);
  expect(codecs(facts)).toBe("H.264, PCM");
  expect(facts.chapters.map(({ title }) => title)).toEqual(["First", "Second"]);
  for (const odd of [null, "x", [], { duration: "long", tags: [], streams: {}, chapters: 7, size: -1 }])
    expect(read(odd)).toEqual(NONE);
});

test("peaks are scaled to the loudest, a nearly silent sound stays low", () => {
  const loud = readPeaks({ bits: 8, samples_per_pixel: 100, sample_rate: 1000, data: [-64, 32, 0, 16, -1, 0, 0, 0] });
  expect([...(loud?.heights ?? [])].map((height) => Math.round(height * 64))).toEqual([64, 16, 1, 0]);
  expect(loud?.seconds).toBeCloseTo(0.4);
  const quiet = readPeaks({ bits: 8, samples_per_pixel: 1, sample_rate: 1, data: [-1, 0] });
  expect(quiet?.heights[0]).toBeCloseTo(16 / 127);
  for (const odd of [null, {}, { data: "x" }, { data: [1] }]) expect(readPeaks(odd)).toBeNull();
});

test("bars hold the loudest moment of their part, few peaks are repeated", () => {
  expect(bars(Float32Array.from([0, 1, 0, 0.5]), 2)).toEqual([1, 0.5]);
  expect(bars(Float32Array.from([0.25, 1]), 4)).toEqual([0.25, 0.25, 1, 1]);
  expect(bars(Float32Array.from([0.5, 1, 0.25]), 1)).toEqual([1]);
});
