import type { Mounted, Shown, Stage } from "../../core/registry.ts";
import css from "./index.css?inline";

/** What no viewer shows: what it is, and the way to have it. */
export async function mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> {
  stage.dress(css);
  const { say, size } = stage;
  const box = document.createElement("div");
  box.className = "file";
  const words = document.createElement("p");
  const facts = [shown.mediaType, shown.bytes === null ? "" : size(shown.bytes)].filter(Boolean).join(", ");
  words.textContent = `${facts}. ${say("file.none")}`;
  const link = document.createElement("a");
  link.className = "plain";
  link.href = shown.href;
  link.download = "";
  link.textContent = say("download");
  box.append(words, link);
  root.append(box);
  return { destroy: () => box.remove(), focus: () => link.focus() };
}
