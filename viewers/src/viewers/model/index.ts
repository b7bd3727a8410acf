import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { bar, button, choice, note, sign, steer, toggle, view } from "../../kit/controls.ts";
import { row } from "../../kit/facts.ts";
import { canDraw, still } from "../../kit/still.ts";
import kit from "../../kit/view.css?inline";
import { axes, type Described, described, elsewhere, Unfit, unit } from "./glb.ts";
import css from "./index.css?inline";
import { dispose, type Loaded, load } from "./load.ts";
import { type Face, SIDES, Space } from "./space.ts";

/** Beyond it the slim one is asked for. */
const MOST_BYTES = 48 << 20;

/** A model to turn, measure and cut. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(kit);
  stage.dress(css);
  if (!canDraw()) return still(root, shown, stage, stage.say("kit.noWebGL"));
  try {
    return await solid(root, shown, stage);
  } catch (reason) {
    if (stage.signal.aborted) throw reason;
    return still(root, shown, stage, stage.say(reason instanceof Unfit ? reason.word : "model.broken"));
  }
}

async function solid(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  const { say, reducedMotion, locale, announce } = stage;
  const { json, loaded } = await got(shown, stage);
  const life = new AbortController();
  const place = view(say("model.view", { title: shown.title }), say("kit.keys"));
  root.append(place);
  const lost = note(say("kit.lost"));
  lost.hidden = true;
  let space: Space;
  try {
    space = new Space(place, loaded, !reducedMotion, (gone) => {
      lost.hidden = !gone;
    });
  } catch (reason) {
    dispose(loaded.root);
    root.replaceChildren();
    throw reason;
  }
  const number = new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 });
  const whole = new Intl.NumberFormat(locale);
  const measure = (value: number): string => {
    const { times, name } = unit(json);
    if (!name) return number.format(value * times);
    return new Intl.NumberFormat(locale, { maximumSignificantDigits: 4, style: "unit", unit: name }).format(
      value * times,
    );
  };

  let face: Face = shown.start in SIDES ? (shown.start as Face) : "aslant";
  const faces = choice(
    say("model.side"),
    (Object.keys(SIDES) as Face[]).map((one) => [one, say(`model.${one}`)] as const),
    face,
    (value) => {
      face = value as Face;
      space.look(face);
    },
  );
  const controls: HTMLElement[] = [faces, toggle(say("model.wires"), false, (on) => space.wires(on))];

  let squares = true;
  const dark = (): boolean => getComputedStyle(place).colorScheme.startsWith("dark") || seenDark(place);
  const lines = (): void => {
    space.grid(squares ? (dark() ? { line: "#2b353a", axis: "#4a585f" } : { line: "#d3dadd", axis: "#a9b5ba" }) : null);
  };
  controls.push(
    toggle(say("model.grid"), squares, (on) => {
      squares = on;
      lines();
      facts();
    }),
  );
  const cutting = section(json, space, stage, measure);
  controls.push(
    toggle(say("model.section"), false, (on) => {
      cutting.box.hidden = !on;
      cutting.cut(on);
    }),
  );
  if (!reducedMotion) controls.push(toggle(say("kit.spin"), false, (on) => space.spin(on)));
  controls.push(
    button(say("kit.ground"), () => {
      place.dataset.ground = dark() ? "light" : "dark";
      lines();
    }),
  );
  controls.push(...playing(loaded, space, stage));

  const size = axes(json).map(({ name, to }) => {
    const along = Math.abs(to[0] * space.size.x + to[1] * space.size.y + to[2] * space.size.z);
    return `${name} ${measure(along)}`;
  });
  const told = note("", "facts");
  const facts = (): void => {
    const { triangles, points } = space.counted;
    const parts = [
      say(unit(json).name ? "model.size" : "model.sizeUnits", { size: size.join(" × ") }),
      triangles
        ? say("model.triangles", { n: whole.format(triangles) })
        : say("model.points", { n: whole.format(points) }),
    ];
    if (squares) parts.push(say("model.square", { size: measure(space.step) }));
    told.replaceChildren(...row(...parts));
  };
  facts();
  const left = elsewhere(json);
  const signs = document.createElement("div");
  signs.className = "signs";
  signs.append(
    sign("in", say("kit.closer"), () => space.zoom(true)),
    sign("out", say("kit.farther"), () => space.zoom(false)),
    sign("fit", say("kit.fit"), () => space.look(face)),
  );
  place.append(signs);
  root.prepend(bar(say("model.tools"), ...controls), cutting.box);
  root.append(told, ...(left ? [note(say("model.pictures", { n: left }))] : []), lost, note(say("kit.keys"), "keys"));
  steer(
    place,
    {
      turn: (right, up) => space.turn(right, up),
      move: (right, up) => space.move(right, up),
      zoom: (closer) => space.zoom(closer),
      fit: () => space.look(face),
    },
    life.signal,
  );
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", lines, { signal: life.signal });
  lines();
  space.look(face);
  announce(told.textContent ?? "");
  return {
    destroy: () => {
      life.abort();
      space.close();
    },
    focus: () => place.focus(),
  };
}

/** What `light-dark()` comes out as there. */
function seenDark(place: HTMLElement): boolean {
  const [red = 255] = getComputedStyle(place).backgroundColor.match(/\d+/g)?.map(Number) ?? [];
  return red < 128;
}

