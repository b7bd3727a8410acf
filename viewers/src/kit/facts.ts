/** Facts side by side. Each stands for itself: from right to left, a number would else join the Latin word before it. */

export function bdi(...words: readonly (string | Node)[]): HTMLElement {
  const made = document.createElement("bdi");
  made.append(...words);
  return made;
}

/** Without those that are not known. */
export const row = (...facts: readonly (string | Node)[]): (string | Node)[] =>
  facts.filter((fact) => fact !== "").flatMap((fact, at) => (at ? [" · ", bdi(fact)] : bdi(fact)));
