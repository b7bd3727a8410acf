import { announce } from "./announce.ts";
import { others } from "./registry.ts";
import { advance, IDLE, settled } from "./state.ts";
import { know, phrase, say, sentence, size } from "./strings.ts";
import { mediaUrl } from "./wire.ts";
import { dress, make, Work } from "./work.ts";

/** The id of the element that the page's address says is open. */
export const linked = (): string | null => new URLSearchParams(location.hash.slice(1)).get("view");

/** What the stage needs of the core: given, not imported, so that its chunk does not split the core in two. */
export const CORE = {
  announce,
  advance,
  IDLE,
  settled,
  know,
  phrase,
  say,
  sentence,
  size,
  mediaUrl,
  dress,
  make,
  Work,
  others,
  linked,
};
export type Core = typeof CORE;
