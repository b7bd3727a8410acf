import type Feature from "ol/Feature.js";
import library from "ol/ol.css?inline";
import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { bar, button, note, sign, steer, view } from "../../kit/controls.ts";
import { row } from "../../kit/facts.ts";
import kit from "../../kit/view.css?inline";
import { Ground } from "./ground.ts";
import css from "./index.css?inline";
import {
  features,
  geographic,
  MOST_FEATURES,
  MOST_LISTED,
  MOST_POINTS,
  measured,
  nameOf,
  type Plain,
  rows,
  tiles,
} from "./read.ts";

/** Of text that is read in one go; beyond it the service's pictures are shown. */
const MOST_BYTES = 24 << 20;
/** Features that are put on the map between two frames. */
const SLICE = 250;

/** Places on a map of nothing but themselves. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(kit);
  stage.dress(library);
  stage.dress(css);
  const { say, signal } = stage;
  const isTiles = shown.type.replace(/:.*/s, "").toLowerCase() === "tiles";
  if (isTiles) return drawn(root, shown, shown.href, stage, "");
  if ((shown.bytes ?? 0) > MOST_BYTES) {
    if (!shown.can("tiles")) throw new Error(say("map.large"));
    return drawn(root, shown, await shown.make("tiles", signal), stage, say("map.pictures"));
  }
  const response = await fetch(shown.href, { signal });
  const all = response.ok ? features(await response.json().catch(() => null)) : null;
  if (!all) throw new Error(say("map.broken"));
  return places(root, shown, all, stage);
}

async function places(root: HTMLElement, shown: Shown, all: Plain[], stage: Stage): Promise<Mounted> {
  const { say, signal, locale } = stage;
  const number = new Intl.NumberFormat(locale);
  const kept: Plain[] = [];
  const box = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let points = 0;
  for (const one of all) {
    const { points: more, box: its } = measured(one.geometry);
    if (kept.length >= MOST_FEATURES || points + more > MOST_POINTS) break;
    points += more;
    kept.push(one);
    for (const side of [0, 1] as const) box[side] = Math.min(box[side] as number, its[side]);
    for (const side of [2, 3] as const) box[side] = Math.max(box[side] as number, its[side]);
  }
  if (!points) throw new Error(say("map.empty"));
  const round = geographic(box);
  const life = new AbortController();
  const known = new Map<Feature, number>();
  const made = new Map<number, Feature>();

  const popup = document.createElement("div");
  popup.className = "popup";
  popup.role = "group";
  const list = document.createElement("ul");
  list.className = "list";
  const { place, ground, tools } = scene(root, shown, stage, popup, round, (one) =>
    choose(one ? (known.get(one) ?? -1) : -1),
  );
  const body = document.createElement("div");
  body.className = "body";
  const side = document.createElement("nav");
  side.ariaLabel = say("map.list");
  side.append(list);
  body.append(place, side);

  const kind = (one: Plain): string => {
    const type = one.geometry?.type ?? "";
    const word = /Point/.test(type) ? "point" : /Line/.test(type) ? "line" : /Polygon/.test(type) ? "area" : "several";
    return say(`map.${word}`);
  };
  const title = (index: number): string => {
    const one = kept[index] as Plain;
    return nameOf(one.properties) || `${kind(one)} ${number.format(index + 1)}`;
  };
  const entries: HTMLButtonElement[] = [];
  const choose = (index: number, sight = false): void => {
    for (const one of list.querySelectorAll("[aria-current]")) one.removeAttribute("aria-current");
    const feature = made.get(index);
    if (!feature) {
      ground.choose(null);
      return;
    }
    entries[index]?.setAttribute("aria-current", "true");
    entries[index]?.scrollIntoView({ block: "nearest" });
    const one = kept[index] as Plain;
    popup.ariaLabel = title(index);
    popup.replaceChildren(...card(title(index), kind(one), rows(one.properties), say("map.close"), () => away()));
    ground.choose(feature, sight);
    stage.announce(
      [title(index), ...rows(one.properties, 8).map((row) => row.join(": "))].filter(Boolean).join(". ").slice(0, 400),
    );
  };
  const away = (): void => {
    const focused = popup.contains((root.getRootNode() as ShadowRoot).activeElement);
    choose(-1);
    if (focused) place.focus();
  };
  root.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !popup.isConnected || !popup.offsetParent) return;
      event.preventDefault(); // closes the popup, not what it is in
      event.stopPropagation();
      away();
    },
    { signal: life.signal },
  );

  const told = note("", "facts");
  root.append(tools, body, told, note(say("map.keys"), "keys"));
  const close = (): void => {
    life.abort();
    ground.close();
  };
  let broken = 0;
  const put = (from: number): void => {
    const some = kept.slice(from, from + SLICE);
    for (const [at, feature] of ground.add(some).entries()) {
      const index = from + at;
      if (!feature) {
        broken += 1;
        continue;
      }
      known.set(feature, index);
      made.set(index, feature);
      if (entries.length >= MOST_LISTED) continue;
      const entry = document.createElement("button");
      entry.type = "button";
      const name = document.createElement("span");
      name.dir = "auto";
      name.textContent = title(index);
      const what = document.createElement("small");
      what.textContent = kind(kept[index] as Plain);
      entry.append(name, what);
      entry.addEventListener("click", () => choose(index, true));
      entries[index] = entry;
      const item = document.createElement("li");
      item.append(entry);
      list.append(item);
    }
  };
  try {
    signal.throwIfAborted();
    put(0);
    ground.show();
    ground.fit();
  } catch (reason) {
    close();
    throw reason;
  }
  const tell = (): void => {
    const parts = [say("map.features", { n: number.format(made.size) })];
    if (round) {
      const degrees = new Intl.NumberFormat(locale, { maximumFractionDigits: 4 });
      const [west = 0, south = 0, east = 0, north = 0] = box;
      const [a, b, c, d] = [south, west, north, east].map((one) => degrees.format(one));
      parts.push(say("map.extent", { south: `${a}°`, west: `${b}°`, north: `${c}°`, east: `${d}°` }));
    } else parts.push(say("map.plane"));
    if (kept.length < all.length)
      parts.push(say("map.first", { n: number.format(kept.length), total: number.format(all.length) }));
    if (made.size > MOST_LISTED) parts.push(say("map.listed", { n: number.format(MOST_LISTED) }));
    if (broken) parts.push(say("map.odd", { n: number.format(broken) }));
    told.replaceChildren(...row(...parts));
  };
  tell();
  if (kept.length > SLICE)
    void (async () => {
      for (let from = SLICE; from < kept.length && !life.signal.aborted; from += SLICE) {
        await new Promise((done) => requestAnimationFrame(done));
        if (life.signal.aborted) return;
        put(from);
        if (Math.log2(from / SLICE) % 1 === 0) ground.show(); // twice as many each time
      }
      if (life.signal.aborted) return;
      ground.show();
      ground.fit();
      tell();
    })();
  const first = Number.parseInt(shown.start, 10);
  if (first >= 1) choose(first - 1, true);
  return { destroy: close, focus: () => place.focus() };
}

