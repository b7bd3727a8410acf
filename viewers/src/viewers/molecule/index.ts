import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { bar, button, choice, note, sign, steer, toggle, view } from "../../kit/controls.ts";
import { bdi, row } from "../../kit/facts.ts";
import { canDraw, still } from "../../kit/still.ts";
import kit from "../../kit/view.css?inline";
import { Drawing, dark, type Look } from "./drawing.ts";
import css from "./index.css?inline";
import { bonds, chained, type Form, flat, formOf, formula, MOST_RECORDS, records } from "./read.ts";

/** Of text that is read, and atoms of what is drawn. */
const MOST_BYTES = 24 << 20;
const MOST_ATOMS = 100_000;
/** Atoms up to which each is a ball, has a name, lies under a surface. */
const BALLS = 600;
const STICKS = 6000;
const NAMED = 500;
const COVERED = 1500;

/** A molecule or a crystal to turn. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(kit);
  stage.dress(css);
  if (!canDraw()) return still(root, shown, stage, stage.say("kit.noWebGL"));
  const { say, signal, reducedMotion, locale } = stage;
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const { all, form } = await got(shown, stage);
  const life = new AbortController();
  const place = view(say("molecule.view", { title: shown.title }), say("kit.keys"));
  root.append(place);
  const drawing = new Drawing(place);
  const told = note("", "facts");
  const limits = note("");
  limits.hidden = true;

  let at = Math.min(Math.max((Number.parseInt(shown.start, 10) || 1) - 1, 0), all.length - 1);
  let look: Look = "balls";
  const looks = choice(say("molecule.look"), [], look, (value) => {
    look = value as Look;
    drawing.look(look);
  });
  const labels = toggle(say("molecule.labels"), false, (on) => drawing.label(on));
  const surface = toggle(say("molecule.surface"), false, (on) => {
    root.setAttribute("aria-busy", "true");
    // after the pressed button is seen: a surface takes its time
    requestAnimationFrame(() => setTimeout(() => void cover(on)));
  });
  const cover = async (on: boolean): Promise<void> => {
    if (life.signal.aborted) return;
    await drawing.surface(on);
    root.removeAttribute("aria-busy");
  };
  const controls: HTMLElement[] = [looks, labels, surface];
  if (!reducedMotion) controls.push(toggle(say("kit.spin"), false, (on) => drawing.spin(on)));
  controls.push(
    button(say("kit.ground"), () => {
      place.dataset.ground = dark(place) ? "light" : "dark";
      drawing.ground();
    }),
  );

  const show = (index: number): void => {
    at = index;
    const atoms = drawing.read(all[at] as string, form);
    if (!atoms.length) throw new Error(say("molecule.broken"));
    if (atoms.length > MOST_ATOMS) throw new Error(say("molecule.large"));
    const ribbons = chained(atoms);
    const offered: Look[] = [...(ribbons ? (["ribbons"] as const) : []), "balls", "sticks", "spheres", "lines"];
    const size = atoms.length;
    if (!offered.includes(look) || looks.options.length !== offered.length) {
      looks.replaceChildren(...offered.map((one) => new Option(say(`molecule.${one}`), one)));
      look = ribbons ? "ribbons" : size <= BALLS ? "balls" : size <= STICKS ? "sticks" : "lines";
      looks.value = look;
    }
    labels.hidden = size > NAMED;
    surface.hidden = size > COVERED;
    surface.ariaPressed = "false";
    drawing.ground();
    drawing.look(look);
    drawing.label(labels.ariaPressed === "true" && !labels.hidden);
    drawing.fit();
    const parts = [
      say(drawing.cell && form === "cif" ? "molecule.atomsCell" : "molecule.atoms", {
        n: number.format(drawing.own.length),
      }),
      bdi(...written(formula(drawing.own))),
      say("molecule.bonds", { n: number.format(bonds(atoms)) }),
    ];
    const { cell } = drawing;
    if (cell) {
      const lengths = [cell.a, cell.b, cell.c].map((one) => number.format(one)).join(" × ");
      const angles = [cell.alpha, cell.beta, cell.gamma].map((one) => `${number.format(one)}°`).join(", ");
      parts.push(say("molecule.cell", { lengths, angles }));
    }
    told.replaceChildren(...row(...parts));
    stage.announce(told.textContent ?? "");
  };

  if (all.length > 1) {
    const which = choice(
      say("molecule.which"),
      all.map((_, index) => [String(index), say("molecule.one", { n: index + 1, total: all.length })] as const),
      String(at),
      (value) => {
        try {
          show(Number(value));
        } catch {
          told.textContent = say("molecule.broken");
        }
      },
    );
    controls.unshift(which);
    limits.hidden = all.length < MOST_RECORDS;
    limits.textContent = say("molecule.first", { n: MOST_RECORDS });
  }
  const signs = document.createElement("div");
  signs.className = "signs";
  signs.append(
    sign("in", say("kit.closer"), () => drawing.zoom(true)),
    sign("out", say("kit.farther"), () => drawing.zoom(false)),
    sign("fit", say("kit.fit"), () => drawing.fit()),
  );
  place.append(signs);
  root.prepend(bar(say("molecule.tools"), ...controls));
  root.append(told, limits, note(say("kit.keys"), "keys"));
  steer(
    place,
    {
      turn: (right, up) => drawing.turn(right, up),
      move: (right, up) => drawing.move(right, up),
      zoom: (closer) => drawing.zoom(closer),
      fit: () => drawing.fit(),
    },
    life.signal,
  );
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawing.ground(), {
    signal: life.signal,
  });
  const close = (): void => {
    life.abort();
    drawing.close();
  };
  try {
    signal.throwIfAborted();
    show(at);
  } catch (reason) {
    close();
    throw signal.aborted || reason instanceof Error ? reason : new Error(say("molecule.broken"));
  }
  return { destroy: close, focus: () => place.focus() };
}

/** The molecules. What is only drawn on paper is asked for with places in space, where the service can make them. */
async function got(shown: Shown, { signal, say }: Stage): Promise<{ all: string[]; form: Form }> {
  const read = async (href: string): Promise<string> => {
    const response = await fetch(href, { signal });
    if (!response.ok) throw new Error(say("molecule.broken"));
    return response.text();
  };
  const form = formOf(shown.type) ?? formOf(shown.format ?? "");
  if (!form) throw new Error(say("molecule.broken"));
  if ((shown.bytes ?? 0) > MOST_BYTES) throw new Error(say("molecule.large"));
  const text = await read(shown.href);
  const all = records(text, form);
  if (form === "sdf" && shown.can("MOL2") && all[0] && planar(all[0])) {
    try {
      return { all: records(await read(await shown.make("MOL2", signal)), "mol2"), form: "mol2" };
    } catch (reason) {
      if (signal.aborted) throw reason; // else flat, which is better than nothing
    }
  }
  return { all, form };
}

/** Whether a record of an SDF is a drawing: the third number of each atom's line is zero (CTfile formats, V2000 and V3000). */
function planar(record: string): boolean {
  const v3 = [...record.matchAll(/^M {2}V30 \d+ [A-Z]\S* (\S+) (\S+) (\S+) /gim)].map(([, , , z]) => Number(z));
  const v2 = record
    .split(/\r?\n/)
    .slice(4)
    .filter((line) => /^[ \d.-]{30} [A-Z*]/.test(line))
    .map((line) => Number(line.slice(20, 30)));
  return flat((v3.length ? v3 : v2).map((z) => ({ z })));
}

/** C9H8O4, with its numbers below the line. */
function written(parts: readonly [string, number][]): (string | Node)[] {
  return parts.flatMap(([name, many]) => {
    if (many === 1) return [name];
    const below = document.createElement("sub");
    below.textContent = String(many);
    return [name, below];
  });
}
