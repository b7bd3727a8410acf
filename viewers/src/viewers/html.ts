import type { Mounted, Shown } from "../core/registry.ts";

/** A document in a frame where nothing runs: the sandbox allows no script, no form, no origin. */
export async function mount(root: HTMLElement, shown: Shown): Promise<Mounted> {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "");
  frame.title = shown.title;
  frame.src = shown.href;
  root.append(frame);
  return { destroy: () => frame.remove(), focus: () => frame.focus() };
}
