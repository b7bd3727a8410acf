import type { Mounted, Shown, Stage } from "../core/registry.ts";

/** What no viewer shows: what it is, and the way to have it. */
export async function mount(root: HTMLElement, shown: Shown, { say, size }: Stage): Promise<Mounted> {
  const box = document.createElement("div");
  box.className = "file";
  const words = document.createElement("p");
  const facts = [shown.mediaType, shown.bytes === null ? "" : size(shown.bytes)].filter(Boolean).join(", ");
  words.textContent = `${facts}. ${say("file")}`;
  const link = document.createElement("a");
  link.className = "plain";
  link.href = shown.href;
  link.download = "";
  link.textContent = say("download");
  box.append(words, link);
  root.append(box);
  return { destroy: () => box.remove(), focus: () => link.focus() };
}
