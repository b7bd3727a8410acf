/** Small things of which toolbars are made. */

/** Paths in a box of 24 by 24. */
const ICONS = {
  outline: "M5 6h14M9 12h10M13 18h6",
  up: "m6 15 6-6 6 6",
  down: "m6 9 6 6 6-6",
  smaller: "M5 12h14",
  larger: "M5 12h14M12 5v14",
  width: "M3 5v14M21 5v14M7 12h10M10 9l-3 3 3 3M14 9l3 3-3 3",
  rotate: "M19 12a7 7 0 1 1-2.5-5.4M19 3v5h-5",
  search: "M16 16l4.5 4.5M17.5 10.5a7 7 0 1 1-14 0 7 7 0 0 1 14 0",
  close: "M6 6l12 12M18 6 6 18",
  wrap: "M4 6h16M4 12h13a3 3 0 0 1 0 6h-4m2.5-2.5L13 18l2.5 2.5M4 18h5",
  open: "M14 4h6v6M20 4l-9 9M19 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1h5",
} as const;
const SVG = "http://www.w3.org/2000/svg";

export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function button(name: keyof typeof ICONS, label: string, act: () => void): HTMLButtonElement {
  const made = Object.assign(document.createElement("button"), {
    type: "button",
    className: "icon",
    ariaLabel: label,
    title: label,
  });
  made.append(icon(name));
  made.addEventListener("click", act);
  return made;
}

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}
