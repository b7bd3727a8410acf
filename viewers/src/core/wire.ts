/** Names and shapes of the wire, as the service has them. */

/** What is asked for. `kid`, `exp` and `sig` are a signature's parts, passed through as they came. */
export interface Wanted {
  url: string;
  type: string;
  kid?: string;
  exp?: string;
  sig?: string;
}

export type EventName = "queued" | "downloading" | "downloaded" | "converting" | "ready" | "failed";

export const EVENT_NAMES: readonly EventName[] = [
  "queued",
  "downloading",
  "downloaded",
  "converting",
  "ready",
  "failed",
];

/** A notification: `name` is its method, the rest its params. Fall-backs know less, so every fact may be missing. */
export interface Told {
  name: EventName;
  key?: string;
  url?: string;
  type?: string;
  seq?: number;
  at?: number;
  position?: number | null;
  bytes?: number;
  total?: number | null;
  format?: string;
  step?: number;
  steps?: number;
  from?: string;
  to?: string;
  fraction?: number | null;
  overall?: number;
  estimated?: boolean;
  eta?: number | null;
  waiting?: number | null;
  href?: string;
  media_type?: string;
  etag?: string;
  code?: string;
  message?: string;
  possible?: string[];
  missing?: string[];
  retry_after?: number | null;
}

/** An error that the service gave a name: the wire's `code`. */
export class WireError extends Error {
  declare code: string;
  declare possible: string[];
  declare missing: string[];
  declare retryAfter: number | null;
}

export const isEventName = (word: unknown): word is EventName => EVENT_NAMES.includes(word as EventName);

export const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];

/** A JSON-RPC error object or a problem document, read with care: it may come from anything between us and the service. */
export function wireError(body: unknown, fallback: string): WireError {
  const whole = (body ?? {}) as Record<string, unknown>;
  const data = (whole.data ?? whole) as Record<string, unknown>;
  const words = whole.detail ?? data.detail ?? whole.message ?? whole.title;
  return Object.assign(new WireError(typeof words === "string" ? words : fallback), {
    code: typeof data.code === "string" ? data.code : "unknown",
    possible: strings(data.possible),
    missing: strings(data.missing),
    retryAfter: typeof data.retry_after === "number" ? data.retry_after : null,
  });
}

const SIGNATURE = ["kid", "exp", "sig"] as const;

/** The media URL of something wanted. */
export function mediaUrl(base: URL, wanted: Wanted): string {
  const target = encodeURIComponent(wanted.type).replace(/%(2C|3A|3D)/g, decodeURIComponent);
  const query = new URLSearchParams({ url: wanted.url });
  for (const name of SIGNATURE) if (wanted[name]) query.set(name, wanted[name]);
  return new URL(`media/${target}/?${query}`, base).href;
}

/** The reverse: what a media URL wants, and of which service; null where it is none. */
export function parseMediaUrl(href: string, relativeTo: string): { wanted: Wanted; base: URL } | null {
  let parsed: URL;
  try {
    parsed = new URL(href, relativeTo);
  } catch {
    return null;
  }
  const match = /^(.*\/)media\/([^/]+)\/?$/.exec(parsed.pathname);
  const url = parsed.searchParams.get("url");
  if (!match?.[2] || !url) return null;
  const wanted: Wanted = { url, type: decodeURIComponent(match[2]) };
  for (const name of SIGNATURE) {
    const part = parsed.searchParams.get(name);
    if (part) wanted[name] = part;
  }
  return { wanted, base: new URL(match[1] ?? "/", parsed.origin) };
}
