/** omnic.js: one script turns a page into a place where files open. */

import { OmnicView } from "./element.ts";
import { upgradeAll } from "./upgrade.ts";

export { announce } from "./announce.ts";
export { OmnicView } from "./element.ts";
export { type Connection, Line, lineTo, type Watch } from "./line.ts";
export { type Mounted, register, type Shown, type Stage, type Viewer } from "./registry.ts";
export { advance, IDLE, type Phase, type State, settled } from "./state.ts";
export { ENGLISH, percent, phrase, type Strings, say, sentence, size, speak, timeLeft } from "./strings.ts";
export { mediaUrl, parseMediaUrl, type Told, type Wanted, WireError } from "./wire.ts";

if (!customElements.get("omnic-view")) {
  customElements.define("omnic-view", OmnicView);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => upgradeAll());
  else upgradeAll();
}
