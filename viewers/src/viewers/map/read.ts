/** What a GeoJSON and an index of tiles say, taken with care: they come from strangers. Pure. */

/** Features and points that are drawn, and features that are listed. */
export const MOST_FEATURES = 20_000;
export const MOST_POINTS = 600_000;
export const MOST_LISTED = 500;

export interface Plain {
  readonly type: "Feature";
  readonly geometry: { readonly type: string; readonly coordinates?: unknown; readonly geometries?: unknown } | null;
  readonly properties: Readonly<Record<string, unknown>> | null;
}

/** Its features, whichever of the three kinds of GeoJSON it is (RFC 7946, section 3); null where it is none. */
export function features(json: unknown): Plain[] | null {
  const { type, features: many } = (json ?? {}) as { type?: unknown; features?: unknown };
  if (type === "FeatureCollection" && Array.isArray(many)) {
    return many.filter((one) => (one as Plain)?.type === "Feature") as Plain[];
  }
  if (type === "Feature") return [json as Plain];
  if (typeof type === "string" && ("coordinates" in (json as object) || "geometries" in (json as object)))
    return [{ type: "Feature", geometry: json as Plain["geometry"], properties: null }];
  return null;
}

/** How many places a geometry has, and the box around them; without recursion: who nests arrays a thousand deep breaks nothing. */
export function measured(geometry: Plain["geometry"]): { points: number; box: [number, number, number, number] } {
  const box: [number, number, number, number] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  let points = 0;
  const waiting: unknown[] = [geometry];
  while (waiting.length) {
    const one = waiting.pop();
    if (Array.isArray(one)) {
      const [x, y] = one;
      if (typeof x === "number" && typeof y === "number") {
        points += 1;
        box[0] = Math.min(box[0], x);
        box[1] = Math.min(box[1], y);
        box[2] = Math.max(box[2], x);
        box[3] = Math.max(box[3], y);
      } else for (const each of one) waiting.push(each);
    } else if (one && typeof one === "object") {
      const { coordinates, geometries } = one as { coordinates?: unknown; geometries?: unknown };
      waiting.push(coordinates, geometries);
    }
  }
  return { points, box };
}

/** Longitudes and latitudes, or the numbers of some plane. */
export const geographic = (box: readonly number[]): boolean =>
  (box[0] ?? 0) >= -540 && (box[2] ?? 0) <= 540 && (box[1] ?? 0) >= -90.001 && (box[3] ?? 0) <= 90.001;

const NAMES = ["name", "Name", "NAME", "title", "Title", "label", "ref", "id"];

/** What a feature calls itself, as text, or nothing. */
export function nameOf(properties: Plain["properties"]): string {
  for (const key of NAMES) {
    const value = properties?.[key];
    if ((typeof value === "string" && value.trim()) || typeof value === "number") return String(value).slice(0, 120);
  }
  return "";
}

/** Properties as rows of text. */
export function rows(properties: Plain["properties"], most = 60): [string, string][] {
  return Object.entries(properties ?? {})
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .slice(0, most)
    .map(([key, value]) => [
      key.slice(0, 120),
      (typeof value === "object" ? JSON.stringify(value) : String(value)).slice(0, 1000),
    ]);
}

export interface Tiles {
  /** Where a tile is; null for one that is not there. */
  at(zoom: number, x: number, y: number): string | null;
  readonly bounds: readonly [number, number, number, number];
  readonly low: number;
  readonly high: number;
}

/** A TileJSON 3.0.0 whose tiles lie beside it; null for what is none, or names tiles of elsewhere. */
export function tiles(json: unknown, index: string): Tiles | null {
  const told = (json ?? {}) as Record<string, unknown>;
  const [pattern] = Array.isArray(told.tiles) ? told.tiles : [];
  const bounds = Array.isArray(told.bounds) ? told.bounds.map(Number) : [-180, -85, 180, 85];
  if (typeof pattern !== "string" || bounds.length !== 4 || !bounds.every(Number.isFinite)) return null;
  const home = new URL(".", index);
  const address = (zoom: number, x: number, y: number): string =>
    new URL(pattern.replace("{z}", String(zoom)).replace("{x}", String(x)).replace("{y}", String(y)), index).href;
  if (!address(0, 0, 0).startsWith(home.href)) return null;
  const present = Array.isArray(told.present) ? new Set(told.present.map(String)) : null;
  return {
    at: (zoom, x, y) => (present && !present.has(`${zoom}/${x}/${y}`) ? null : address(zoom, x, y)),
    bounds: bounds as [number, number, number, number],
    low: Math.max(0, Number(told.minzoom) || 0),
    high: Math.min(22, Number(told.maxzoom) || 0),
  };
}
