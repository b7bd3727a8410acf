import { describe, expect, it } from "vitest";
import { bounded, fitted, MOST_PIXELS, pageAt, sharpness, startPage, step } from "../../src/viewers/pdf/layout.ts";
import { address } from "../../src/viewers/pdf/links.ts";
import { fold, folded, found, places } from "../../src/viewers/pdf/search.ts";

const text = (...lines: string[]) => fold(lines.map((str) => ({ str, hasEOL: true })));

describe("folded text", () => {
  it("knows no case, no accents and no line ends", () => {
    expect(text("CAFÉ au", "Lait").text).toBe("cafe au lait ");
    expect(folded("  Café\nAU ")).toBe("cafe au");
  });

  it("joins what a hyphen parted at a line's end, and nothing else", () => {
    expect(text("light-", "house").text).toBe("lighthouse ");
    expect(text("1-", "2").text).toBe("1- 2 ");
    expect(
      fold([
        { str: "well-", hasEOL: false },
        { str: "known", hasEOL: false },
      ]).text,
    ).toBe("well-known");
  });

  it("has no spaces between lines of scripts that have none", () => {
    expect(text("潮の満", "ち引き").text).toBe("潮の満ち引き");
  });

  it("says where a find is in the pieces, also where one letter became several", () => {
    const made = fold([
      { str: "oﬃce", hasEOL: true },
      { str: "Wörter", hasEOL: false },
    ]);
    expect(made.text).toBe("office worter");
    const [at = -1] = places(made.text, folded("ce Wör"));
    expect(found(made, at, folded("ce wör").length)).toEqual({ from: [0, 2], to: [1, 3] });
    const [ligature = -1] = places(made.text, "ff");
    expect(found(made, ligature, 2)).toEqual({ from: [0, 1], to: [0, 2] });
  });

  it("finds what does not overlap, and only so much", () => {
    expect(places("aaaa", "aa")).toEqual([0, 2]);
    expect(places("aaaa", "a", 3)).toHaveLength(3);
    expect(places("abc", "")).toEqual([]);
  });
});

describe("pages in their window", () => {
  const portrait = { width: 612, height: 792 };
  const slide = { width: 960, height: 540 };

  it("are as wide as it, and by themselves not blown up", () => {
    expect(fitted("width", portrait, { width: 816, height: 500 })).toBeCloseTo(1);
    expect(fitted("width", portrait, { width: 8160, height: 500 })).toBeCloseTo(10);
    expect(fitted("auto", portrait, { width: 8160, height: 500 })).toBe(1.25);
    expect(fitted("auto", slide, { width: 5000, height: 360 })).toBeCloseTo(0.5);
  });

  it("grow and shrink by steps that end", () => {
    expect(step(1, true)).toBe(1.1);
    expect(step(1.05, false)).toBe(1);
    expect(step(10, true)).toBe(10);
    expect(bounded(1e9)).toBe(10);
    expect(step(1e-4, false)).toBeGreaterThan(0);
  });

  it("never have more pixels than a canvas may", () => {
    const size = { width: 12_000, height: 9_000 };
    const sharp = sharpness(size, 3);
    expect(size.width * sharp * size.height * sharp).toBeLessThanOrEqual(MOST_PIXELS * 1.001);
    expect(sharpness({ width: 800, height: 1000 }, 2)).toBe(2);
    expect(sharpness({ width: 9e6, height: 10 }, 1) * 9e6).toBeLessThanOrEqual(16_384);
  });

  it("are found by how far one scrolled", () => {
    const tops = [0, 100, 250, 900];
    const at = (y: number): number => pageAt(tops.length, (index) => tops[index] ?? 0, y);
    expect([at(-5), at(0), at(99), at(100), at(899), at(5000)]).toEqual([0, 0, 0, 1, 2, 3]);
  });

  it("begin where `start` says", () => {
    expect(["3", "page=3", "#page=3", "", "x", "page=0"].map(startPage)).toEqual([3, 3, 3, 1, 1, 1]);
  });
});

describe("a link", () => {
  it("leads to the web and to letters, and nowhere else", () => {
    expect(address("https://example.org/a")).toBe("https://example.org/a");
    expect(address("mailto:a@example.org")).toBe("mailto:a@example.org");
    for (const url of ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "ftp://x/", "", null, 5])
      expect(address(url)).toBeNull();
  });
});
