import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import css from "./index.css?inline";

/** A picture; an SVG too, since what scripts it holds never run inside `<img>`. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(css);
  const { signal } = stage;
  const picture = document.createElement("img");
  picture.className = "picture";
  picture.alt = shown.title;
  picture.src = shown.href;
  await picture.decode();
  if (!signal.aborted) root.append(picture);
  return { destroy: () => picture.remove() };
}
