/** What a GLB says of itself, looked at before anything of it is loaded: it comes from strangers. Pure. */

const MAGIC = 0x46546c67;
const TEXT = 0x4e4f534a;
/** Nodes, and numbers that a file asks for without holding them (accessors of zeros). */
const MOST_NODES = 50_000;
const MOST_ZEROS = 4_000_000;
/** Pixels of one picture. */
const MOST_PIXELS = 40_000_000;

/** Of the specification (glTF 2.0) what is looked at here. */
export interface Described {
  asset?: { version?: string; extras?: { up?: string; source?: string } };
  nodes?: { children?: number[] }[];
  accessors?: { count?: number; bufferView?: number }[];
  buffers?: { uri?: string }[];
  images?: { uri?: string; bufferView?: number; mimeType?: string }[];
  extensionsRequired?: string[];
}

/** What cannot be opened, with the word that says why. */
export class Unfit extends Error {
  constructor(readonly word: "model.broken" | "model.elsewhere" | "model.large" | "model.packed") {
    super(word);
  }
}

/** Extensions without which a model is not what it should be, and for which nothing is here: their decoders are WebAssembly. */
const PACKED = /^(KHR_draco_mesh_compression|EXT_meshopt_compression|KHR_meshopt_compression|KHR_texture_basisu)$/;

/** Its JSON, checked. Raises Unfit. */
export function described(content: ArrayBuffer): Described {
  const view = new DataView(content);
  if (content.byteLength < 20 || view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== 2)
    throw new Unfit("model.broken");
  const length = view.getUint32(12, true);
  if (view.getUint32(16, true) !== TEXT || 20 + length > content.byteLength) throw new Unfit("model.broken");
  let json: Described;
  try {
    json = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 20, length))) as Described;
  } catch {
    throw new Unfit("model.broken");
  }
  if (!json || typeof json !== "object") throw new Unfit("model.broken");
  if (json.extensionsRequired?.some((name) => PACKED.test(name))) throw new Unfit("model.packed");
  if (json.buffers?.some(({ uri }) => uri !== undefined && !isData(uri))) throw new Unfit("model.elsewhere");
  if ((json.nodes?.length ?? 0) > MOST_NODES) throw new Unfit("model.large");
  const zeros = (json.accessors ?? []).reduce(
    (sum, { bufferView, count }) => sum + (bufferView === undefined ? Math.abs(Number(count) || 0) : 0),
    0,
  );
  if (zeros > MOST_ZEROS) throw new Unfit("model.large");
  if (circular(json.nodes ?? [])) throw new Unfit("model.broken");
  return json;
}

const isData = (uri: unknown): boolean => typeof uri === "string" && /^data:/i.test(uri);

/** How many pictures lie elsewhere: they are left out. */
export const elsewhere = ({ images = [] }: Described): number =>
  images.filter(({ uri }) => uri !== undefined && !isData(uri)).length;

/** The bytes of a `data:` address; nothing is fetched for them. */
export function dataOf(uri: string): Uint8Array<ArrayBuffer> {
  const found = /^data:[^,]*?(;base64)?,(.*)$/is.exec(uri);
  if (!found) throw new Unfit("model.broken");
  const text = decodeURIComponent(found[2] ?? "");
  return Uint8Array.from(found[1] ? atob(text.replace(/\s/g, "")) : text, (one) => one.charCodeAt(0));
}

/** Whether a node is below itself, or below two others: a tree of nodes is neither (glTF 2.0, section 3.5.2). */
function circular(nodes: readonly { children?: number[] }[]): boolean {
  const below = new Set<number>();
  for (const { children = [] } of nodes) {
    for (const child of children) {
      if (below.has(child) || !nodes[child]) return true;
      below.add(child);
    }
  }
  // Each has one above it at most. A ring has no first: what cannot be reached from a first is in one or below one.
  let reached = 0;
  const waiting = nodes.flatMap((_, at) => (below.has(at) ? [] : [at]));
  while (waiting.length) {
    reached += 1;
    waiting.push(...(nodes[waiting.pop() as number]?.children ?? []));
  }
  return reached !== nodes.length;
}

/** Whether a PNG or JPEG says that it is larger than what is decoded here. */
export function tooLarge(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length > 24 && view.getUint32(0) === 0x89504e47)
    return view.getUint32(16) * view.getUint32(20) > MOST_PIXELS;
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return false;
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    const kind = bytes[at + 1] as number;
    // SOF0 to SOF15, without the three that are tables (ITU T.81, table B.1)
    if (kind >= 0xc0 && kind <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(kind))
      return view.getUint16(at + 5) * view.getUint16(at + 7) > MOST_PIXELS;
  }
  return false;
}

/** An axis as the file calls it, and where it points in glTF, which has y up. */
export interface Axis {
  readonly name: "x" | "y" | "z";
  readonly to: readonly [number, number, number];
}

/** The service lays models whose z is up into glTF by a quarter turn, and says so. */
export const axes = ({ asset }: Described): readonly Axis[] =>
  asset?.extras?.up === "z"
    ? [
        { name: "x", to: [1, 0, 0] },
        { name: "y", to: [0, 0, -1] },
        { name: "z", to: [0, 1, 0] },
      ]
    : [
        { name: "x", to: [1, 0, 0] },
        { name: "y", to: [0, 1, 0] },
        { name: "z", to: [0, 0, 1] },
      ];

/** What one unit is: glTF counts in metres, solids in millimetres (and were put into metres), others do not say. */
export function unit({ asset }: Described): { times: number; name: "meter" | "millimeter" | null } {
  const source = asset?.extras?.source ?? "GLB";
  if (source === "STEP" || source === "IGES") return { times: 1000, name: "millimeter" };
  return { times: 1, name: source === "GLB" || source === "GLTF" ? "meter" : null };
}

/** The next of 1, 2, 5, 10 ... that is not below: squares of a grid. */
export function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((one) => one * power >= value * 0.999) ?? 10) * power;
}
