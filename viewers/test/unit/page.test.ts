import { describe, expect, it, vi } from "vitest";

// The page takes the core by its public name; here both are one source, without the element.
vi.stubGlobal(
  "IntersectionObserver",
  class {
    observe(): void {}
    unobserve(): void {}
  },
);

import type { Told } from "../../src/core/wire.ts";
import { arrange, parseTarget, target } from "../../src/page/catalogue.ts";
import { type Row, walk } from "../../src/page/journey.ts";
import { readPlace, writePlace } from "../../src/page/place.ts";
import { fileName, snippets } from "../../src/page/share.ts";

const journey = (...all: Told[]): Row[] => all.reduce<Row[]>((rows, told) => walk(rows, told), []);

describe("the picker's catalogue", () => {
  const types = ["TIFF", "PDF", "checksum", "PNG", "odd"].map((type, cost) => ({ type, steps: 1, cost }));
  const formats = [
    { name: "PNG", title: "Portable Network Graphics", category: "raster" },
    { name: "TIFF", title: "TIFF picture", category: "raster" },
    { name: "PDF", title: "Portable document", category: "page" },
    { name: "checksum", title: "Checksums", category: "fact" },
  ];

  it("puts the common first and every type in one group only", () => {
    const groups = arrange(types, formats, "", ["GIF", "PDF", "png"]);
    expect(groups.map(({ heading, choices }) => [heading, choices.map(({ type }) => type)])).toEqual([
      ["Most asked for", ["PDF", "PNG"]],
      ["Pictures", ["TIFF"]],
      ["Facts about the file", ["checksum"]],
      ["Other", ["odd"]],
    ]);
  });

  it("is searched by name and by title, all words at once", () => {
    const found = (words: string) =>
      arrange(types, formats, words).flatMap(({ choices }) => choices.map(({ type }) => type));
    expect(found("port")).toEqual(["PNG", "PDF"]);
    expect(found("port graph")).toEqual(["PNG"]);
    expect(found("zzz")).toEqual([]);
  });

  it("writes targets and reads them back", () => {
    for (const text of ["png", "thumb.webp:200x100", "png:width=20", "thumb.png:20x20,page=2,fit=crop"]) {
      const { type, given } = parseTarget(text);
      expect(target(type, given)).toBe(text);
    }
    expect(target("PNG", { width: "", height: "", page: "" })).toBe("png");
  });
});

describe("the journey", () => {
  const fetched: Told[] = [
    { name: "queued", position: 0, at: 1 },
    { name: "downloading", bytes: 50, total: 100, at: 1.1 },
    { name: "downloaded", bytes: 100, format: "DOCX", at: 1.2 },
  ];
  const step = (extra: Partial<Told>): Told => ({
    name: "converting",
    step: 1,
    steps: 2,
    from: "DOCX",
    to: "PDF",
    at: 2,
    ...extra,
  });

  it("names each step and says what is measured, estimated, waiting and coming", () => {
    expect(
      journey(...fetched, step({ waiting: 2, fraction: null })).map(({ title, state, detail }) => [
        title,
        state,
        detail,
      ]),
    ).toEqual([
      ["Fetch", "done", "DOCX, 100 bytes"],
      ["DOCX → PDF", "now", "waiting for a free slot, 2 before this"],
      ["Step 2", "coming", ""],
    ]);
    expect(journey(step({ fraction: 0.4, estimated: true }))[0]?.detail).toBe("~40% estimated");
    expect(journey(step({ fraction: 0.4 }))[0]?.detail).toBe("40% measured");
    expect(journey(step({ fraction: null }))[0]?.detail).toBe("working");
  });

  it("says of steps that were over before anybody looked that they are done", () => {
    const rows = journey(...fetched, step({ step: 3, steps: 3, from: "PNG", to: "thumb.webp" }));
    expect(rows.map(({ title, state, detail }) => [title, state, detail]).slice(1, 3)).toEqual([
      ["Step 1", "done", "already done"],
      ["Step 2", "done", "already done"],
    ]);
  });

  it("takes no step's bar back", () => {
    expect(journey(step({ fraction: 0.6 }), step({ fraction: 0.2 }))[0]?.fraction).toBe(0.6);
  });

  it("ends each step with the time that it took", () => {
    const rows = journey(
      ...fetched,
      step({ fraction: 0.5 }),
      step({ step: 2, from: "PDF", to: "PNG", fraction: 0, at: 3.5 }),
      { name: "ready", bytes: 5, at: 4 },
    );
    expect(rows.map(({ title, state, detail }) => [title, state, detail])).toEqual([
      ["Fetch", "done", "DOCX, 100 bytes"],
      ["DOCX → PDF", "done", "1.5 s"],
      ["PDF → PNG", "done", "0.5 s"],
      ["Ready", "done", "5 bytes"],
    ]);
  });

  it("shows where it failed, and what was there already", () => {
    expect(journey(...fetched, step({}), { name: "failed", code: "corrupt" }).map(({ state }) => state)).toEqual([
      "done",
      "failed",
      "coming",
    ]);
    expect(journey({ name: "ready" })).toMatchObject([{ title: "Ready, made before", state: "done" }]);
    expect(journey({ name: "failed" })).toMatchObject([{ state: "failed" }]);
  });
});

describe("what people copy", () => {
  it("stands quoting: a shell's and a page's", () => {
    const { curl, embed } = snippets(new URL("https://m.example/"), {
      url: `https://x.example/it's "<b>.docx`,
      type: "png",
    });
    expect(curl).toContain("media/png/?url=https%3A%2F%2Fx.example%2Fit%27s");
    expect(curl.split("'").length % 2).toBe(1);
    expect(embed).toContain('url="https://x.example/it\'s &quot;&lt;b&gt;.docx"');
  });

  it("names files by their address", () => {
    expect(fileName("git+https://h/r.git<path:docs/a%20b.png>")).toBe("r.git");
    expect(fileName("https://h/a%20b.png?x=/y#z")).toBe("a b.png");
    expect(fileName("https://h/%E0%A4%A")).toBe("%E0%A4%A");
    expect(fileName("data:text/plain,hello")).toBe("inline content");
  });

  it("survives a reload", () => {
    const place = { url: "https://x.example/a?b=c&d=e#f", type: "thumb.png:2x2" };
    expect(readPlace(writePlace(place))).toEqual(place);
    expect(readPlace("")).toEqual({ url: "", type: "" });
  });
});
