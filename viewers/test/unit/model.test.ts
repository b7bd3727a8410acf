import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { axes, dataOf, described, elsewhere, round, tooLarge, Unfit, unit } from "../../src/viewers/model/glb.ts";
import { square } from "../browser/glb-file.ts";

const read = (file: Buffer) => described(new Uint8Array(file).buffer);
const why = (file: Buffer): string => {
  try {
    read(file);
    return "";
  } catch (reason) {
    return (reason as Unfit).word;
  }
};

describe("a GLB", () => {
  it("is read where it is one", () => {
    expect(read(readFileSync("../tests/zoo/mesh/BoxTextured.glb")).asset?.version).toBe("2.0");
    expect(why(Buffer.from("glTF"))).toBe("model.broken");
    expect(why(square().subarray(0, 60))).toBe("model.broken");
  });

  it("is refused for what would not end or not fit", () => {
    const nodes = (given: object[]) => square((json) => Object.assign(json, { nodes: given }));
    expect(why(nodes([{ children: [1] }, { children: [0] }]))).toBe("model.broken");
    expect(why(nodes([{ children: [2] }, { children: [2] }, {}]))).toBe("model.broken");
    expect(why(nodes([{ children: [7] }]))).toBe("model.broken");
    expect(why(nodes([{ children: [1, 2] }, {}, { children: [3] }, {}]))).toBe("");
    expect(why(nodes(Array.from({ length: 50_001 }, () => ({}))))).toBe("model.large");
    expect(why(square((json) => Object.assign(json, { accessors: [{ count: 2 ** 31, type: "VEC3" }] })))).toBe(
      "model.large",
    );
    expect(why(square((json) => Object.assign(json, { buffers: [{ uri: "shape.bin" }] })))).toBe("model.elsewhere");
    const packed = { extensionsRequired: ["KHR_draco_mesh_compression"] };
    expect(why(square((json) => Object.assign(json, packed)))).toBe("model.packed");
  });

  it("counts pictures that lie elsewhere, and reads those in it", () => {
    const images = [{ uri: "https://example.org/a.png" }, { uri: "data:image/png;base64,AQID" }, { bufferView: 0 }];
    expect(elsewhere({ images })).toBe(1);
    expect([...dataOf("data:image/png;base64,AQID")]).toEqual([1, 2, 3]);
    expect([...dataOf("data:,a%20b")]).toEqual([97, 32, 98]);
    expect(() => dataOf("https://example.org/a.png")).toThrow(Unfit);
  });

  it("is not decoded where a picture says that it is enormous", () => {
    const png = Buffer.alloc(33);
    png.writeUInt32BE(0x89504e47, 0);
    png.writeUInt32BE(30_000, 16);
    png.writeUInt32BE(30_000, 20);
    expect(tooLarge(new Uint8Array(png))).toBe(true);
    const jpeg = Uint8Array.from([
      0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, 0xea, 0x60, 0xea, 0x60, 1, 0, 0,
    ]);
    expect(tooLarge(jpeg)).toBe(true);
    expect(tooLarge(new Uint8Array(readFileSync("../tests/zoo/image/python.png")))).toBe(false);
  });

  it("is measured along its file's axes, in its units", () => {
    const asset = (up: string, source: string) => ({ asset: { extras: { up, source } } });
    expect(axes(asset("z", "STL")).map(({ to }) => to)).toEqual([
      [1, 0, 0],
      [0, 0, -1],
      [0, 1, 0],
    ]);
    expect(unit({})).toEqual({ times: 1, name: "meter" });
    expect(unit(asset("z", "STEP"))).toEqual({ times: 1000, name: "millimeter" });
    expect(unit(asset("z", "STL")).name).toBeNull();
    expect([0.13, 1, 4, 60].map(round)).toEqual([0.2, 1, 5, 100]);
  });
});
