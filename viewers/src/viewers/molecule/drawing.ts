/** 3Dmol's viewer, with everything that it starts ended again. */

import "./before.ts"; // above 3Dmol

import type { AtomSpec, AtomStyleSpec, GLViewer } from "3dmol";
import { createViewer, SurfaceType, setSyncSurface } from "3dmol/build/3Dmol.es6-min.js";
import { before } from "./before.ts";
import { asXyz, type Cell, edges, filled, repeats } from "./crystal.ts";
import { type Atom, chained, type Form } from "./read.ts";

// On import it takes the page's handler, to look for its own tags in the page: they are not ours to open.
document.onreadystatechange = before;
// A surface is made in workers of `blob:` addresses, which a strict CSP does not let through, or without them.
setSyncSurface(true);

export type Look = "balls" | "sticks" | "spheres" | "lines" | "ribbons";
/** Degrees, pixels, a factor. */
const TURN = 7.5;
const MOVE = 24;
const ZOOM = 1.15;
/** Of 3Dmol's camera: its angle of view in degrees, and where it stands. */
const ANGLE = 20;
const CAMERA = 150;

const LOOKS: Readonly<Record<Look, AtomStyleSpec>> = {
  balls: { stick: { radius: 0.12, colorscheme: "Jmol" }, sphere: { scale: 0.25, colorscheme: "Jmol" } },
  sticks: { stick: { radius: 0.2, colorscheme: "Jmol" } },
  spheres: { sphere: { colorscheme: "Jmol" } },
  lines: { line: { colorscheme: "Jmol" } },
  ribbons: { cartoon: { color: "spectrum" } },
};

interface Inner {
  divwatcher?: ResizeObserver;
  intwatcher?: IntersectionObserver;
}

export class Drawing {
  readonly #viewer: GLViewer;
  readonly #place: HTMLElement;
  readonly #undo: () => void;
  /** Of a crystal: its edges in ångström and angles in degrees. */
  cell: Cell | null = null;
  /** The atoms; of a crystal's cell without those that are on its faces twice. */
  own: readonly Atom[] = [];
  #middle: readonly number[] = [];
  #radius = 1;
  #labels = false;

  /** Raises where there is no WebGL. */
  constructor(place: HTMLElement) {
    this.#place = place;
    const [viewer, undo] = listened(() =>
      createViewer(place, { backgroundColor: "white", antialias: true, cartoonQuality: 6 }),
    );
    this.#viewer = viewer as GLViewer;
    this.#undo = undo;
    const canvas = place.querySelector("canvas");
    canvas?.setAttribute("aria-hidden", "true"); // the place around it has the name
  }

  /** Another molecule in place of what is there: its atoms. Raises what the parser says. */
  read(text: string, form: Form): readonly AtomSpec[] {
    const viewer = this.#viewer;
    viewer.removeAllLabels();
    viewer.removeAllShapes();
    viewer.removeAllSurfaces();
    viewer.removeAllModels();
    this.cell = null;
    let own: readonly Atom[] | null = null;
    let model = viewer.addModel(text, form, { keepH: true });
    let atoms: readonly AtomSpec[] = model.selectedAtoms({});
    const found = model.getCrystData() as Cell | null | undefined;
    // a PDB that is no crystal has a cell of 1, 1, 1
    if (found && found.a > 1.5 && !chained(atoms)) {
      this.cell = found;
      if (form === "cif") {
        const full = filled(atoms, found, repeats(text));
        if (full) {
          viewer.removeAllModels();
          model = viewer.addModel(asXyz(full.atoms), "xyz");
          model.setCrystData(found.a, found.b, found.c, found.alpha, found.beta, found.gamma);
          atoms = model.selectedAtoms({});
          own = full.own;
        }
      }
      viewer.addUnitCell(model, { box: { color: "#7d8b93" } });
    }
    this.own = own ?? atoms;
    this.#measure(atoms);
    return atoms;
  }

