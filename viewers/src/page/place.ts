/** The page's state in its own address, so that a link or a reload brings it back. Pure. */

export interface Place {
  url: string;
  type: string;
}

export function readPlace(hash: string): Place {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  return { url: fields.get("url") ?? "", type: fields.get("type") ?? "" };
}

export function writePlace({ url, type }: Place): string {
  const fields = new URLSearchParams();
  if (url) fields.set("url", url);
  if (type) fields.set("type", type);
  return `#${fields}`;
}
