/** Where a thing cannot be turned: why, and the picture that the service draws of it. */

import type { Mounted, Shown, Stage } from "../core/registry.ts";
import { note } from "./controls.ts";

export async function still(root: HTMLElement, shown: Shown, stage: Stage, why: string): Promise<Mounted> {
  const picture = document.createElement("img");
  picture.className = "still";
  picture.alt = shown.title;
  try {
    picture.src = await shown.make("thumb.png:1024x1024", stage.signal);
    await picture.decode();
  } catch {
    stage.signal.throwIfAborted();
    throw new Error(why);
  }
  root.tabIndex = -1;
  root.replaceChildren(note(why, "facts"), picture);
  return { destroy: () => root.replaceChildren(), focus: () => root.focus() };
}

/** Whether this browser draws in three dimensions. */
export function canDraw(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(context);
}
