/** A bar with its words, and what is seen instead when it failed. Used by the element below its poster, and by the stage. */

import css from "./element.css?inline";
import { type State, settled } from "./state.ts";
import { say, sentence } from "./strings.ts";

export const make = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Readonly<Record<string, string | number | boolean>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const sheets = new Map<string, CSSStyleSheet>();

/** One sheet for each text, however many shadow roots wear it. */
export function dress(root: ShadowRoot, text: string = css): void {
  let sheet = sheets.get(text);
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    sheets.set(text, sheet);
  }
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}

export class Work {
  readonly #bar = make("progress", { part: "progress", max: 1 });
  readonly #label = make("span", { className: "label", part: "label" });
  readonly #reason = make("p");
  readonly #retry = make("button", { type: "button", className: "plain", part: "retry" });
  readonly box = make("div", { className: "work", part: "work" }, this.#bar, this.#label);
  readonly failure = make("div", { className: "failure", part: "failure", role: "alert" }, this.#reason, this.#retry);

  constructor(retry: () => void) {
    this.#retry.addEventListener("click", retry);
  }

  draw(state: State, working: boolean, name: string): void {
    const { phase, overall, told } = state;
    this.box.hidden = !working || phase === "idle" || settled(state);
    if (overall === null) this.#bar.removeAttribute("value");
    else this.#bar.value = overall;
    this.#bar.ariaLabel = say("working", { name });
    this.say(sentence(state));
    this.#retry.textContent = say("retry");
    this.failure.hidden = phase !== "failed";
    const reason = phase === "failed" ? told?.message || say("failed") : "";
    if (this.#reason.textContent !== reason) this.#reason.textContent = reason;
  }

  /** Other words below the bar, until something is drawn again. */
  say(words: string): void {
    this.#label.textContent = words;
  }
}
