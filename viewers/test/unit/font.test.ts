import { describe, expect, it } from "vitest";
import { codeName, facts, has, missing, shownOf } from "../../src/viewers/font/facts.ts";

const RANGES = [
  [0x20, 0x7e],
  [0xa0, 0xff],
  [0x1f600, 0x1f601],
] as const;

describe("what a font says of itself", () => {
  it("is taken as it should be", () => {
    const told = facts({
      family: " Seven ",
      weight: 700,
      italic: true,
      ranges: [[65, 66]],
      axes: [{ tag: "wght", name: "Weight", least: 100, default: 400, most: 900 }],
      samples: [{ script: "Latin", alphabet: "AB", sentence: "" }],
      licence: "MIT",
    });
    expect(told).toMatchObject({ family: "Seven", weight: 700, italic: true, ranges: [[65, 66]] });
    expect(told.axes).toEqual([{ tag: "wght", name: "Weight", least: 100, start: 400, most: 900 }]);
    expect(told.said).toEqual([["licence", "MIT"]]);
  });

  it("harms nobody as it should not be", () => {
    for (const given of [null, 3, "x", [], { ranges: 5, axes: "a", samples: [null, 1], family: {} }])
      expect(facts(given)).toMatchObject({ family: "", ranges: null, axes: [], samples: [] });
    const odd = facts({
      ranges: [["<b>", 3], [1, 2, 3], null, [-1, 5], [0, 0x110000], [65, 90]],
      axes: [
        { tag: '";}*', name: "x", least: 0, default: 0, most: 1 },
        { tag: "wght", least: 9, default: 9, most: 9 },
      ],
    });
    expect(odd.ranges).toEqual([[65, 90]]);
    expect(odd.axes).toEqual([]);
  });
});

describe("what a font has", () => {
  it("is found in its ranges", () => {
    for (const code of [0x20, 0x7e, 0xa0, 0xff, 0x1f601]) expect(has(RANGES, code)).toBe(true);
    for (const code of [0, 0x1f, 0x7f, 0x9f, 0x100, 0x1f602]) expect(has(RANGES, code)).toBe(false);
    expect(has([], 65)).toBe(false);
  });

  it("is told of once where it is missing, spaces and line ends aside", () => {
    expect(missing(RANGES, "漢a漢\n\u00a0字😀\u200d")).toEqual(["漢", "字"]);
  });

  it("is walked without what is not seen", () => {
    const seen = [
      ...shownOf([
        [0x1e, 0x22],
        [0xad, 0xae],
        [0xd7ff, 0xe001],
      ]),
    ];
    expect(seen.map(codeName)).toEqual(["U+0021", "U+0022", "U+00AE", "U+D7FF", "U+E000", "U+E001"]);
  });
});
