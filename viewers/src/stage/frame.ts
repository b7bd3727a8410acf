import type { Wanted } from "../core/wire.ts";

/** The document that shows it and nothing else: to open alone, or to frame. */
export function viewerUrl(base: URL, wanted: Wanted): string {
  return new URL(`viewer/open?${new URLSearchParams({ ...wanted })}`, base).href;
}
