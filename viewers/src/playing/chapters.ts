/** Chapters as a list: each is a button that goes there, and the one that is played is marked. */

import type { Stage } from "../core/registry.ts";
import type { Chapter } from "./facts.ts";
import { clock } from "./times.ts";

/** A book of a week has no more. */
const MOST = 500;

/** `signal` ends it. */
export function chapterList(
  chapters: readonly Chapter[],
  player: HTMLMediaElement,
  stage: Stage,
  signal: AbortSignal,
): HTMLElement {
  const box = document.createElement("div");
  box.className = "chapters";
  const head = document.createElement("strong");
  head.id = "chapters";
  head.textContent = stage.say("playing.chapters");
  const list = document.createElement("ol");
  list.setAttribute("aria-labelledby", head.id);
  const buttons = chapters.slice(0, MOST).map(({ start, title }, index) => {
    const button = document.createElement("button");
    button.type = "button";
    const at = document.createElement("span");
    at.className = "at";
    at.textContent = clock(start);
    const name = document.createElement("span");
    name.dir = "auto";
    name.textContent = title || stage.say("playing.chapter", { n: index + 1 });
    button.append(at, name);
    button.addEventListener("click", () => {
      player.currentTime = start;
    });
    const item = document.createElement("li");
    item.append(button);
    list.append(item);
    return button;
  });
  box.append(head, list);
  if (chapters.length > MOST) {
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = stage.say("playing.moreChapters", { n: MOST, total: chapters.length });
    box.append(note);
  }

  list.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[to]?.focus();
  });

  let now = -1;
  const mark = (): void => {
    // A seek may land a moment before what was asked for.
    const next = chapters.findLastIndex(({ start }) => start <= player.currentTime + 0.05);
    if (next === now) return;
    buttons[now]?.removeAttribute("aria-current");
    buttons[next]?.setAttribute("aria-current", "true");
    now = next;
    const item = buttons[next];
    if (item && list.scrollHeight > list.clientHeight) list.scrollTop = item.offsetTop - list.clientHeight / 3;
  };
  const measure = (): void => {
    // A file may name chapters behind its end.
    for (const [index, button] of buttons.entries()) button.disabled = (chapters[index]?.start ?? 0) > player.duration;
    mark();
  };
  for (const name of ["timeupdate", "seeked"]) player.addEventListener(name, mark, { signal });
  player.addEventListener("durationchange", measure, { signal });
  measure();
  return box;
}
