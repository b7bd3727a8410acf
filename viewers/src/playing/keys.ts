/** The keys of a player, wherever in its viewer the focus is. */

/** Seconds. */
const STEP = 5;

export function toggle(player: HTMLMediaElement): void {
  if (player.paused)
    void player.play().catch(() => {}); // what went wrong is told by `error`
  else player.pause();
}

export function seek(player: HTMLMediaElement, to: number): void {
  player.currentTime = Math.min(Math.max(to, 0), Number.isFinite(player.duration) ? player.duration : to);
}

/** Space plays and pauses, arrows go 5 s back and on, m mutes; `more` are keys besides. `signal` ends it. */
export function keys(
  root: HTMLElement,
  player: HTMLMediaElement,
  more: Readonly<Record<string, () => void>>,
  signal: AbortSignal,
): void {
  const acts: Readonly<Record<string, () => void>> = {
    " ": () => toggle(player),
    // Time runs to the right in every language's players.
    ArrowRight: () => seek(player, player.currentTime + STEP),
    ArrowLeft: () => seek(player, player.currentTime - STEP),
    m: () => {
      player.muted = !player.muted;
    },
    ...more,
  };
  root.addEventListener(
    "keydown",
    (event) => {
      const { key, target } = event;
      const act = acts[key];
      if (!act || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
      const within = target as Element;
      if (within.matches("input, select, textarea")) return;
      if (key === " " && within.matches("button, summary, a")) return;
      // Before the browser's own controls hear of it: their arrows go a hundredth of the whole, which is a minute of a film.
      event.preventDefault();
      event.stopPropagation();
      act();
    },
    { signal, capture: true },
  );
}
