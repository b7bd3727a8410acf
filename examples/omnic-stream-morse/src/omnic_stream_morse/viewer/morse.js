// A viewer of a package of its own: one module with `mount`, no build. What stands beside it may be imported and fetched relatively.
import { dotsAndDashes } from "./code.js";

export const words = { "morse.title": "Morse", "morse.play": "Play" };

export async function mount(root, shown, stage) {
  stage.dress(".morse p { font: 1.25rem/1.6 ui-monospace, monospace; overflow-wrap: anywhere; }");
  const text = await (await fetch(await shown.make("TXT", stage.signal), { signal: stage.signal })).text();
  const line = document.createElement("p");
  line.textContent = dotsAndDashes(text);
  const player = document.createElement("audio");
  player.controls = true;
  player.src = shown.href;
  player.setAttribute("aria-label", stage.say("morse.play"));
  root.append(line, player);
  return {
    destroy() {
      player.pause();
      player.removeAttribute("src");
      player.load();
    },
    focus: () => player.focus(),
  };
}
