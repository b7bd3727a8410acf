import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { bar, button, choice, note } from "../../kit/controls.ts";
import { row } from "../../kit/facts.ts";
import viewCss from "../../kit/view.css?inline";
import { codeName, type Facts, facts, missing, shownOf } from "./facts.ts";
import css from "./index.css?inline";
import { table } from "./table.ts";

const SIZES = [12, 16, 20, 28, 40, 56];
/** Where nobody knows what the font has. */
const LATIN = { script: "Latin", alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", sentence: "" };
const FOX = "The quick brown fox jumps over the lazy dog.";
let number = 0;

/** A font at work: text of one's own in it, its sizes, its alphabets, its characters. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(viewCss);
  stage.dress(css);
  const { signal } = stage;
  const life = new AbortController();
  const until = AbortSignal.any([life.signal, signal]);
  number += 1;
  const name = `omnic-font-${number}`;
  const face = new FontFace(name, `url("${shown.href}")`);
  const [loaded, told] = await Promise.all([
    face.load().then(
      () => true,
      () => false,
    ),
    ask(shown, until),
  ]);
  until.throwIfAborted();
  if (!loaded) return picture(root, shown, stage, life);
  document.fonts.add(face);
  root.style.setProperty("--face", `"${name}"`);
  root.append(...page(told, shown, { ...stage, signal: until }));
  return {
    destroy: () => {
      life.abort();
      document.fonts.delete(face);
      root.style.removeProperty("--face");
      root.replaceChildren();
    },
    focus: () => root.querySelector("textarea")?.focus({ preventScroll: true }),
  };
}

async function ask(shown: Shown, signal: AbortSignal): Promise<Facts> {
  try {
    if (!shown.can("metadata.json")) return facts(null);
    const response = await fetch(await shown.make("metadata.json", signal), { signal });
    return facts(response.ok ? await response.json() : null);
  } catch (reason) {
    signal.throwIfAborted();
    console.info("omnic:", reason); // a font without facts is a font still
    return facts(null);
  }
}

/** Fonts that the browser refuses are drawn by the service. */
async function picture(
  root: HTMLElement,
  shown: Shown,
  { say, signal }: Stage,
  life: AbortController,
): Promise<Mounted> {
  if (!shown.can("specimen.png")) throw new Error(say("font.bad"));
  const drawn = new Image();
  drawn.className = "drawn";
  drawn.alt = shown.title;
  drawn.src = await shown.make("specimen.png", AbortSignal.any([life.signal, signal]));
  const box = document.createElement("div");
  box.role = "region";
  box.ariaLabel = say("font.tools");
  box.tabIndex = 0; // it may be higher than the window: keys scroll it
  box.append(drawn);
  root.append(note(say("font.refused")), box);
  return {
    destroy: () => {
      life.abort();
      root.replaceChildren();
    },
    focus: () => box.focus({ preventScroll: true }),
  };
}

function page(told: Facts, shown: Shown, stage: Stage): Node[] {
  const { say, open } = stage;
  const samples = told.samples.filter(({ alphabet, sentence }) => alphabet || sentence);
  const all = told.ranges ? samples : [{ ...LATIN, sentence: FOX }];
  const few = told.ranges ? [...take(shownOf(told.ranges), 40)].map((code) => String.fromCodePoint(code)).join("") : "";
  const texts = all.map(({ alphabet, sentence }) => sentence || alphabet);
  const first = shown.start || texts[0] || few || FOX;

  const text = document.createElement("textarea");
  text.className = "own text";
  text.dir = "auto";
  text.rows = 2;
  text.spellcheck = false;
  text.value = first;
  text.setAttribute("aria-label", say("font.text"));
  const lacks = note("", "lacks");
  lacks.role = "status";
  const sizes = document.createElement("div");
  sizes.className = "sizes";
  const lines = SIZES.map((size) => {
    const line = document.createElement("p");
    line.className = "own";
    line.dir = "auto";
    line.style.fontSize = `${size}px`;
    const label = document.createElement("small");
    label.textContent = String(size);
    const row = document.createElement("div");
    row.append(label, line);
    sizes.append(row);
    return line;
  });
  const write = (): void => {
    for (const line of lines) line.textContent = text.value.slice(0, 300);
    const none = told.ranges ? missing(told.ranges, text.value) : [];
    lacks.textContent = none.length ? say("font.lacks", { characters: none.slice(0, 30).join(" ") }) : "";
    lacks.hidden = !none.length;
  };
  text.addEventListener("input", write);

  const controls: Node[] = [slider(say("font.size"), 10, 200, 48, (size) => (text.style.fontSize = `${size}px`))];
  if (texts.length > 1) {
    const options = all.map(({ script }, index) => [String(index), script] as const);
    controls.push(
      choice(say("font.script"), options, "0", (index) => {
        text.value = texts[Number(index)] ?? "";
        write();
      }),
    );
  }
  const chosen = new Map<string, number>();
  for (const { tag, name, least, start, most } of told.axes) {
    controls.push(
      slider(name, least, most, start, (value) => {
        chosen.set(tag, value);
        const set = [...chosen].map(([axis, at]) => `"${axis}" ${at}`).join(", ");
        (text.closest(".font") as HTMLElement).style.setProperty("--axes", set);
      }),
    );
  }
  if (shown.can("glyphs.html"))
    controls.push(button(say("font.glyphs"), () => open({ url: shown.url, title: shown.title, type: "glyphs.html" })));
  text.style.fontSize = "48px";
  write();

  const parts: Node[] = [heading(told, shown, stage), bar(say("font.tools"), ...controls), text, lacks, sizes];
  for (const { script, alphabet } of all) if (alphabet) parts.push(part(script, own(alphabet, "alphabet")));
  if (told.ranges) {
    const big = own("", "big");
    const code = document.createElement("span");
    const detail = document.createElement("div");
    detail.className = "detail";
    detail.ariaHidden = "true"; // the option says it
    detail.append(big, code);
    const list = table(shownOf(told.ranges), stage, (character, at) => {
      big.textContent = character;
      code.textContent = `${codeName(at)} · &#${at};`;
    });
    const both = document.createElement("div");
    both.className = "both";
    both.append(list, detail);
    parts.push(part(say("font.characters"), both));
  }
  return [...parts, ...about(told, stage)];
}

function heading(told: Facts, { title, format, bytes, type }: Shown, { say, size, locale }: Stage): HTMLElement {
  const made = document.createElement("header");
  const count = (n: number): string => new Intl.NumberFormat(locale).format(n);
  const known = row(
    told.style,
    told.weight === null ? "" : say("font.weight", { n: told.weight }),
    told.italic ? say("font.italic") : "",
    told.glyphs === null ? "" : say("font.glyphCount", { n: count(told.glyphs) }),
    told.characters === null ? "" : say("font.characterCount", { n: count(told.characters) }),
    format ?? type,
    bytes === null ? "" : size(bytes),
  );
  const facts = note("", "facts");
  facts.append(...known);
  const name = document.createElement("h2");
  name.textContent = told.family || title;
  made.append(name, facts);
  return made;
}

/** What it says of itself, in its words. */
function about({ said }: Facts, { say }: Stage): Node[] {
  if (!said.length) return [];
  const list = document.createElement("dl");
  for (const [key, words] of said) {
    const term = document.createElement("dt");
    term.textContent = say(`font.${key}`);
    const value = document.createElement("dd");
    value.dir = "auto";
    value.textContent = words;
    list.append(term, value);
  }
  return [part(say("font.about"), list)];
}

function part(title: string, ...children: Node[]): HTMLElement {
  const made = document.createElement("section");
  const heading = document.createElement("h3");
  heading.textContent = title;
  made.append(heading, ...children);
  return made;
}

/** Text in the font. */
function own(text: string, className: string): HTMLElement {
  const made = document.createElement("p");
  made.className = `own ${className}`;
  made.dir = "auto";
  made.textContent = text;
  return made;
}

function slider(name: string, least: number, most: number, start: number, act: (value: number) => void): HTMLElement {
  const label = document.createElement("label");
  const range = document.createElement("input");
  const value = document.createElement("output");
  range.type = "range";
  range.min = String(least);
  range.max = String(most);
  range.step = most - least > 20 ? "1" : "any";
  range.value = String(start);
  range.setAttribute("aria-label", name);
  const draw = (): void => {
    value.textContent = String(Math.round(range.valueAsNumber * 10) / 10);
  };
  range.addEventListener("input", () => {
    draw();
    act(range.valueAsNumber);
  });
  draw();
  value.ariaLive = "off"; // the slider says it
  label.append(name, range, value);
  return label;
}

function take<T>(from: Iterable<T>, most: number): T[] {
  const taken: T[] = [];
  for (const one of from) {
    if (taken.length === most) break;
    taken.push(one);
  }
  return taken;
}
