/** GLTFLoader, which fetches nothing: what a GLB holds comes out of it, what it only names is left out. */

import { type AnimationClip, type Group, LoadingManager, type Material, Mesh, Texture } from "three";
import { GLTFLoader, type GLTFParser } from "three/examples/jsm/loaders/GLTFLoader.js";
import { type Described, dataOf, tooLarge, Unfit } from "./glb.ts";

export interface Loaded {
  readonly root: Group;
  readonly clips: readonly AnimationClip[];
  /** Whether the file says which sides of its faces are seen. */
  readonly sided: boolean;
}

/** Raises Unfit, or whatever the loader says. */
export async function load(content: ArrayBuffer, json: Described): Promise<Loaded> {
  const manager = new LoadingManager();
  manager.setURLModifier(() => {
    throw new Unfit("model.elsewhere");
  });
  const loader = new GLTFLoader(manager);
  loader.register((parser) => {
    keep(parser, json);
    return { name: "omnic-nothing-fetched" };
  });
  const { scene, animations } = (await loader.parseAsync(content, "")) as {
    scene?: Group;
    animations: AnimationClip[];
  };
  if (!scene) throw new Unfit("model.broken"); // glTF allows a file without scenes, the loader makes nothing of it; the slim one has one
  // what the service made says of what; without, it is a glTF as it came
  const sided = /^(|glb|gltf)$/i.test(json.asset?.extras?.source ?? "");
  return { root: scene, clips: animations, sided };
}

/** The loader's own way to pictures and buffers is an address (`blob:`, `data:`), which a strict CSP does not let through. */
function keep(parser: GLTFParser, json: Described): void {
  const pictures = new Map<number, Promise<Texture>>();
  const own = parser as unknown as {
    loadImageSource(index: number): Promise<Texture>;
    loadBuffer(index: number): Promise<ArrayBuffer>;
  };
  const buffer = own.loadBuffer.bind(parser);
  own.loadBuffer = (index) => {
    const uri = json.buffers?.[index]?.uri;
    return uri === undefined ? buffer(index) : Promise.resolve(dataOf(uri).buffer);
  };
  own.loadImageSource = (index) => {
    const before = pictures.get(index);
    if (before) return before.then((one) => one.clone());
    const made = picture(parser, json, index);
    pictures.set(index, made);
    return made;
  };
}

async function picture(parser: GLTFParser, json: Described, index: number): Promise<Texture> {
  const { uri, bufferView, mimeType } = json.images?.[index] ?? {};
  const bytes =
    bufferView === undefined
      ? dataOf(uri ?? "")
      : new Uint8Array((await parser.getDependency("bufferView", bufferView)) as ArrayBuffer);
  if (tooLarge(bytes)) throw new Unfit("model.large");
  // no SVG: a picture in a model is made of pixels
  const type = /^image\/(png|jpeg|webp|avif)$/.test(mimeType ?? "") ? (mimeType as string) : "image/png";
  const bitmap = await createImageBitmap(new Blob([bytes], { type }), {
    premultiplyAlpha: "none",
    colorSpaceConversion: "none",
  });
  const made = new Texture(bitmap as unknown as HTMLImageElement);
  made.needsUpdate = true;
  return made;
}

/** All materials below, each once. */
export function materials(root: Group): Set<Material> {
  const found = new Set<Material>();
  root.traverse((one) => {
    const { material } = one as Mesh;
    for (const each of Array.isArray(material) ? material : material ? [material] : []) found.add(each);
  });
  return found;
}

/** Nothing of it stays on the graphics card, nor its pictures in memory. */
export function dispose(root: Group): void {
  for (const material of materials(root)) {
    for (const value of Object.values(material)) {
      if (!(value instanceof Texture)) continue;
      (value.image as ImageBitmap | undefined)?.close?.();
      value.dispose();
    }
    material.dispose();
  }
  root.traverse((one) => {
    if (one instanceof Mesh || "geometry" in one) (one as Mesh).geometry?.dispose();
    if ("skeleton" in one) (one as { skeleton?: { dispose(): void } }).skeleton?.dispose();
  });
}
