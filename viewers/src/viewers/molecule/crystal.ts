/** A crystal's whole cell, from what its file tells of it: some atoms, and how they are repeated. Pure. */

import type { Atom } from "./read.ts";

export interface Cell {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
}

type Place = [number, number, number];
/** One line of a symmetry: what each of x, y, z counts, and what is added. */
type Row = readonly [number, number, number, number];
export type Repeat = readonly [Row, Row, Row];

interface Site {
  readonly elem: string;
  at: Place;
}

/** Atoms of a cell that is still filled: each is compared with each. */
const MOST = 2500;
/** Ångström: nearer ones are the same atom on an axis or a mirror, or two that share a place. */
const SAME = 0.35;
/** Covalent radii in ångström of what makes molecules (Cordero 2008); metals are left apart. */
const RADII: Readonly<Record<string, number>> = {
  H: 0.31,
  B: 0.84,
  C: 0.76,
  N: 0.71,
  O: 0.66,
  F: 0.57,
  SI: 1.11,
  P: 1.07,
  S: 1.05,
  CL: 1.02,
  SE: 1.2,
  BR: 1.2,
  I: 1.39,
};

/** The symmetries that a CIF lists, by either of the two names that they have had. */
export function repeats(cif: string): Repeat[] {
  const found = /^\s*_(?:symmetry_equiv_pos_as_xyz|space_group_symop_operation_xyz)\b(.*)$/im.exec(cif);
  if (!found) return [];
  const [, same = ""] = found;
  const below = cif.slice(found.index + found[0].length).split(/\r?\n/);
  const lines = same.trim() ? [same] : below.slice(1);
  const made: Repeat[] = [];
  for (const line of lines) {
    if (/^\s*(_|loop_|data_|#|$)/i.test(line)) {
      if (/^\s*_/.test(line) && !made.length) continue; // another column of the same loop
      break;
    }
    const quoted = /(['"])(.*)\1/.exec(line)?.[2];
    const rows = (quoted ?? line.replace(/^\s*\d+\s+/, "")).replace(/\s/g, "").split(",").map(row);
    if (rows.length === 3 && rows.every(Boolean)) made.push(rows as unknown as Repeat);
  }
  return made;
}

/** `1/2-x+y` */
function row(text: string): Row | null {
  const made: [number, number, number, number] = [0, 0, 0, 0];
  if (!/^([+-]?(\d+\/\d+|\d*\.?\d+)?\*?[xyz]?)+$/i.test(text)) return null;
  for (const [, sign, number, letter] of text.matchAll(/([+-]?)(\d+\/\d+|\d*\.?\d+)?\*?([xyz])?/gi)) {
    if (!number && !letter) continue;
    const [over, under = "1"] = (number ?? "1").split("/");
    const value = ((sign === "-" ? -1 : 1) * Number(over)) / Number(under);
    const at = letter ? "xyz".indexOf(letter.toLowerCase()) : 3;
    made[at] = (made[at] as number) + value;
  }
  return made;
}

/** Cell lengths and angles as the three edges: a along x, b in the plane of x and y. */
export function edges({ a, b, c, alpha, beta, gamma }: Cell): readonly [Place, Place, Place] {
  const [ca, cb, cg] = [alpha, beta, gamma].map((angle) => Math.cos((angle * Math.PI) / 180)) as Place;
  const sg = Math.sin((gamma * Math.PI) / 180);
  const y = (c * (ca - cb * cg)) / sg;
  return [
    [a, 0, 0],
    [b * cg, b * sg, 0],
    [c * cb, y, Math.sqrt(Math.max(0, c * c - (c * cb) ** 2 - y * y))],
  ];
}

/** All atoms of one cell (`own`), and how they are shown: those on its faces again opposite, molecules whole. Null where there are too many. */
export function filled(
  atoms: readonly Atom[],
  cell: Cell,
  symmetries: readonly Repeat[],
): { atoms: Atom[]; own: readonly Atom[] } | null {
  const [ea, eb, ec] = edges(cell);
  const out = ([u, v, w]: Place): Place => [u * ea[0] + v * eb[0] + w * ec[0], v * eb[1] + w * ec[1], w * ec[2]];
  const into = ([x, y, z]: Place): Place => {
    const w = z / ec[2];
    const v = (y - w * ec[1]) / eb[1];
    return [(x - v * eb[0] - w * ec[0]) / ea[0], v, w];
  };
  const apart = (one: Place, other: Place): number => {
    const near = one.map((value, axis) => {
      const between = value - (other[axis] as number);
      return between - Math.round(between);
    }) as Place;
    return Math.hypot(...out(near));
  };
  const sites: Site[] = [];
  for (const { elem = "", x = 0, y = 0, z = 0 } of atoms) {
    const from = into([x, y, z]);
    const first = sites.length;
    for (const rows of symmetries.length ? symmetries : [IDENTITY]) {
      const at = rows.map(([p, q, r, plus]) => inside(p * from[0] + q * from[1] + r * from[2] + plus)) as Place;
      const among = elem === "H" ? sites.slice(first) : sites;
      if (!among.some((one) => apart(one.at, at) < SAME)) sites.push({ elem, at });
      if (sites.length > MOST) return null;
    }
  }
  const shown = sites.some(({ elem }) => elem.toUpperCase() === "C") ? whole(sites, apart) : faces(sites);
  return {
    own: sites,
    atoms: shown.map(({ elem, at }) => {
      const [x, y, z] = out(at);
      return { elem, x, y, z };
    }),
  };
}

const IDENTITY: Repeat = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
];

const inside = (value: number): number => {
  const part = value - Math.floor(value);
  return part > 0.9995 ? 0 : part;
};

/** What lies on a face, an edge or a corner lies on the opposite ones too. */
function faces(sites: readonly Site[]): Site[] {
  return sites.flatMap(({ elem, at }) => {
    let places: Place[] = [at];
    for (const axis of [0, 1, 2]) {
      if ((at[axis] as number) > 0.001) continue;
      places = places.flatMap((one) => [one, one.map((value, which) => value + (which === axis ? 1 : 0)) as Place]);
    }
    return places.map((place) => ({ elem, at: place }));
  });
}

/** Molecules that a face cuts are put together on the side where their middle is. */
function whole(sites: readonly Site[], apart: (one: Place, other: Place) => number): Site[] {
  const radius = sites.map(({ elem }) => RADII[elem.toUpperCase()] ?? 0);
  const placed: (Place | undefined)[] = sites.map(() => undefined);
  const made: Site[] = [];
  for (let first = 0; first < sites.length; first++) {
    if (placed[first]) continue;
    placed[first] = (sites[first] as Site).at;
    const group = [first];
    for (let at = 0; at < group.length; at++) {
      const here = group[at] as number;
      const from = placed[here] as Place;
      for (let other = 0; other < sites.length; other++) {
        const most = (radius[here] as number) + (radius[other] as number) + 0.3;
        if (placed[other] || !radius[here] || !radius[other]) continue;
        const to = (sites[other] as Site).at;
        if (apart(from, to) > most) continue;
        placed[other] = to.map((value, axis) => value + Math.round((from[axis] as number) - value)) as Place;
        group.push(other);
      }
    }
    const back = [0, 1, 2].map((axis) =>
      Math.floor(group.reduce((sum, each) => sum + ((placed[each] as Place)[axis] as number), 0) / group.length + 1e-6),
    );
    for (const each of group) {
      const at = (placed[each] as Place).map((value, axis) => value - (back[axis] as number)) as Place;
      made.push({ elem: (sites[each] as Site).elem, at });
    }
  }
  return made;
}

/** As a file that 3Dmol reads, which finds the bonds by distance. */
export const asXyz = (atoms: readonly Atom[]): string =>
  `${atoms.length}\n\n${atoms.map(({ elem, x = 0, y = 0, z = 0 }) => `${elem} ${x.toFixed(5)} ${y.toFixed(5)} ${z.toFixed(5)}`).join("\n")}\n`;
