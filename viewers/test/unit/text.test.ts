import { describe, expect, it } from "vitest";
import { fragment } from "../../src/viewers/html/start.ts";
import { encodingOf, Lines, LONGEST, lower, startLine } from "../../src/viewers/text/lines.ts";

const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("the encoding", () => {
  it("is what the first bytes say, then the server, then UTF-8 where that is possible", () => {
    expect(encodingOf(bytes(0xff, 0xfe, 0x41, 0), "utf-8")).toBe("utf-16le");
    expect(encodingOf(bytes(0xfe, 0xff, 0, 0x41), undefined)).toBe("utf-16be");
    expect(encodingOf(bytes(0xef, 0xbb, 0xbf), "latin1")).toBe("utf-8");
    expect(encodingOf(bytes(0x41), "shift_jis")).toBe("shift_jis");
    expect(encodingOf(utf8("Größe"), "utf-8")).toBe("utf-8");
    expect(encodingOf(bytes(0x47, 0x72, 0xf6, 0xdf, 0x65), "utf-8")).toBe("windows-1252");
    expect(encodingOf(bytes(0x41), "no-such-charset")).toBe("utf-8");
  });

  it("is UTF-8 also where a letter is cut at the end", () => {
    expect(encodingOf(utf8("añ").slice(0, 2), "utf-8")).toBe("utf-8");
  });
});

describe("lines", () => {
  const of = (...pieces: string[]) => {
    const lines = new Lines(1);
    return pieces.flatMap((piece, at) => lines.add(piece, at === pieces.length - 1));
  };

  it("are whole wherever the pieces part", () => {
    expect(of("one\ntw", "o\r", "\nthree\rfour").map(({ text }) => text)).toEqual(["one", "two", "three", "four"]);
    expect(of("one\n", "two\n").map(({ number }) => number)).toEqual([1, 2]);
    expect(of("a\n\nb").map(({ text, number }) => `${number}:${text}`)).toEqual(["1:a", "2:", "3:b"]);
  });

  it("of an empty file are one that is empty", () => {
    expect(of("")).toEqual([{ text: "", number: 1 }]);
  });

  it("that have no end go on without a number, and lose nothing", () => {
    const long = "x".repeat(2 * LONGEST + 7);
    const all = of(long.slice(0, LONGEST + 3), long.slice(LONGEST + 3), "\nlast");
    expect(all.map(({ number }) => number)).toEqual([1, null, null, 2]);
    expect(all.map(({ text }) => text).join("")).toBe(`${long}last`);
  });

  it("have no numbers where it is not known how many came before", () => {
    expect(new Lines(null).add("a\nb", true).map(({ number }) => number)).toEqual([null, null]);
  });
});

describe("where it begins", () => {
  it("is a line", () => {
    expect(["L12", "#L12", "12", "line=12", "", "x"].map(startLine)).toEqual([12, 12, 12, 12, 0, 0]);
    expect(["L12", "12", "#line=12"].map(fragment)).toEqual(["L12", "L12", "L12"]);
  });

  it("is a place in a document otherwise", () => {
    expect(fragment("#tides")).toBe("tides");
    expect(fragment("")).toBe("");
  });
});

it("lower case changes no length", () => {
  expect(lower("ÄB")).toBe("äb");
  expect(lower("İB")).toBe("İB");
});
