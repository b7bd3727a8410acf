import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { mountPicture } from "../../kit/picture/index.ts";

/** A drawing, sharp at every size. It is in `<img>`: what scripts it holds never run, and it loads nothing from elsewhere. */
export const mount = (root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> =>
  mountPicture(root, shown, stage, { drawing: true, name: stage.say("svg.title"), ground: "light" });
