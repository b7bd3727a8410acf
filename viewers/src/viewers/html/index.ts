import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import css from "./index.css?inline";

/** A document in a frame where nothing runs: the sandbox allows no script, no form, no origin. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(css);
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "");
  frame.title = shown.title;
  frame.src = shown.href;
  root.append(frame);
  return { destroy: () => frame.remove(), focus: () => frame.focus() };
}
