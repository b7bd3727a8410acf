/** A file that is shown as it is comes from a stranger, and what it costs to draw is not seen from outside. */

import type { Shown } from "../../core/registry.ts";
import { measure } from "./measure.ts";

/** Pixels that a page decodes by itself: a quarter of a gigabyte. */
const MOST = 64e6;
const HEAD = 64 * 1024;

/** What to show, and whether that is smaller than the file is. Rejects with the service's sentence where it could not draw it either. */
export async function harmless(
  shown: Shown,
  drawing: boolean,
  signal: AbortSignal,
): Promise<{ href: string; smaller: boolean }> {
  const { href, format, type } = shown;
  const asItIs = format === null || format.toLowerCase() === type.toLowerCase();
  if (!asItIs) return { href, smaller: false };
  if (drawing) {
    // Elements that multiply: the service draws within limits of time and memory, a browser has none. Most often it has drawn it before.
    if (shown.can("thumb.webp")) await shown.make("thumb.webp:320x240", signal);
    return { href, smaller: false };
  }
  const answer = await fetch(href, { headers: { Range: `bytes=0-${HEAD - 1}` }, signal });
  const size = answer.ok ? measure(new Uint8Array(await answer.arrayBuffer())) : null;
  if (!size || size.width * size.height <= MOST) return { href, smaller: false };
  return { href: await shown.make("preview.webp", signal), smaller: true };
}
