/** Where files open: in the element's place, or in the page's one dialog. Loaded with the first that opens. */

import WORDS from "words:stage";
import type { OmnicView, Scene } from "../core/element.ts";
import type { Core } from "../core/given.ts";
import type { Line } from "../core/line.ts";
import type { Told, Wanted } from "../core/wire.ts";
import { dialogOf } from "./dialog.ts";
import { Pane, type Showing } from "./pane.ts";
import css from "./stage.css?inline";

export { viewerUrl } from "./frame.ts";

export interface Opening {
  readonly core: Core;
  readonly host: OmnicView;
  readonly line: Line;
  readonly wanted: Wanted;
  readonly title: string;
  readonly start: string;
  /** Where it opens; null for the dialog. */
  readonly inline: HTMLElement | null;
  told(told: Told): void;
  /** Somebody closed it. */
  closed(): void;
}

export function open(opening: Opening): Scene {
  const { core, line, inline, title, told, closed, host } = opening;
  core.know(WORDS);
  if (!inline) return dialogOf(core).show(opening);
  const shadow = host.shadowRoot as ShadowRoot;
  core.dress(shadow, css);
  const history: Omit<Showing, "core" | "line" | "shadow" | "open" | "closed">[] = [];
  let pane: Pane;
  const enter = (): void => {
    const now = history.at(-1);
    if (!now) return;
    pane?.close();
    pane = new Pane({
      ...now,
      core,
      line,
      shadow,
      closed,
      open: (other) => {
        const { type = "view", ...rest } = other;
        history.push({ wanted: { ...now.wanted, url: other.url, type }, start: "", told: () => {}, ...rest });
        enter();
        pane.focus();
      },
    });
    const back = core.make("button", { type: "button", className: "plain back", textContent: core.say("back") });
    back.addEventListener("click", () => {
      history.pop();
      enter();
      pane.focus();
    });
    inline.replaceChildren(
      ...(history.length > 1
        ? [core.make("div", { className: "bar" }, back, core.make("strong", { textContent: now.title }))]
        : []),
      pane.root,
    );
  };
  history.push({ wanted: opening.wanted, title, start: opening.start, told });
  enter();
  return { close: () => pane.close(), focus: () => pane.focus() };
}