  /** The smallest ball about the middle that all of it is in. */
  #measure(atoms: readonly AtomSpec[]): void {
    const places = atoms.map(({ x = 0, y = 0, z = 0 }) => [x, y, z]);
    if (this.cell) {
      const [a, b, c] = edges(this.cell);
      for (let corner = 0; corner < 8; corner++)
        places.push(
          [0, 1, 2].map(
            (axis) =>
              (corner & 1 ? (a[axis] ?? 0) : 0) + (corner & 2 ? (b[axis] ?? 0) : 0) + (corner & 4 ? (c[axis] ?? 0) : 0),
          ),
        );
    }
    const low = [0, 1, 2].map((axis) => places.reduce((least, one) => Math.min(least, one[axis] ?? 0), Infinity));
    const high = [0, 1, 2].map((axis) => places.reduce((most, one) => Math.max(most, one[axis] ?? 0), -Infinity));
    this.#middle = low.map((value, axis) => (value + (high[axis] ?? 0)) / 2);
    const [x = 0, y = 0, z = 0] = this.#middle;
    this.#radius = places.reduce((most, [u = 0, v = 0, w = 0]) => Math.max(most, Math.hypot(u - x, v - y, w - z)), 0);
    this.#radius += 1.2; // an atom is more than its middle
  }

  look(look: Look): void {
    const viewer = this.#viewer;
    viewer.setStyle({}, LOOKS[look]);
    if (look === "ribbons") {
      // what is no link of a chain would not be seen
      viewer.setStyle({ hetflag: true }, LOOKS.sticks);
      viewer.setStyle({ resn: ["HOH", "WAT", "DOD"] as never }, { sphere: { scale: 0.15, colorscheme: "Jmol" } });
    }
    viewer.render();
  }

  label(on: boolean): void {
    this.#labels = on;
    this.#viewer.removeAllLabels();
    if (on) {
      const fontColor = this.#dark ? "white" : "black";
      this.#viewer.addPropertyLabels("elem", {}, {
        fontColor,
        fontSize: 14,
        showBackground: false,
        alignment: "center",
        inFront: true,
      } as never);
    }
    this.#viewer.render();
  }

  async surface(on: boolean): Promise<void> {
    this.#viewer.removeAllSurfaces();
    if (on) await this.#viewer.addSurface(SurfaceType.VDW, { opacity: 0.65, color: "#8fb7c9" });
    this.#viewer.render();
  }

  spin(on: boolean): void {
    this.#viewer.spin(on ? "vy" : false, 1);
  }

  /** The colour of what is behind, which far atoms fade into. */
  ground(): void {
    this.#viewer.setBackgroundColor(getComputedStyle(this.#place).backgroundColor as never, 1);
    this.label(this.#labels);
  }

  get #dark(): boolean {
    return dark(this.#place);
  }

  turn(right: number, up: number): void {
    if (right) this.#viewer.rotate(right * TURN, "vy");
    if (up) this.#viewer.rotate(-up * TURN, "vx");
  }

  move(right: number, up: number): void {
    this.#viewer.translate(right * MOVE, -up * MOVE);
  }

  zoom(closer: boolean): void {
    this.#viewer.zoom(closer ? ZOOM : 1 / ZOOM);
  }

  fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#place;
    const half = Math.atan(Math.tan((ANGLE / 2) * (Math.PI / 180)) * Math.min(1, width / Math.max(height, 1)));
    const away = this.#radius / Math.sin(half);
    const [x = 0, y = 0, z = 0] = this.#middle;
    this.#viewer.setSlab(-this.#radius * 1.5, this.#radius * 1.5);
    this.#viewer.setView([-x, -y, -z, CAMERA - away, 0, 0, 0, 1]);
    if (this.cell) {
      // its third edge upwards, and a little from the side: else one looks along it
      this.#viewer.rotate(-90, "vx");
      this.#viewer.rotate(-25, "vy");
      this.#viewer.rotate(12, "vx");
    }
    this.#viewer.render();
  }

  close(): void {
    const { divwatcher, intwatcher } = this.#viewer as unknown as Inner;
    divwatcher?.disconnect();
    intwatcher?.disconnect();
    this.#viewer.spin(false);
    this.#undo();
    this.#viewer.clear();
    for (const canvas of this.#place.querySelectorAll("canvas")) {
      canvas.getContext("webgl2")?.getExtension("WEBGL_lose_context")?.loseContext();
      canvas.getContext("webgl")?.getExtension("WEBGL_lose_context")?.loseContext();
      canvas.remove();
    }
  }
}

export function dark(place: HTMLElement): boolean {
  const [red = 255] = getComputedStyle(place).backgroundColor.match(/\d+/g)?.map(Number) ?? [];
  return red < 128;
}

/** What is made, and the way to take back the listeners that it leaves on the page: it has none of its own. */
function listened<Made>(make: () => Made): [Made, () => void] {
  const left: (() => void)[] = [];
  const targets: EventTarget[] = [window, document, document.body];
  for (const target of targets) {
    target.addEventListener = (...words: Parameters<EventTarget["addEventListener"]>) => {
      EventTarget.prototype.addEventListener.apply(target, words);
      left.push(() => target.removeEventListener(...words));
    };
  }
  try {
    return [
      make(),
      () => {
        for (const one of left) one();
      },
    ];
  } finally {
    for (const target of targets) delete (target as Partial<EventTarget>).addEventListener;
  }
}
