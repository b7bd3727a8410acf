import { describe, expect, it } from "vitest";
import type { Viewer } from "../../src/core/registry.ts";
import { forFile, forResult } from "../../src/stage/choose.ts";

const viewer = (name: string, opens: string[], shows: string[], mediaTypes: string[] = []): Viewer => ({
  name,
  opens,
  shows,
  mediaTypes,
  load: () => Promise.reject(new Error("not here")),
});

const VIEWERS = [
  viewer("picture", ["JPG", "TIFF"], ["WEBP", "JPG"], ["image/*"]),
  viewer("zoom", ["JPG", "TIFF"], ["tiles.dzi"]),
  viewer("page", ["DOCX"], ["PDF"], ["application/pdf"]),
  viewer("any", ["*"], ["*"], ["*"]),
];
const told = (offers: { viewer: Viewer; type: string }[]) => offers.map(({ viewer, type }) => `${viewer.name} ${type}`);

describe("for a file", () => {
  it("offers who opens its Format, in order, each with what it takes", () => {
    expect(told(forFile(VIEWERS, "TIFF", ["webp", "PNG", "tiles.dzi"]))).toEqual(["picture WEBP", "zoom tiles.dzi"]);
  });

  it("takes it as it is rather than made into something better liked", () => {
    expect(told(forFile(VIEWERS, "JPG", ["WEBP"]))).toEqual(["picture JPG"]);
  });

  it("leaves out whose types cannot be made, and then leaves it to who opens anything", () => {
    expect(told(forFile(VIEWERS, "DOCX", ["HTML"]))).toEqual(["any DOCX"]);
    expect(told(forFile(VIEWERS, "XYZ", ["PDF"]))).toEqual(["any XYZ"]);
  });
});

describe("for a result", () => {
  it("goes by the name of the type, then by the media type", () => {
    expect(told(forResult(VIEWERS, "pdf:page=2", "application/pdf"))).toEqual(["page pdf:page=2", "any pdf:page=2"]);
    expect(told(forResult(VIEWERS, "thumb.png:20x20", "image/png"))[0]).toBe("picture thumb.png:20x20");
    expect(told(forResult(VIEWERS, "checksum", "text/plain"))).toEqual(["any checksum"]);
    const both = [viewer("drawing", [], ["SVG"]), viewer("flat", ["MOL"], ["SVG"])].map((one) => ({
      ...one,
      kind: "drawing",
    }));
    expect(told(forResult(both, "SVG", "image/svg+xml"))).toEqual(["drawing SVG"]);
  });
});
