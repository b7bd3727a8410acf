/** What the service tells of an archive (`listing.json`), and the addresses of what is in it. Pure. */

import type { Entry, Kind } from "./model.ts";

export interface Member {
  readonly name: string;
  readonly size?: number | null;
  readonly directory?: boolean;
  readonly kind?: string;
  readonly modified?: string;
  readonly encrypted?: boolean;
  readonly target?: string;
}

export interface Listing {
  readonly members?: readonly Member[];
  readonly count?: number;
  readonly size?: number;
  readonly truncated?: boolean;
  /** Of a package: what it installs. */
  readonly payload?: Listing;
}

export interface Words {
  readonly encrypted: string;
  readonly unsafe: string;
}

/** Names that the service takes for no member: they lead out, or cannot be written. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that an address may not hold
const UNSAFE = /^[/\\]|^[A-Za-z]:([/\\]|$)|(^|[/\\])\.\.([/\\]|$)|[\x00-\x1f\x7f-\x9f]|\p{Surrogate}/u;

/** Archives inside each other that an address may lead through. */
const DEEPEST = 4;

/** Whether an address leads to an archive whose members have none: it lies too deep in others. */
export const deepest = (archive: string): boolean => archive.split("<member:").length > DEEPEST;

/** The address of one member; null where an address cannot name it. */
export function memberUrl(archive: string, name: string): string | null {
  if (!name || UNSAFE.test(name) || deepest(archive)) return null;
  return `${archive}<member:${encodeURIComponent(name).replaceAll("%2F", "/")}>`;
}

export function entriesOf(listing: Listing, archive: string, words: Words): Entry[] {
  const members = listing.payload?.members ?? listing.members ?? [];
  return members.map((member): Entry => {
    const name = String(member.name);
    const kind = kindOf(member);
    const time = Date.parse(member.modified ?? "");
    const url = kind === "file" && !member.encrypted ? memberUrl(archive, name) : null;
    const remark =
      kind === "link" && member.target
        ? `→ ${member.target}`
        : member.encrypted
          ? words.encrypted
          : kind === "file" && UNSAFE.test(name)
            ? words.unsafe
            : "";
    return {
      path: name,
      kind,
      size: member.size ?? null,
      at: Number.isNaN(time) ? null : time,
      url,
      ...(remark ? { remark } : {}),
    };
  });
}

function kindOf({ directory, kind }: Member): Kind {
  if (directory || kind === "directory") return "directory";
  return kind === "link" || kind === "special" ? kind : "file";
}
