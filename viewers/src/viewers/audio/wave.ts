/** The waveform: a slider that shows all of a sound, what has been played of it in another colour. */

import type { Stage } from "../../core/registry.ts";
import { seek } from "../../playing/keys.ts";
import { clock, spoken } from "../../playing/times.ts";
import { bars, type Peaks } from "./peaks.ts";

/** CSS pixels. */
const BAR = 3;
const GAP = 1;

export interface Wave {
  readonly root: HTMLElement;
  /** What is drawn; a plain line until then. */
  show(peaks: Peaks): void;
}

/** `seconds` answers how long the sound is; `signal` ends it. */
export function wave(player: HTMLMediaElement, seconds: () => number, stage: Stage, signal: AbortSignal): Wave {
  const slider = document.createElement("div");
  slider.className = "wave";
  slider.dir = "ltr"; // time runs to the right, as in every player's own line
  slider.tabIndex = 0;
  slider.dataset.drag = "";
  slider.setAttribute("role", "slider");
  slider.setAttribute("aria-label", stage.say("audio.position"));
  slider.setAttribute("aria-valuemin", "0");
  const [rest, played] = [document.createElement("canvas"), document.createElement("canvas")];
  played.className = "played";
  const needle = document.createElement("span");
  needle.className = "needle";
  slider.append(rest, played, needle);
  const line = document.createElement("div");
  line.className = "moments";
  line.dir = "ltr";
  line.setAttribute("aria-hidden", "true"); // the slider says it in words
  const [now, whole] = [document.createElement("span"), document.createElement("span")];
  line.append(now, whole);
  const root = document.createElement("div");
  root.className = "waveform";
  root.append(slider, line);

  let peaks: Peaks | null = null;
  const draw = (): void => {
    const ratio = devicePixelRatio || 1;
    const { clientWidth: wide, clientHeight: high } = slider;
    if (!wide || !high) return;
    const count = Math.max(1, Math.floor((wide + GAP) / (BAR + GAP)));
    const heights = peaks ? bars(peaks.heights, count) : new Array<number>(count).fill(0);
    for (const canvas of [rest, played]) {
      canvas.width = Math.round(wide * ratio);
      canvas.height = Math.round(high * ratio);
      const context = canvas.getContext("2d");
      if (!context) continue;
      context.scale(ratio, ratio);
      context.fillStyle = getComputedStyle(canvas).color;
      context.beginPath();
      for (const [at, height] of heights.entries()) {
        const tall = Math.max(2, height * (high - 4));
        context.roundRect((at * wide) / count, (high - tall) / 2, BAR, tall, 1.5);
      }
      context.fill();
    }
  };

  let frame = 0;
  let told = "";
  const place = (): void => {
    const all = seconds();
    const at = all ? Math.min(player.currentTime / all, 1) : 0;
    played.style.clipPath = `inset(0 ${(1 - at) * 100}% 0 0)`;
    needle.style.insetInlineStart = `${at * 100}%`;
    const text = clock(player.currentTime);
    if (text + all === told) return;
    told = text + all;
    now.textContent = text;
    whole.textContent = all ? clock(all) : "";
    slider.setAttribute("aria-valuemax", String(Math.round(all)));
    slider.setAttribute("aria-valuenow", String(Math.round(player.currentTime)));
    const [past, total] = [spoken(player.currentTime, stage.locale), spoken(all, stage.locale)];
    slider.setAttribute("aria-valuetext", all ? stage.say("audio.at", { past, total }) : past);
  };
  const follow = (): void => {
    cancelAnimationFrame(frame);
    place();
    if (!player.paused && !stage.reducedMotion) frame = requestAnimationFrame(follow);
  };
  for (const name of ["timeupdate", "seeking", "play", "pause", "durationchange", "ended"])
    player.addEventListener(name, follow, { signal });

  // --- pointer and keys -----------------------------------------------------------------------------------------------------

  const point = ({ clientX }: PointerEvent): void => {
    const { left, width } = slider.getBoundingClientRect();
    seek(player, ((clientX - left) / width) * seconds());
    place();
  };
  slider.addEventListener("pointerdown", (event) => {
    if (event.button || !seconds()) return;
    slider.setPointerCapture(event.pointerId);
    point(event);
  });
  slider.addEventListener("pointermove", (event) => {
    if (slider.hasPointerCapture(event.pointerId)) point(event);
  });
  slider.addEventListener("keydown", (event) => {
    const { currentTime } = player;
    const tenth = seconds() / 10;
    const to = {
      ArrowUp: currentTime + 5,
      ArrowDown: currentTime - 5,
      PageUp: currentTime + tenth,
      PageDown: currentTime - tenth,
      Home: 0,
      End: seconds(),
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    seek(player, to);
    place();
  });

  const sized = new ResizeObserver(draw);
  sized.observe(slider);
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"])
    matchMedia(query).addEventListener("change", draw, { signal });
  signal.addEventListener("abort", () => {
    cancelAnimationFrame(frame);
    sized.disconnect();
  });
  place();
  return {
    root,
    show: (found) => {
      peaks = found;
      draw();
      place();
    },
  };
}
