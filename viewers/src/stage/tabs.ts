import type { Core } from "../core/given.ts";

/** The ways to look at one file, as tabs (WAI-ARIA Authoring Practices, Tabs with automatic activation). */
export function tabs(
  core: Core,
  titles: readonly string[],
  panel: HTMLElement,
  chosen: (index: number) => void,
): HTMLElement {
  const list = core.make("div", { className: "tabs", role: "tablist", ariaLabel: core.say("views") });
  const buttons = titles.map((title, index) => {
    const button = core.make("button", { type: "button", role: "tab", id: `tab-${index}`, textContent: title });
    button.addEventListener("click", () => choose(index));
    return button;
  });
  const mark = (index: number): void => {
    buttons.forEach((button, at) => {
      button.ariaSelected = String(at === index);
      button.tabIndex = at === index ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", `tab-${index}`);
  };
  const choose = (index: number): void => {
    if (buttons[index]?.ariaSelected === "true") return;
    mark(index);
    buttons[index]?.focus();
    chosen(index);
  };
  list.addEventListener("keydown", (event) => {
    const at = buttons.findIndex(({ ariaSelected }) => ariaSelected === "true");
    const on = getComputedStyle(list).direction === "rtl" ? -1 : 1;
    const to = { ArrowRight: at + on, ArrowLeft: at - on, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose((to + buttons.length) % buttons.length);
  });
  panel.role = "tabpanel";
  list.append(...buttons);
  mark(0);
  return list;
}
