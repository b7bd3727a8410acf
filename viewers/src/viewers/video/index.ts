import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { row } from "../../kit/facts.ts";
import { chapterList } from "../../playing/chapters.ts";
import { codecs, type Facts, learn } from "../../playing/facts.ts";
import { keys } from "../../playing/keys.ts";
import playing from "../../playing/playing.css?inline";
import { empty, refusal, Source } from "../../playing/source.ts";
import { beginning, clock } from "../../playing/times.ts";
import css from "./index.css?inline";
import { stream } from "./stream.ts";
import { addSubtitles, nextSubtitles } from "./subtitles.ts";

/** What browsers play; the second for those without H.264. */
const FORMS = ["web.mp4", "web.webm"];
/** Seconds from which on a stream of several qualities is offered: a shorter film has arrived before it matters. */
const LONG = 300;

/** A film: the browser's own player, its subtitles and chapters, and in short what it is. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(playing);
  stage.dress(css);
  const { say, size } = stage;
  const life = new AbortController();
  const signal = AbortSignal.any([life.signal, stage.signal]);

  const player = document.createElement("video");
  player.controls = true;
  player.playsInline = true;
  player.preload = "metadata";
  player.setAttribute("aria-label", shown.title);
  const screen = document.createElement("div");
  screen.className = "screen";
  screen.append(player);
  const facts = document.createElement("p");
  facts.className = "facts grow";
  const foot = document.createElement("div");
  foot.className = "foot";
  foot.append(facts);
  root.append(screen, foot);

  const learning = learn(shown, signal);
  learning.catch(() => {}); // it ends with the viewer
  const source = new Source(player, shown, stage, FORMS, {
    whole: async () => {
      if (player.videoWidth) return true;
      return !(await learning).tracks.some(({ kind }) => kind === "video");
    },
    failed: (reason) => {
      screen.replaceChildren(refusal(reason.message, shown, stage));
      empty(player);
    },
  });
  let leaveStream = (): void => {};
  /** Plays the stream at this address; false where this browser does not. */
  const useStream = async (href: string): Promise<boolean> => {
    const { currentTime, paused } = player;
    source.leave();
    leaveStream();
    try {
      leaveStream = await stream(player, href, stage, signal);
    } catch {
      signal.throwIfAborted();
      return false;
    }
    player.currentTime = currentTime;
    if (!paused) void player.play().catch(() => {});
    return true;
  };

  const describe = (told: Facts): void => {
    const seconds = Number.isFinite(player.duration) ? player.duration : told.seconds;
    const picture = told.tracks.find(({ kind }) => kind === "video");
    const [wide, high] = [picture?.width || player.videoWidth, picture?.height || player.videoHeight];
    const known = row(
      seconds ? clock(seconds) : "",
      wide && high ? `${wide} × ${high}` : "",
      codecs(told),
      told.bytes ? size(told.bytes) : "",
    );
    facts.replaceChildren(...known);
  };
  player.addEventListener(
    "loadedmetadata",
    () => {
      root.classList.toggle("sound", !player.videoWidth);
      if (player.videoWidth) screen.style.setProperty("--ratio", `${player.videoWidth} / ${player.videoHeight}`);
      void learning.then(describe, () => {});
    },
    { signal },
  );

  const words = async (): Promise<void> => {
    const told = await learning;
    describe(told);
    if (told.chapters.length > 1) {
      root.classList.add("parted");
      root.append(chapterList(told.chapters, player, stage, signal));
    }
    if (told.seconds >= LONG && shown.type !== "hls" && shown.can("hls")) foot.append(offer());
    await addSubtitles(player, told, shown, stage, signal);
  };
  /** The stream is made only when it is wanted: that takes a hundred times as long as the file that already plays. */
  const offer = (): HTMLElement => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = say("video.stream");
    button.ariaPressed = "false";
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        const on = await useStream(await shown.make("hls", signal));
        if (!on) throw new Error(say("playing.unsupported"));
        button.ariaPressed = "true";
        stage.announce(say("video.streaming"));
      } catch (reason) {
        if (signal.aborted) return;
        button.remove();
        const note = document.createElement("p");
        note.className = "note";
        note.setAttribute("role", "status");
        note.textContent = (reason as Error).message;
        foot.after(note);
        if (!player.currentSrc.startsWith(shown.href)) await source.use(shown.href, player.currentTime);
      }
    });
    return button;
  };
  const poster = async (): Promise<void> => {
    if (shown.can("poster.jpg")) player.poster = await shown.make("poster.jpg", signal);
  };

  keys(
    root,
    player,
    {
      f: () => {
        if (document.fullscreenElement) void document.exitFullscreen();
        else void player.requestFullscreen().catch(() => {});
      },
      c: () => stage.announce(nextSubtitles(player, stage)),
    },
    signal,
  );

  const at = beginning(shown.start);
  const begin = async (): Promise<void> => {
    if (shown.type !== "hls" && shown.mediaType !== "application/vnd.apple.mpegurl") await source.use(shown.href, at);
    else if (await useStream(shown.href)) {
      if (at) player.currentTime = at;
    } else await source.use(await shown.make(FORMS[0] as string, signal), at);
  };
  for (const work of [begin(), words(), poster()])
    work.catch((reason) => {
      if (!signal.aborted) console.info("omnic:", reason); // what is missing is not there; the film is
    });

  return {
    destroy: () => {
      life.abort();
      source.leave();
      leaveStream();
      empty(player);
      root.replaceChildren();
    },
    focus: () => player.focus(),
  };
}
