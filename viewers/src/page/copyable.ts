import { announce } from "./core.ts";
import { h } from "./dom.ts";

const FEEDBACK = 2000;

/** A line to copy, with a button that says when it has been. */
export function copyable(label: string, text: string): HTMLElement {
  const code = h("code", {}, text);
  const button = h("button", { type: "button", className: "button copy", "aria-label": `Copy ${label}` }, "Copy");
  let timer: ReturnType<typeof setTimeout> | undefined;
  button.addEventListener("click", async () => {
    const copied = await copy(text, code);
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    button.classList.toggle("copied", copied);
    announce(copied ? `${label} copied` : `${label} selected`);
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = "Copy";
      button.classList.remove("copied");
    }, FEEDBACK);
  });
  return h(
    "div",
    { className: "copyable" },
    h("span", { className: "copyable-label" }, label),
    h("pre", { tabIndex: 0, "aria-label": label, role: "region" }, code),
    button,
  );
}

/** The clipboard is there on secure origins only; elsewhere the text is selected, ready to be copied by hand. */
async function copy(text: string, code: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(code);
    return false;
  }
}
