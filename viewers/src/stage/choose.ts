/** Which viewers can show something, in order. Pure. */

import type { Viewer } from "../core/registry.ts";

/** A viewer, and the type in which it takes the file. */
export interface Offer {
  readonly viewer: Viewer;
  readonly type: string;
}

const bare = (type: string): string => type.replace(/:.*/s, "");
const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** For a file of this Format that can become these types. Those that open anything (`*`) only where no other does. */
export function forFile(viewers: readonly Viewer[], format: string, possible: readonly string[]): Offer[] {
  const reachable = new Set(possible.map((type) => type.toLowerCase()));
  const offers = (opens: (name: string) => boolean): Offer[] =>
    viewers.flatMap((viewer) => {
      if (!viewer.opens?.some(opens)) return [];
      const asIs = viewer.shows.some((type) => type === "*" || same(type, format)) ? format : undefined;
      const type = asIs ?? viewer.shows.find((one) => reachable.has(bare(one).toLowerCase()));
      return type ? [{ viewer, type }] : [];
    });
  const good = offers((name) => same(name, format));
  return good.length ? good : offers((name) => name === "*");
}

/** For a result that was asked for by its type: by the type's name first, then by what the result says that it is; one module once. */
export function forResult(viewers: readonly Viewer[], type: string, mediaType: string): Offer[] {
  const named = viewers.filter((viewer) => viewer.shows.some((shown) => same(bare(shown), bare(type))));
  const typed = viewers.filter(
    (viewer) =>
      !named.includes(viewer) &&
      viewer.mediaTypes?.some((one) =>
        one.endsWith("*") ? mediaType.startsWith(one.slice(0, -1)) : one === mediaType,
      ),
  );
  const found = [...named, ...typed];
  const once = found.filter((one, at) => !one.kind || found.findIndex(({ kind }) => kind === one.kind) === at);
  return once.map((viewer) => ({ viewer, type }));
}
