/** The subtitles that travel in a film, as tracks of its player. */

import type { Shown, Stage } from "../../core/registry.ts";
import type { Facts } from "../../playing/facts.ts";

/** Films come with thirty; each is a file to be made. */
const MOST = 8;
/** Subtitles that are pictures: nobody makes text of them. */
const DRAWN = new Set(["hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub"]);

/** One after the other, all of them switched off. */
export async function addSubtitles(
  player: HTMLVideoElement,
  { tracks }: Facts,
  shown: Shown,
  stage: Stage,
  signal: AbortSignal,
): Promise<void> {
  if (!shown.can("VTT")) return;
  const inside = tracks.filter(({ kind }) => kind === "subtitle");
  for (const [index, { codec, language, title }] of inside.slice(0, MOST).entries()) {
    if (DRAWN.has(codec)) continue;
    try {
      const src = await shown.make(`VTT:item=${index + 1}`, signal);
      const name = title || named(language, stage.locale) || stage.say("video.subtitles", { n: index + 1 });
      const track = Object.assign(document.createElement("track"), { kind: "subtitles", src, label: name });
      if (/^[a-z]{2,3}$/i.test(language)) track.srclang = language;
      player.append(track);
    } catch {
      signal.throwIfAborted(); // an empty track is no reason to do without the others
    }
  }
}

/** ger -> German, in the page's language; empty where nobody knows it. */
function named(language: string, locale: string): string {
  if (!language || language === "und") return "";
  try {
    const name = new Intl.DisplayNames(locale, { type: "language", fallback: "none" }).of(language) ?? "";
    return name[0] ? name[0].toLocaleUpperCase(locale) + name.slice(1) : "";
  } catch {
    return "";
  }
}

/** The next ones, after the last none. Answers what is on now. */
export function nextSubtitles(player: HTMLVideoElement, { say }: Stage): string {
  const all = [...player.textTracks].filter(({ kind }) => kind === "subtitles" || kind === "captions");
  if (!all.length) return say("video.noSubtitles");
  const next = all[all.findIndex(({ mode }) => mode === "showing") + 1];
  for (const track of all) track.mode = track === next ? "showing" : "disabled";
  return next ? next.label : say("video.subtitlesOff");
}
