import {
  type Argument,
  arrange,
  type Choice,
  describe,
  type FormatFacts,
  type PossibleType,
  target,
} from "./catalogue.ts";
import { h } from "./dom.ts";

const THUMB = { width: "480", height: "320" };
const LABELS: Readonly<Record<string, string>> = { width: "Width", height: "Height", page: "Page", bg: "Background" };

const label = (name: string): string => LABELS[name] ?? name.charAt(0).toUpperCase() + name.slice(1);

/** The list of types to choose from: radios (arrow keys walk, Enter makes), searched, grouped, with the options that a type takes. */
export class Picker {
  readonly root: HTMLFormElement;
  readonly #search = h("input", {
    type: "search",
    id: "search",
    placeholder: "Search types",
    "aria-label": "Search types",
    autocomplete: "off",
  });
  readonly #list = h("div", { className: "types" });
  readonly #options = h("fieldset", { className: "options", hidden: true });
  readonly #submit = h("button", { type: "submit", className: "primary" });
  readonly #make: (type: string) => void;
  #types: readonly PossibleType[] = [];
  #formats: readonly FormatFacts[] = [];
  #chosen = "";
  #given: Record<string, string> = {};

  readonly #common: readonly string[];

  constructor({ make, common }: { make: (type: string) => void; common: readonly string[] }) {
    this.#make = make;
    this.#common = common;
    this.root = h(
      "form",
      { className: "picker", hidden: true, "aria-label": "Type", noValidate: false },
      h("div", { className: "picker-head" }, h("h2", { className: "small" }, "Make it a"), this.#search),
      this.#list,
      h("div", { className: "picker-foot" }, this.#options, this.#submit),
    );
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#chosen) this.#make(target(this.#chosen, this.#read()));
    });
    this.#search.addEventListener("input", () => this.#draw());
    this.#search.addEventListener("keydown", (event) => {
      // Enter in the search takes the first type found.
      const first = this.#list.querySelector("input");
      if (event.key !== "Enter" || !first || !this.#search.value) return;
      if (!this.#list.querySelector("input:checked")) this.#choose(first.value);
    });
  }

  /** What the file can become, the most asked for first. */
  get names(): string[] {
    return arrange(this.#types, this.#formats, "", this.#common).flatMap(({ choices }) =>
      choices.map(({ type }) => type),
    );
  }

  get filled(): boolean {
    return this.#types.length > 0;
  }

  empty(): void {
    this.#types = [];
    this.#chosen = "";
    this.root.hidden = true;
  }

  fill(
    types: readonly PossibleType[],
    formats: readonly FormatFacts[],
    chosen: { type: string; given: Record<string, string> } | null,
  ): void {
    this.#types = types;
    this.#formats = formats;
    this.#search.value = "";
    this.#chosen = "";
    this.root.hidden = types.length === 0;
    this.#draw();
    if (chosen) this.choose(chosen);
    const first = this.#list.querySelector("input");
    if (!this.#chosen && first) this.#choose(first.value); // a link may name a type that this file cannot become
  }

  choose({ type, given }: { type: string; given: Record<string, string> }): void {
    const known = this.#types.find((one) => one.type.toLowerCase() === type.toLowerCase());
    if (!known) return;
    this.#given = given;
    this.#choose(known.type, given);
  }

  #draw(): void {
    const groups = arrange(this.#types, this.#formats, this.#search.value, this.#common);
    this.#list.replaceChildren(
      ...groups.map(({ heading, choices }) =>
        h(
          "fieldset",
          {},
          h("legend", {}, heading),
          h("div", { className: "chips" }, ...choices.map((one) => this.#chip(one))),
        ),
      ),
    );
    if (!groups.length)
      this.#list.append(h("p", { className: "none" }, "No type of that name can be made from this file."));
  }

  #chip(choice: Choice): HTMLElement {
    const radio = h("input", {
      type: "radio",
      name: "type",
      value: choice.type,
      checked: choice.type === this.#chosen,
    });
    radio.addEventListener("change", () => this.#choose(choice.type));
    return h(
      "label",
      { className: "chip", title: choice.title },
      radio,
      h("span", {}, choice.type),
      choice.title ? h("span", { className: "unseen" }, ` ${choice.title}`) : "",
    );
  }

  #choose(type: string, given?: Record<string, string>): void {
    const about = describe(this.#types, this.#formats).get(type);
    if (!about) return;
    this.#given = given ?? this.#read();
    this.#chosen = type;
    for (const radio of this.#list.querySelectorAll("input")) radio.checked = radio.value === type;
    if (type.toLowerCase().startsWith("thumb.") && !given) this.#given = { ...THUMB, ...this.#given };
    else if (!given) this.#given = { ...this.#given, width: "", height: "" };
    const fields = about.arguments.filter((one) => one.kind !== "point").map((one) => this.#field(one));
    this.#options.replaceChildren(h("legend", { className: "unseen" }, `Options of ${type}`), ...fields);
    this.#options.hidden = fields.length === 0;
    this.#submit.textContent = `Make ${type}`;
  }

  #field(argument: Argument): HTMLElement {
    const id = `option-${argument.name}`;
    const value = this.#given[argument.name] ?? "";
    const choices = argument.choices ?? [];
    const input = choices.length
      ? h(
          "select",
          { id, name: argument.name },
          h("option", { value: "" }, "auto"),
          ...choices.map((one) => h("option", { value: one, selected: one === value }, one)),
        )
      : h("input", {
          id,
          name: argument.name,
          value,
          type: argument.kind === "int" || argument.kind === "float" ? "number" : "text",
          placeholder: argument.kind === "colour" ? "e.g. ffffff" : "auto",
          ...(argument.kind === "colour"
            ? { pattern: "[0-9a-f]{6}([0-9a-f]{2})?", title: "Six or eight hex digits, in small letters" }
            : {}),
          ...(argument.kind === "float" ? { step: "any" } : {}),
          ...(argument.low === null || argument.low === undefined ? {} : { min: String(argument.low) }),
          ...(argument.high === null || argument.high === undefined ? {} : { max: String(argument.high) }),
        });
    return h("div", { className: "option" }, h("label", { for: id }, label(argument.name)), input);
  }

  #read(): Record<string, string> {
    const given: Record<string, string> = {};
    for (const input of this.#options.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select"))
      given[input.name] = input.value.trim();
    return given;
  }
}
