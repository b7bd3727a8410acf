/** What a file of molecules holds, as far as it is asked before it is drawn. Pure. */

export type Form = "sdf" | "pdb" | "mol2" | "xyz" | "cif";

export function formOf(type: string): Form | null {
  const name = type.replace(/:.*/s, "").toLowerCase();
  if (name === "mmcif") return "cif";
  return (["sdf", "pdb", "mol2", "xyz", "cif"] as const).find((one) => one === name) ?? null;
}

/** Molecules that are offered of one file. */
export const MOST_RECORDS = 1000;

/** The molecules of a file, one after the other; a PDB and a CIF are one. */
export function records(text: string, form: Form): string[] {
  const found =
    form === "sdf"
      ? text.split(/^\$\$\$\$.*(?:\r?\n|$)/m)
      : form === "mol2"
        ? text.split(/^(?=@<TRIPOS>MOLECULE)/m).filter((one) => one.startsWith("@<TRIPOS>MOLECULE"))
        : form === "xyz"
          ? frames(text)
          : [text];
  return found.filter((one) => one.trim()).slice(0, MOST_RECORDS);
}

/** Of an XYZ: a count, a comment, as many lines. */
function frames(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const found: string[] = [];
  for (let at = 0; at < lines.length && found.length < MOST_RECORDS; ) {
    const count = Number(lines[at]);
    if (!lines[at]?.trim() || !Number.isInteger(count) || count < 1) {
      at += 1;
      continue;
    }
    found.push(lines.slice(at, at + count + 2).join("\n"));
    at += count + 2;
  }
  return found.length ? found : [text];
}

export interface Atom {
  readonly elem?: string;
  readonly atom?: string;
  readonly resn?: string;
  readonly x?: number;
  readonly y?: number;
  readonly z?: number;
  readonly bonds?: readonly number[];
}

/** Carbon, hydrogen, then the others in the alphabet's order; all in its order where there is no carbon (Hill, 1900). */
export function formula(atoms: readonly Atom[]): [string, number][] {
  const many = new Map<string, number>();
  for (const { elem } of atoms) {
    const name = /^[A-Z][a-z]?$/i.test(elem ?? "") ? tidy(elem as string) : "?";
    many.set(name, (many.get(name) ?? 0) + 1);
  }
  const first = many.has("C") ? ["C", "H"] : [];
  const place = (name: string): string => (first.includes(name) ? String(first.indexOf(name)) : name);
  return [...many].sort(([one], [other]) => (place(one) < place(other) ? -1 : 1));
}

const tidy = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1).toLowerCase();

/** A drawing on paper: several atoms, all in one plane of the page. */
export const flat = (atoms: readonly Atom[]): boolean =>
  atoms.length > 3 && atoms.every(({ z }) => Math.abs(z ?? 0) < 1e-4);

/** Chains of amino or nucleic acids, which are better seen as ribbons: by the atoms that each link of a chain has. */
export function chained(atoms: readonly Atom[]): boolean {
  let links = 0;
  for (const { atom } of atoms) if (atom === "CA" || atom === "P") links += 1;
  return links >= 8 && atoms.length > links * 1.5 && atoms.some(({ resn }) => Boolean(resn?.trim()));
}

export const bonds = (atoms: readonly Atom[]): number =>
  atoms.reduce((sum, { bonds: ends }) => sum + (ends?.length ?? 0), 0) / 2;
