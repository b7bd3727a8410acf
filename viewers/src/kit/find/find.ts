/** The line in which one says what is searched, and how many there are. What it is searched in is its owner's. */

import type { Stage } from "../../core/registry.ts";
import { button, make } from "./controls.ts";

export interface Finder {
  readonly bar: HTMLElement;
  readonly query: string;
  open(): void;
  close(): void;
  /** `at` counts from 1, 0 for none; `more` where the search goes on. */
  tell(at: number, total: number, more: boolean): void;
}

/** `search` hears the query whenever it changes, `go` where to: 1 for the next, -1 for the one before; `left` when it is closed. */
export function finder(
  stage: Stage,
  search: (query: string) => void,
  go: (by: 1 | -1) => void,
  left: () => void,
): Finder {
  const { say } = stage;
  const field = Object.assign(make("input"), {
    type: "search",
    placeholder: say("find.what"),
    ariaLabel: say("find.what"),
    autocomplete: "off",
    spellcheck: false,
  });
  const count = make("span", "find-count");
  count.setAttribute("role", "status");
  const bar = make(
    "div",
    "find",
    field,
    count,
    button("up", say("find.previous"), () => go(-1)),
    button("down", say("find.next"), () => go(1)),
    button("close", say("find.close"), () => close()),
  );
  bar.setAttribute("role", "search");
  bar.hidden = true;
  let timer = 0;
  let asked = "";
  const ask = (): void => {
    clearTimeout(timer);
    if (asked === field.value) return;
    asked = field.value;
    search(asked);
  };
  const close = (): void => {
    clearTimeout(timer);
    bar.hidden = true;
    asked = "";
    left();
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(ask, 200);
  });
  bar.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && event.composedPath()[0] === field) {
      if (asked === field.value) go(event.shiftKey ? -1 : 1);
      else ask();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return {
    bar,
    get query() {
      return asked;
    },
    open() {
      bar.hidden = false;
      field.focus();
      field.select();
      ask();
    },
    close,
    tell(at, total, more) {
      const said = !asked
        ? ""
        : total
          ? say("find.count", { n: at, total: `${total}${more ? "+" : ""}` })
          : more
            ? "…"
            : say("find.none");
      if (count.textContent !== said) count.textContent = said;
    },
  };
}
