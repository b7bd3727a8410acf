import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { measure } from "../../src/kit/picture/measure.ts";

const zoo = join(import.meta.dirname, "../../../tests/zoo/image");
const of = (name: string): unknown => measure(new Uint8Array(readFileSync(join(zoo, name)).subarray(0, 65536)));

describe("a picture's size", () => {
  it("is read of real files as other programs read it", () => {
    for (const name of ["python.png", "python.gif", "python.bmp", "python.jpg", "python.webp"]) {
      expect([name, of(name)]).toEqual([name, { width: 16, height: 16 }]);
    }
  });

  it("is not known where the file is cut off, or of another kind", () => {
    for (const length of [0, 1, 12, 20]) {
      expect(measure(new Uint8Array(readFileSync(join(zoo, "python.jpg")).subarray(0, length)))).toBeNull();
    }
    expect(of("python.xbm")).toBeNull();
  });
});