/** Tiles that the service made. */
async function drawn(root: HTMLElement, shown: Shown, index: string, stage: Stage, why: string): Promise<Mounted> {
  const { say, signal } = stage;
  const response = await fetch(index, { signal });
  const found = response.ok ? tiles(await response.json().catch(() => null), index) : null;
  if (!found) throw new Error(say("map.broken"));
  const { place, ground, tools } = scene(root, shown, stage, document.createElement("div"), true, () => {});
  const gone = note(say("map.missing"));
  gone.hidden = true;
  try {
    await ground.pictures(found, () => {
      gone.hidden = false;
    });
    signal.throwIfAborted();
  } catch (reason) {
    ground.close();
    throw reason;
  }
  root.append(tools, place, ...(why ? [note(why, "facts")] : []), gone, note(say("map.keys"), "keys"));
  ground.fit();
  return { destroy: () => ground.close(), focus: () => place.focus() };
}

/** The map's place with its buttons and keys. */
function scene(
  root: HTMLElement,
  shown: Shown,
  { say, signal, reducedMotion }: Stage,
  popup: HTMLElement,
  round: boolean,
  pick: (one: Feature | null) => void,
): { place: HTMLElement; ground: Ground; tools: HTMLElement } {
  const place = view(say("map.view", { title: shown.title }), say("map.keys"));
  root.append(place); // its colours are known from here on
  const ground = new Ground(place, popup, round, reducedMotion, pick);
  const signs = document.createElement("div");
  signs.className = "signs";
  signs.append(
    sign("in", say("kit.closer"), () => ground.zoom(true)),
    sign("out", say("kit.farther"), () => ground.zoom(false)),
    sign("fit", say("kit.fit"), () => ground.fit()),
  );
  place.append(signs);
  steer(
    place,
    {
      move: (right, up) => ground.move(right, up),
      zoom: (closer) => ground.zoom(closer),
      fit: () => ground.fit(),
    },
    signal,
  );
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => ground.recolour(), { signal });
  const tools = bar(
    say("map.tools"),
    button(say("kit.fit"), () => ground.fit()),
    button(say("kit.ground"), () => {
      place.dataset.ground = ground.dark ? "light" : "dark";
      ground.recolour();
    }),
  );
  return { place, ground, tools };
}

/** What a feature says, as text. */
function card(
  title: string,
  kind: string,
  told: readonly [string, string][],
  closing: string,
  close: () => void,
): Node[] {
  const head = document.createElement("strong");
  head.dir = "auto";
  head.textContent = title;
  const what = document.createElement("small");
  what.textContent = kind;
  const shut = button("×", close);
  shut.className = "icon shut";
  shut.ariaLabel = shut.title = closing;
  const list = document.createElement("dl");
  for (const [key, value] of told) {
    const name = document.createElement("dt");
    name.textContent = key;
    const said = document.createElement("dd");
    said.dir = "auto";
    if (/^https?:\/\/\S+$/i.test(value)) {
      const link = document.createElement("a");
      link.href = value;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.textContent = value;
      said.append(link);
    } else said.textContent = value;
    list.append(name, said);
  }
  return [shut, head, what, ...(told.length ? [list] : [])];
}