/** The file, or the slim one that the service makes, where that is the better or the only one. */
async function got(shown: Shown, stage: Stage): Promise<{ json: Described; loaded: Loaded }> {
  const { signal } = stage;
  const read = async (href: string): Promise<{ json: Described; loaded: Loaded }> => {
    const response = await fetch(href, { signal });
    if (!response.ok) throw new Unfit("model.broken");
    const content = await response.arrayBuffer();
    const json = described(content);
    return { json, loaded: await load(content, json) };
  };
  const slim = async (): Promise<{ json: Described; loaded: Loaded }> => read(await shown.make("web.glb", signal));
  const other = shown.type !== "web.glb" && shown.can("web.glb");
  if (other && (shown.bytes ?? 0) > MOST_BYTES) return slim();
  try {
    return await read(shown.href);
  } catch (reason) {
    if (signal.aborted || !other) throw reason;
    return slim().catch(() => {
      throw reason;
    });
  }
}

/** A plane through the model: which axis, and how far along it. */
function section(
  json: Described,
  space: Space,
  { say }: Stage,
  measure: (value: number) => string,
): { box: HTMLElement; cut(on: boolean): void } {
  const all = axes(json);
  let axis = all[0] as (typeof all)[number];
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = "0";
  slider.max = "100";
  slider.value = "50";
  slider.setAttribute("aria-label", say("model.where"));
  const at = document.createElement("output");
  const cut = (on: boolean): void => {
    if (!on) {
      space.cut(null);
      return;
    }
    const { to } = axis;
    const part = slider.valueAsNumber / 100;
    const length = Math.abs(to[0] * space.size.x + to[1] * space.size.y + to[2] * space.size.z);
    at.value = measure(length * part);
    slider.ariaValueText = at.value;
    space.cut(to, part);
  };
  slider.addEventListener("input", () => cut(true));
  const which = choice(
    say("model.axis"),
    all.map(({ name }) => [name, say("model.along", { axis: name })] as const),
    axis.name,
    (value) => {
      axis = all.find(({ name }) => name === value) ?? axis;
      cut(true);
    },
  );
  const box = bar(say("model.section"), which, slider, at);
  box.classList.add("section");
  box.hidden = true;
  return { box, cut };
}

/** Play and pause, where something moves; which movement, where there are several. */
function playing({ clips }: Loaded, space: Space, { say }: Stage): HTMLElement[] {
  let clip = clips[0];
  if (!clip) return [];
  const press = toggle(say("model.play"), false, (on) => {
    if (on && clip) space.play(clip);
    else space.pause();
  });
  if (clips.length === 1) return [press];
  const which = choice(
    say("model.movement"),
    clips.slice(0, 100).map(({ name }, index) => [String(index), name || String(index + 1)] as const),
    "0",
    (value) => {
      clip = clips[Number(value)];
      if (clip && press.ariaPressed === "true") space.play(clip);
    },
  );
  return [press, which];
}
