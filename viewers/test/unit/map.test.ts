import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { features, geographic, measured, nameOf, rows, tiles } from "../../src/viewers/map/read.ts";

describe("a GeoJSON", () => {
  it("is features, whichever of its kinds it is", () => {
    const [berlin] = features(JSON.parse(readFileSync("../tests/zoo/geo/berlin.geojson", "utf8"))) ?? [];
    expect(nameOf(berlin?.properties ?? null)).toBe("Berlin");
    expect(features({ type: "Point", coordinates: [1, 2] })).toHaveLength(1);
    expect(features({ type: "FeatureCollection", features: [null, 3, { type: "Feature" }] })).toHaveLength(1);
    expect(features([1, 2])).toBeNull();
    expect(features(null)).toBeNull();
  });

  it("is measured however deep it is", () => {
    const geometry = (coordinates: unknown) => ({ type: "Polygon", coordinates });
    const two = [
      [1, 2],
      [3, -4],
    ];
    expect(measured(geometry([two]))).toEqual({ points: 2, box: [1, -4, 3, 2] });
    let deep: unknown = [1, 2];
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(measured(geometry(deep)).points).toBe(1);
    expect(measured({ type: "GeometryCollection", geometries: [geometry([two]), geometry([two])] }).points).toBe(4);
    expect(measured(null).points).toBe(0);
  });

  it("lies on the globe or on a plane", () => {
    expect(geographic([-180, -90, 180, 90])).toBe(true);
    expect(geographic([389_000, 5_818_000, 391_000, 5_820_000])).toBe(false);
  });

  it("tells what it says as text", () => {
    expect(rows({ a: 1, none: null, empty: "", of: { b: ["<i>"] } })).toEqual([
      ["a", "1"],
      ["of", '{"b":["<i>"]}'],
    ]);
    expect(rows({ long: "x".repeat(5000) })[0]?.[1]).toHaveLength(1000);
    expect(nameOf({ name: " ", Name: 7 })).toBe("7");
  });
});

describe("tiles", () => {
  const index = "http://media.example/artifact/abc/tiles/index.json";
  it("lie beside their index", () => {
    const found = tiles({ tiles: ["{z}/{x}/{y}.png"], bounds: [1, 2, 3, 4], maxzoom: 5, present: ["1/0/1"] }, index);
    expect(found?.at(1, 0, 1)).toBe("http://media.example/artifact/abc/tiles/1/0/1.png");
    expect(found?.at(2, 0, 1)).toBeNull();
    expect([found?.low, found?.high]).toEqual([0, 5]);
  });

  it("are not fetched from elsewhere", () => {
    for (const pattern of ["http://192.0.2.7/{z}", "//192.0.2.7/{z}", "/other/{z}", "../{z}", 7, undefined])
      expect(tiles({ tiles: [pattern], bounds: [1, 2, 3, 4] }, index)).toBeNull();
    expect(tiles({ tiles: ["{z}"], bounds: [1, 2, 3, "x"] }, index)).toBeNull();
  });
});
