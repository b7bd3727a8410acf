import type { Mounted, Shown } from "../core/registry.ts";

/** Sound and film, by what the browser brings. */
export async function mount(root: HTMLElement, shown: Shown): Promise<Mounted> {
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
