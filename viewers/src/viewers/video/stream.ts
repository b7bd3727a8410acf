/** Streams of several qualities (HLS, RFC 8216): by the browser itself where it can, by hls.js, which is loaded only then, elsewhere. */

import type { Stage } from "../../core/registry.ts";
import { load } from "../../playing/source.ts";

const TYPE = "application/vnd.apple.mpegurl";

/** Answers how to leave it. Rejects where neither way works: hls.js needs blob: in the page's media-src. */
export async function stream(
  player: HTMLVideoElement,
  href: string,
  stage: Stage,
  signal: AbortSignal,
): Promise<() => void> {
  if (player.canPlayType(TYPE)) {
    await load(
      player,
      () => {
        player.src = href;
      },
      stage,
      signal,
    );
    return () => {};
  }
  const { default: Hls } = await import("hls.js/light");
  signal.throwIfAborted();
  if (!Hls.isSupported()) throw new Error("no MediaSource");
  // Its worker would come from a blob: address, and ours are fragments of MP4 already, with which it has little to do.
  const hls = new Hls({ enableWorker: false });
  const failed = new AbortController();
  hls.on(Hls.Events.ERROR, (_event, { fatal }) => {
    if (fatal) failed.abort(new Error("the stream broke"));
  });
  const begin = (): void => {
    hls.attachMedia(player);
    hls.loadSource(href);
  };
  try {
    await load(player, begin, stage, AbortSignal.any([signal, failed.signal]));
  } catch (reason) {
    hls.destroy();
    throw reason;
  }
  return () => hls.destroy();
}
