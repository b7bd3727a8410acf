/** A layer of the map: tiles that the service made. */

import TileLayer from "ol/layer/Tile.js";
import XYZ from "ol/source/XYZ.js";
import type { Tiles } from "./read.ts";

export function layer(tiles: Tiles, extent: number[], still: boolean, failed: () => void): TileLayer {
  const source = new XYZ({
    minZoom: tiles.low,
    maxZoom: tiles.high,
    wrapX: false,
    transition: still ? 0 : 250,
    tileUrlFunction: ([zoom = 0, x = 0, y = 0]) => tiles.at(zoom, x, y) ?? undefined,
  });
  source.on("tileloaderror", failed);
  return new TileLayer({ source, extent });
}
