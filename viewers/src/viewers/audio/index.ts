import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { row } from "../../kit/facts.ts";
import { chapterList } from "../../playing/chapters.ts";
import { codecs, type Facts, learn, NONE } from "../../playing/facts.ts";
import { keys } from "../../playing/keys.ts";
import playing from "../../playing/playing.css?inline";
import { empty, refusal, Source } from "../../playing/source.ts";
import { beginning } from "../../playing/times.ts";
import css from "./index.css?inline";
import { type Peaks, read } from "./peaks.ts";
import { wave } from "./wave.ts";

/** What every browser plays. */
const FORMS = ["MP3", "OGG"];
const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];
/** Pixels of a cover's side below which it is a mark, not a picture. */
const LEAST_COVER = 32;
const MOST_LYRICS = 20_000;

/** A sound: its waveform, the browser's own player, its cover, its tags, its chapters. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(playing);
  stage.dress(css);
  const { say, size } = stage;
  const life = new AbortController();
  const signal = AbortSignal.any([life.signal, stage.signal]);

  const player = document.createElement("audio");
  player.controls = true;
  player.preload = "metadata";
  player.setAttribute("aria-label", shown.title);
  let told = NONE;
  let peaks: Peaks | null = null;
  const seconds = (): number =>
    Number.isFinite(player.duration) ? player.duration : peaks?.seconds || told.seconds || 0;
  const picture = wave(player, seconds, stage, signal);

  const rate = document.createElement("select");
  rate.className = "plain";
  rate.setAttribute("aria-label", say("audio.rate"));
  const numbers = new Intl.NumberFormat(stage.locale);
  for (const one of RATES) rate.append(new Option(`${numbers.format(one)} ×`, String(one), one === 1, one === 1));
  rate.addEventListener("change", () => {
    player.playbackRate = player.defaultPlaybackRate = Number(rate.value);
  });
  const controls = document.createElement("div");
  controls.className = "controls";
  controls.append(player, rate);
  const facts = document.createElement("p");
  facts.className = "facts";
  const sheet = document.createElement("div");
  sheet.className = "sheet";
  sheet.append(picture.root, controls, facts);
  root.append(sheet);

  const source = new Source(player, shown, stage, FORMS, {
    whole: async () => true,
    failed: (reason) => {
      controls.replaceChildren(refusal(reason.message, shown, stage));
      empty(player);
    },
  });
  keys(root, player, {}, signal);

  const tell = async (): Promise<void> => {
    told = await learn(shown, signal);
    const track = told.tracks.find(({ kind }) => kind === "audio");
    const hertz =
      track?.rate && new Intl.NumberFormat(stage.locale, { maximumFractionDigits: 1 }).format(track.rate / 1000);
    const known = row(
      codecs(told),
      hertz ? `${hertz} kHz` : "",
      track?.channels
        ? say(["", "audio.mono", "audio.stereo"][track.channels] ?? "audio.channels", { n: track.channels })
        : "",
      told.bitRate ? `${numbers.format(Math.round(told.bitRate / 1000))} kbit/s` : "",
      told.bytes ? size(told.bytes) : shown.bytes ? size(shown.bytes) : "",
    );
    facts.replaceChildren(...known);
    if (told.tags.has("title") || told.tags.has("artist") || told.tags.has("album")) sheet.prepend(tags(told));
    if (told.chapters.length > 1) sheet.append(chapterList(told.chapters, player, stage, signal));
    const lyrics = [...told.tags].find(([name]) => /^(unsynced)?lyrics\b/.test(name))?.[1];
    if (lyrics) sheet.append(sung(lyrics));
    await cover(told);
  };
  const tags = ({ tags }: Facts): HTMLElement => {
    const box = document.createElement("div");
    box.className = "tags";
    const from = [tags.get("artist") ?? tags.get("album_artist"), tags.get("album")].filter((one) => one !== undefined);
    for (const [className, text] of [
      ["name", tags.get("title") ?? ""],
      ["from", from.join(" · ")],
    ] as const) {
      if (!text) continue;
      const line = document.createElement("div");
      line.className = className;
      line.dir = "auto";
      line.textContent = text;
      box.append(line);
    }
    return box;
  };
  const sung = (lyrics: string): HTMLElement => {
    const box = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = say("audio.lyrics");
    const text = document.createElement("p");
    text.dir = "auto";
    text.className = "lyrics";
    text.textContent = lyrics.slice(0, MOST_LYRICS);
    box.append(summary, text);
    return box;
  };
  const cover = async ({ tracks }: Facts): Promise<void> => {
    const there = tracks.some(({ kind, width, height }) => kind === "cover" && Math.min(width, height) >= LEAST_COVER);
    if (!there || !shown.can("cover.jpg")) return;
    const image = document.createElement("img");
    image.className = "cover";
    image.alt = say("audio.cover");
    image.src = await shown.make("cover.jpg:512x512", signal);
    await image.decode();
    root.prepend(image);
  };
  const drawn = async (): Promise<void> => {
    if (!shown.can("peaks.json")) return;
    const response = await fetch(await shown.make("peaks.json", signal), { signal });
    peaks = response.ok ? read(await response.json()) : null;
    if (peaks) picture.show(peaks);
  };
  for (const work of [source.use(shown.href, beginning(shown.start)), drawn(), tell()])
    work.catch((reason) => {
      if (!signal.aborted) console.info("omnic:", reason); // what is missing is not there; the sound is
    });

  return {
    destroy: () => {
      life.abort();
      source.leave();
      empty(player);
      root.replaceChildren();
    },
    focus: () => (picture.root.firstElementChild as HTMLElement).focus(),
  };
}
