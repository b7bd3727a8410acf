import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { icon, make } from "../../kit/find/controls.ts";
import parts from "../../kit/find/find.css?inline";
import css from "./index.css?inline";
import { fragment } from "./start.ts";

/** A document in a frame where nothing runs: the sandbox allows no script, no form, no origin, and nobody leaves by it. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(parts);
  stage.dress(css);
  const { say } = stage;
  const address = new URL(shown.href);
  const part = fragment(shown.start);
  if (part) address.hash = part;
  const alone = Object.assign(make("a", "plain alone", icon("open"), say("html.alone")), {
    href: address.href,
    target: "_blank",
    rel: "noopener noreferrer",
  });
  const frame = make("iframe");
  frame.setAttribute("sandbox", "");
  frame.title = shown.title;
  frame.referrerPolicy = "no-referrer";
  frame.src = address.href;
  root.ariaBusy = "true";
  frame.addEventListener(
    "load",
    () => {
      root.ariaBusy = null;
    },
    { signal: stage.signal, once: true },
  );
  root.append(make("div", "tools", make("span", "rest"), alone), frame);
  return {
    destroy: () => frame.remove(),
    // Not the frame: keys that are pressed in it never come here, Escape neither. Tab leads into it.
    focus: () => alone.focus(),
  };
}
