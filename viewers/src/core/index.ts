/** omnic.js: one script turns a page into a place where files open. */

import { OmnicView } from "./element.ts";
import { linked } from "./given.ts";
import { learn } from "./strings.ts";
import { upgradeAll } from "./upgrade.ts";

/** What the stage, the page and other scripts share with the elements: words, states, bars. */
export { OmnicView } from "./element.ts";
export { CORE as core } from "./given.ts";
export { type Connection, type Line, lineTo, type Watch } from "./line.ts";
export { type Mounted, register, type Shown, type Stage, type Viewer } from "./registry.ts";
export type { Phase, State } from "./state.ts";
export { percent, type Strings, speak } from "./strings.ts";
export { mediaUrl, parseMediaUrl, type Told, type Wanted, WireError } from "./wire.ts";

if (!customElements.get("omnic-view")) {
  // Elements say something at once, so the page's language is known first; who imports this may make them right away.
  await learn().catch(console.warn);
  customElements.define("omnic-view", OmnicView);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => upgradeAll());
  else upgradeAll();
  addEventListener("hashchange", () => {
    const view = document.getElementById(linked() ?? "");
    if (view instanceof OmnicView) view.open();
  });
}
