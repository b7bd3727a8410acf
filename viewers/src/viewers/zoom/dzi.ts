/** The index of deep-zoom tiles: how large the picture is, and how it is cut. Pure. */

export interface Cut {
  readonly width: number;
  readonly height: number;
  readonly tileSize: number;
  readonly tileOverlap: number;
  /** The files' ending. */
  readonly format: string;
}

/** Null where it is none. */
export function cut(text: string): Cut | null {
  const index = new DOMParser().parseFromString(text, "application/xml");
  const image = index.querySelector("Image");
  const size = index.querySelector("Size");
  const number = (element: Element | null, name: string): number => Number(element?.getAttribute(name) ?? Number.NaN);
  const found = {
    width: number(size, "Width"),
    height: number(size, "Height"),
    tileSize: number(image, "TileSize"),
    tileOverlap: number(image, "Overlap"),
    format: image?.getAttribute("Format") ?? "",
  };
  const { width, height, tileSize, tileOverlap, format } = found;
  const whole = [width, height, tileSize].every((one) => Number.isInteger(one) && one > 0);
  return whole && Number.isInteger(tileOverlap) && tileOverlap >= 0 && /^\w{1,5}$/.test(format) ? found : null;
}

/** A tile's address: `x.dzi` has its tiles in `x_files`, one folder a level. */
export function tileUrl(index: string, format: string, level: number, x: number, y: number): string {
  const folder = (new URL(index).pathname.split("/").pop() ?? "").replace(/\.\w+$/, "_files");
  return new URL(`${folder}/${level}/${x}_${y}.${format}`, index).href;
}
