/** Controls of a viewer's bar, and the keys of what is turned, moved and zoomed. */

export function button(text: string, act: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "plain";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

/** A button that stays pressed. */
export function toggle(text: string, on: boolean, act: (on: boolean) => void): HTMLButtonElement {
  const made = button(text, () => {
    const now = made.ariaPressed !== "true";
    made.ariaPressed = String(now);
    act(now);
  });
  made.ariaPressed = String(on);
  return made;
}

/** A list of which one is chosen: [value, text]. */
export function choice(
  name: string,
  options: readonly (readonly [string, string])[],
  chosen: string,
  act: (value: string) => void,
): HTMLSelectElement {
  const made = document.createElement("select");
  made.className = "plain";
  made.setAttribute("aria-label", name);
  for (const [value, text] of options) made.append(new Option(text, value, false, value === chosen));
  made.addEventListener("change", () => act(made.value));
  return made;
}

const SIGNS: Readonly<Record<string, string>> = {
  in: "M12 6v12M6 12h12",
  out: "M6 12h12",
  fit: "M5 9V5h4m6 0h4v4m0 6v4h-4m-6 0H5v-4",
  natural: "m5 8 2-1.5V17m5-7v.01M12 15v.01M16 8l2-1.5V17",
  turn: "M18.5 9A7 7 0 1 0 19 13M19 5v4.5h-4.5",
  ground: "M5 5h14v14H5zM5 12h14M12 5v14M12 12 5.5 5.5M19 19l-7-7",
  pause: "M9 6v12M15 6v12",
  play: "M8 6v12l10-6z",
};

/** A small square button with a sign. */
export function sign(which: keyof typeof SIGNS, name: string, act: () => void): HTMLButtonElement {
  const made = button("", act);
  made.className = "icon";
  made.ariaLabel = made.title = name;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SIGNS[which] ?? "");
  svg.append(path);
  made.append(svg);
  return made;
}

export interface Steering {
  /** By so many steps to the right and up. */
  turn?(right: number, up: number): void;
  move(right: number, up: number): void;
  zoom(closer: boolean): void;
  fit(): void;
}

/** Arrows turn (or move what cannot be turned), with shift they move; + - zoom, 0 fits. They are the view's own: the gallery stays. */
export function steer(view: HTMLElement, steering: Steering, signal: AbortSignal): void {
  view.addEventListener(
    "keydown",
    (event) => {
      if (event.target !== view || event.altKey || event.ctrlKey || event.metaKey) return;
      const right = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
      const up = { ArrowDown: -1, ArrowUp: 1 }[event.key] ?? 0;
      if (right || up) (event.shiftKey || !steering.turn ? steering.move : steering.turn)(right, up);
      else if (event.key === "+" || event.key === "=") steering.zoom(true);
      else if (event.key === "-" || event.key === "_") steering.zoom(false);
      else if (event.key === "0" || event.key === "Home") steering.fit();
      else return;
      event.preventDefault();
    },
    { signal },
  );
}

/** The place where things are turned and moved: it takes the keys, and touch. */
export function view(name: string, keys: string): HTMLDivElement {
  const made = document.createElement("div");
  made.className = "view";
  made.tabIndex = 0;
  made.role = "application";
  made.ariaLabel = name;
  made.ariaDescription = keys;
  made.dataset.drag = "";
  return made;
}

export function bar(name: string, ...children: Node[]): HTMLDivElement {
  const made = document.createElement("div");
  made.className = "bar";
  made.role = "group";
  made.ariaLabel = name;
  made.append(...children);
  return made;
}

export function note(text: string, className = ""): HTMLParagraphElement {
  const made = document.createElement("p");
  made.className = `note ${className}`.trim();
  made.textContent = text;
  return made;
}
