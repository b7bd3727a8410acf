import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import css from "./index.css?inline";

/** Sound and film, by what the browser brings. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(css);
  const player = document.createElement(shown.mediaType.startsWith("audio/") ? "audio" : "video");
  player.controls = true;
  player.preload = "metadata";
  player.setAttribute("aria-label", shown.title);
  player.src = shown.href;
  root.append(player);
  return {
    destroy: () => {
      player.pause();
      player.removeAttribute("src");
      player.load(); // lets the connection go
      player.remove();
    },
    focus: () => player.focus(),
  };
}
