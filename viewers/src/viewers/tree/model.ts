/** Files in folders: built of paths, sorted, filtered, laid out row by row. Pure. */

export type Kind = "file" | "directory" | "link" | "module" | "special";

export interface Entry {
  /** With `/` between names. */
  readonly path: string;
  readonly kind: Kind;
  /** Bytes. */
  readonly size: number | null;
  /** Milliseconds since 1970. */
  readonly at: number | null;
  /** Where it opens; null where it does not. */
  readonly url: string | null;
  /** What is said behind its name: where a link leads, why it does not open. */
  readonly remark?: string;
  /** Other columns, by their name. */
  readonly more?: Readonly<Record<string, string>>;
}

export interface Node {
  readonly entry: Entry;
  readonly name: string;
  /** Tells it from others, also from one of the same path. */
  readonly key: string;
  readonly parent: Node | null;
  readonly children: Node[];
}

export interface Row {
  readonly node: Node;
  /** From 1. */
  readonly level: number;
  readonly place: number;
  readonly among: number;
}

export type Order = "name" | "size" | "at";

export interface Sorting {
  readonly by: Order;
  readonly descending: boolean;
}

const FOLDER = { kind: "directory", size: null, at: null, url: null } as const;

/** The folder that holds everything. Folders that only paths tell of are there too; their size is what they hold. */
export function build(entries: readonly Entry[]): Node {
  const root: Node = { entry: { ...FOLDER, path: "" }, name: "", key: "", parent: null, children: [] };
  const folders = new Map<string, Node>([["", root]]);
  const seen = new Set<string>();
  const folder = (path: string, entry?: Entry): Node => {
    const known = folders.get(path);
    if (known) {
      if (entry) Object.assign(known, { entry: { ...entry, path } });
      return known;
    }
    const cut = path.lastIndexOf("/");
    const parent = folder(cut < 0 ? "" : path.slice(0, cut));
    const made: Node = {
      entry: entry ?? { ...FOLDER, path },
      name: path.slice(cut + 1),
      key: `${path}/`,
      parent,
      children: [],
    };
    folders.set(path, made);
    parent.children.push(made);
    return made;
  };
  for (const entry of entries) {
    const parts = entry.path.replaceAll("\\", "/").split("/");
    const names = parts.filter((part) => part && part !== ".");
    if (!names.length) continue;
    const path = names.join("/");
    if (entry.kind === "directory") folder(path, entry);
    else {
      const parent = folder(names.slice(0, -1).join("/"));
      let key = path;
      for (let n = 2; seen.has(key); n++) key = `${path} ${n}`;
      seen.add(key);
      parent.children.push({ entry, name: names.at(-1) as string, key, parent, children: [] });
    }
  }
  sum(root);
  return root;
}

/** Folders weigh what is in them, and are as new as the newest. */
function sum(node: Node): { size: number; at: number } {
  let { size, at } = { size: node.entry.size ?? 0, at: node.entry.at ?? 0 };
  if (node.entry.kind === "directory") {
    const all = node.children.map(sum);
    size = all.reduce((total, one) => total + one.size, 0);
    const newest = all.reduce((most, one) => Math.max(most, one.at), 0);
    Object.assign(node, { entry: { ...node.entry, size, at: node.entry.at ?? (newest || null) } });
    at = Math.max(at, newest);
  }
  return { size, at };
}

/** In place, all the way down: folders first. */
export function sort(root: Node, { by, descending }: Sorting, collator: Intl.Collator): void {
  const way = descending ? -1 : 1;
  const compare = (one: Node, other: Node): number => {
    const folders = Number(other.entry.kind === "directory") - Number(one.entry.kind === "directory");
    if (folders) return folders;
    const names = collator.compare(one.name, other.name);
    return by === "name" ? way * names : way * ((one.entry[by] ?? -1) - (other.entry[by] ?? -1)) || names;
  };
  root.children.sort(compare);
  for (const child of root.children) sort(child, { by, descending }, collator);
}

/** What is seen, from the top: of open folders also what they hold; with a filter what its words are in, and the way there. */
export function rows(root: Node, open: ReadonlySet<string>, filter = ""): Row[] {
  const wanted = filter.trim().toLowerCase();
  const fits = wanted ? fitting(root, wanted) : null;
  const made: Row[] = [];
  const walk = (node: Node, level: number): void => {
    const children = fits ? node.children.filter((one) => fits.has(one)) : node.children;
    children.forEach((child, at) => {
      made.push({ node: child, level, place: at + 1, among: children.length });
      if (child.children.length && (fits || open.has(child.key))) walk(child, level + 1);
    });
  };
  walk(root, 1);
  return made;
}

function fitting(root: Node, wanted: string): Set<Node> {
  const found = new Set<Node>();
  const look = (node: Node): boolean => {
    let within = false;
    for (const child of node.children) within = look(child) || within;
    const fits = within || (node.parent !== null && node.entry.path.toLowerCase().includes(wanted));
    if (fits) found.add(node);
    return fits;
  };
  look(root);
  return found;
}

/** The keys of all folders. */
export function folders(root: Node): string[] {
  return root.children.flatMap((child) => (child.children.length ? [child.key, ...folders(child)] : []));
}

/** Where typed letters lead: the next row, after this one, whose name begins so. -1: nowhere. */
export function typed(all: readonly Row[], from: number, letters: string): number {
  const wanted = letters.toLowerCase();
  const single = [...wanted].every((one) => one === wanted[0]);
  const word = single ? (wanted[0] ?? "") : wanted;
  for (let step = single ? 1 : 0; step <= all.length; step++) {
    const at = (from + step + all.length) % all.length;
    if (all[at]?.node.name.toLowerCase().startsWith(word)) return at;
  }
  return -1;
}
