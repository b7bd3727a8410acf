import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import { mountPicture } from "../../kit/picture/index.ts";

/** A picture as it is, pixel by pixel if need be. */
export const mount = (root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> =>
  mountPicture(root, shown, stage, { drawing: false, name: stage.say("image.title"), ground: "checks" });
