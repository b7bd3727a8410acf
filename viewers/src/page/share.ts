/** What people copy: a media URL, a curl line, a script tag. Pure. */

import { mediaUrl, type Wanted } from "./core.ts";

const shell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const html = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The file's name in an address: its last segment. */
export function fileName(address: string): string {
  if (address.startsWith("data:")) return "inline content";
  const last =
    address
      .replace(/[?#<].*$/, "")
      .split("/")
      .filter(Boolean)
      .pop() ?? address;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

export interface Snippets {
  link: string;
  curl: string;
  embed: string;
}

export function snippets(base: URL, wanted: Wanted): Snippets {
  const link = mediaUrl(base, wanted);
  const embed = `<script type="module" src="${html(new URL("viewer/omnic.js", base).href)}"></script>\n<omnic-view url="${html(wanted.url)}" type="${html(wanted.type)}"></omnic-view>`;
  // The service knows what to call it: a purpose such as `view` becomes a format of which only it knows.
  return { link, curl: `curl -fLOJ -H 'Prefer: wait=60' ${shell(link)}`, embed };
}
