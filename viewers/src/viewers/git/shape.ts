/** A folder of a git repository at one commit, as JSON (`application/vnd.omnic.git-tree+json`); README.md has it in words. Pure. */

import type { Entry, Kind } from "../tree/model.ts";

export const MEDIA_TYPE = "application/vnd.omnic.git-tree+json";

export interface Commit {
  readonly sha: string;
  readonly message: string;
  readonly author: string;
  /** Seconds since 1970. */
  readonly at: number;
  readonly parents: readonly string[];
}

export interface GitEntry {
  readonly path: string;
  readonly kind: string;
  readonly size?: number;
  readonly target?: string;
  readonly url?: string;
  readonly last?: Commit;
}

export interface GitTree {
  readonly repository: string;
  readonly ref: string;
  readonly path: string;
  /** Of the repository at this ref; a file's is this and `<path:...>`. */
  readonly address: string;
  readonly commit: Commit | null;
  readonly entries: readonly GitEntry[];
  readonly readme: string | null;
  readonly commits: readonly Commit[];
  readonly truncated: boolean;
}

const KINDS: readonly string[] = ["file", "directory", "link", "module"];

/** Reads with care: whatever is missing is empty, whatever is of another type is left out. Throws on what is no tree at all. */
export function readTree(whole: unknown): GitTree {
  const from = record(whole);
  if (!Array.isArray(from.entries)) throw new Error("no entries");
  return {
    repository: text(from.repository),
    ref: text(from.ref),
    path: text(from.path),
    address: text(from.address),
    commit: commit(from.commit),
    readme: text(from.readme) || null,
    truncated: from.truncated === true,
    commits: list(from.commits).flatMap((one) => commit(one) ?? []),
    entries: list(from.entries).flatMap((one): GitEntry[] => {
      const { path, kind, size, target, url, last } = record(one);
      if (!text(path)) return [];
      const made = commit(last);
      return [
        {
          path: text(path),
          kind: KINDS.includes(text(kind)) ? text(kind) : "file",
          ...(typeof size === "number" ? { size } : {}),
          ...(text(target) ? { target: text(target) } : {}),
          ...(text(url) ? { url: text(url) } : {}),
          ...(made ? { last: made } : {}),
        },
      ];
    }),
  };
}

/** Where a file of the tree is; null for what is no file. */
export function urlOf(tree: GitTree, { path, kind, url }: GitEntry): string | null {
  if (kind !== "file") return null;
  if (url) return url;
  return tree.address ? `${tree.address}<path:${encodeURIComponent(path).replaceAll("%2F", "/")}>` : null;
}

export function entriesOf(tree: GitTree): Entry[] {
  const inside = tree.path ? `${tree.path.replace(/\/$/, "")}/` : "";
  return tree.entries.map((entry): Entry => {
    const { path, kind, size, target, last } = entry;
    return {
      path: path.startsWith(inside) ? path.slice(inside.length) : path,
      kind: kind as Kind,
      size: size ?? null,
      at: last ? last.at * 1000 : null,
      url: urlOf(tree, entry),
      ...(target ? { remark: `→ ${target}` } : {}),
      more: { message: first(last?.message), author: last?.author ?? "" },
    };
  });
}

/** A message's first line. */
export const first = (message = ""): string => message.split("\n", 1)[0]?.trim() ?? "";

/** For each commit the column that its point stands in, and the lines to its parents' columns. */
export interface Lane {
  readonly column: number;
  /** From where, at the top of the row, to where, at its bottom. */
  readonly lines: readonly (readonly [number, number])[];
}

/** Newest first, as git lists them. Each open line of descent has a column until the commit that it leads to. */
export function lanes(commits: readonly Commit[], most = 8): Lane[] {
  let open: (string | null)[] = [];
  return commits.map(({ sha, parents }) => {
    let column = open.indexOf(sha);
    if (column < 0) {
      column = open.indexOf(null);
      if (column < 0) column = open.length;
    }
    const after: (string | null)[] = open.map((one) => (one === sha ? null : one));
    const lines: [number, number][] = [];
    open.forEach((one, at) => {
      if (one !== null && one !== sha) lines.push([at, at]);
      else if (one === sha) lines.push([at, column]);
    });
    parents.forEach((parent, number) => {
      let to = after.indexOf(parent);
      if (to < 0) {
        to = number === 0 ? column : after.indexOf(null);
        if (to < 0 || (to !== column && after[to] != null)) to = after.length;
        after[to] = parent;
      }
      lines.push([column, to]);
    });
    while (after.length && after.at(-1) === null) after.pop();
    open = after;
    const within = ([from, to]: readonly [number, number]): boolean => from < most && to < most;
    return { column: Math.min(column, most - 1), lines: lines.filter(within) };
  });
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

function commit(value: unknown): Commit | null {
  const { sha, message, author, at, parents } = record(value);
  if (!text(sha)) return null;
  return {
    sha: text(sha),
    message: text(message),
    author: text(author),
    at: typeof at === "number" ? at : 0,
    parents: list(parents).filter((one): one is string => typeof one === "string"),
  };
}
