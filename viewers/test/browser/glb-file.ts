import { Buffer } from "node:buffer";

/** A GLB of this JSON and these bytes (glTF 2.0, section 4.4). */
export function glb(json: object, binary: Buffer): Buffer {
  const padded = (part: Buffer, by: number): Buffer => Buffer.concat([part, Buffer.alloc(-part.length & 3, by)]);
  const parts = [padded(Buffer.from(JSON.stringify(json)), 0x20), padded(binary, 0)] as const;
  const head = Buffer.alloc(12);
  head.write("glTF", 0, "latin1");
  head.writeUInt32LE(2, 4);
  head.writeUInt32LE(12 + parts[0].length + parts[1].length + 16, 8);
  const chunks = parts.map((part, index) => {
    const about = Buffer.alloc(8);
    about.writeUInt32LE(part.length, 0);
    about.writeUInt32LE(index ? 0x004e4942 : 0x4e4f534a, 4);
    return Buffer.concat([about, part]);
  });
  return Buffer.concat([head, ...chunks]);
}

/** A red square of 2 by 2, which moves to the right by 6 in a second and back; `change` alters what the file says. */
export function square(change: (json: Record<string, unknown>) => void = () => {}): Buffer {
  const corners = Buffer.from(new Float32Array([-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0]).buffer);
  const faces = Buffer.from(new Uint16Array([0, 1, 2, 0, 2, 3]).buffer);
  const times = Buffer.from(new Float32Array([0, 1, 2]).buffer);
  const places = Buffer.from(new Float32Array([0, 0, 0, 6, 0, 0, 0, 0, 0]).buffer);
  const uv = Buffer.from(new Float32Array([0, 1, 1, 1, 1, 0, 0, 0]).buffer);
  const parts = [corners, faces, times, places, uv];
  let at = 0;
  const views = parts.map((part) => {
    const made = { buffer: 0, byteOffset: at, byteLength: part.length };
    at += part.length;
    return made;
  });
  const json: Record<string, unknown> = {
    asset: { version: "2.0" },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0, name: "square" }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0, TEXCOORD_0: 4 }, indices: 1, material: 0 }] }],
    materials: [{ doubleSided: true, pbrMetallicRoughness: { baseColorFactor: [1, 0, 0, 1], metallicFactor: 0 } }],
    accessors: [
      { bufferView: 0, componentType: 5126, count: 4, type: "VEC3", min: [-1, -1, 0], max: [1, 1, 0] },
      { bufferView: 1, componentType: 5123, count: 6, type: "SCALAR" },
      { bufferView: 2, componentType: 5126, count: 3, type: "SCALAR", min: [0], max: [2] },
      { bufferView: 3, componentType: 5126, count: 3, type: "VEC3" },
      { bufferView: 4, componentType: 5126, count: 4, type: "VEC2" },
    ],
    bufferViews: views,
    buffers: [{ byteLength: at }],
    animations: [
      {
        name: "there and back",
        channels: [{ sampler: 0, target: { node: 0, path: "translation" } }],
        samplers: [{ input: 2, output: 3, interpolation: "LINEAR" }],
      },
    ],
  };
  change(json);
  return glb(json, Buffer.concat(parts));
}
