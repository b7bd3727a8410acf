import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { note, view } from "../../kit/controls.ts";
import { row } from "../../kit/facts.ts";
import { keys, type Lens, sides, signs } from "../../kit/picture/lens.ts";
import viewCss from "../../kit/view.css?inline";
import type { Deep } from "./deep.ts";
import { cut } from "./dzi.ts";
import css from "./index.css?inline";

const TILES = "tiles.dzi";

/**
 * A large picture of which only what is looked at is loaded. It begins with a preview, at once, and the tiles are made meanwhile;
 * given the tiles, it begins with them.
 */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(viewCss);
  stage.dress(css);
  const { say, signal, locale } = stage;
  const life = new AbortController();
  const until = AbortSignal.any([life.signal, signal]);
  const frame = view(say("zoom.title"), say("picture.keys"));
  frame.removeAttribute("data-drag");
  const place = document.createElement("div");
  place.className = "deep";
  frame.append(place);
  const facts = note("", "facts");
  root.append(frame, facts);

  let tiles: Deep | null = null;
  const lens: Lens = {
    zoom: (factor) => tiles?.zoom(factor),
    fit: () => tiles?.fit(),
    natural: () => tiles?.natural(),
    turn: () => tiles?.turn(),
    move: (right, down) => tiles?.move(right, down) ?? false,
  };
  const tools = signs(lens, stage);
  frame.append(tools);
  keys(frame, lens, life.signal);
  const enable = (on: boolean): void => {
    for (const one of tools.querySelectorAll("button")) one.disabled = !on;
  };
  enable(false);

  const given = shown.type.replace(/:.*/s, "").toLowerCase() === TILES;
  const preview = new Image();
  preview.className = "preview";
  preview.alt = shown.title;
  preview.draggable = false;
  if (!given) {
    preview.src = shown.href;
    await preview.decode().catch(() => {
      throw new Error(say("picture.bad"));
    });
    frame.prepend(preview);
    facts.textContent = say("zoom.making");
  }

  const open = async (): Promise<void> => {
    const [index, { deep }] = await Promise.all([given ? shown.href : shown.make(TILES, until), import("./deep.ts")]);
    const response = await fetch(index, { signal: until });
    const found = response.ok ? cut(await response.text()) : null;
    if (!found) throw new Error(say("picture.bad"));
    until.throwIfAborted();
    const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
    const level = document.createElement("span");
    facts.replaceChildren(...row(sides(found.width, found.height, locale), shown.format ?? "", level));
    tiles = deep(place, index, found, stage, {
      drawn: () => preview.remove(),
      changed: (scale, more) => {
        level.textContent = percent.format(scale);
        frame.toggleAttribute("data-drag", more); // else a swipe leafs through the gallery
        if (more) preview.remove();
      },
    });
    place.role = "img";
    place.ariaLabel = shown.title;
    enable(true);
  };
  const opening = open().catch((reason: unknown) => {
    if (until.aborted) return;
    if (given) throw reason;
    facts.textContent = say("zoom.none", { reason: reason instanceof Error ? reason.message : String(reason) });
    stage.announce(facts.textContent);
  });
  if (given) await opening;
  return {
    destroy: () => {
      life.abort();
      tiles?.destroy();
      root.replaceChildren();
    },
    focus: () => frame.focus({ preventScroll: true }),
  };
}
