import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import css from "./index.css?inline";

const MOST = 200_000;

/** The text itself, its beginning where it is long. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(css);
  const { signal, say, size } = stage;
  const response = await fetch(shown.href, { headers: { Range: `bytes=0-${MOST - 1}` }, signal });
  if (!response.ok) throw new Error(`${response.status}`);
  const charset = /charset=["']?([\w-]+)/i.exec(response.headers.get("Content-Type") ?? "")?.[1];
  const bytes = (await response.arrayBuffer()).slice(0, MOST);
  const whole = Number(/\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1] ?? shown.bytes ?? 0);
  const block = document.createElement("pre");
  block.tabIndex = 0;
  block.setAttribute("role", "region");
  block.setAttribute("aria-label", shown.title);
  block.textContent = new TextDecoder(charset).decode(bytes, { stream: whole > MOST });
  root.append(block);
  if (whole > MOST) {
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = say("text.cut", { size: size(MOST) });
    root.append(note);
  }
  return { destroy: () => root.replaceChildren(), focus: () => block.focus() };
}
