/**
 * The document that shows one file and nothing else, at /viewer/open?url=...&type=...: for a frame on a page of another origin, or one
 * without scripts of ours. A signature's parts are passed through; `start`, `title` and `lang` are taken too.
 */

import { mediaUrl } from "../core/index.ts";

const BASE = new URL("../", import.meta.url);
const asked = new URLSearchParams(location.search);
const url = asked.get("url") ?? "";
const wanted = { url, type: asked.get("type") || "view" };
const main = document.getElementById("omnic") ?? document.body;
const title =
  asked.get("title") ||
  decodeURI(
    url
      .replace(/[?#<].*$/, "")
      .split("/")
      .pop() ?? "",
  );

document.title = title;
document.documentElement.lang = asked.get("lang") || navigator.language || "en";
document.documentElement.classList.add("framed");
if (/^(ar|he|fa|ur)\b/.test(document.documentElement.lang)) document.documentElement.dir = "rtl";

const signed = new URLSearchParams();
for (const name of ["kid", "exp", "sig"]) if (asked.has(name)) signed.set(name, asked.get(name) ?? "");
const view = document.createElement("omnic-view");
view.server = BASE.href;
view.src = mediaUrl(BASE, { ...wanted, ...Object.fromEntries(signed) });
view.start = asked.get("start") ?? "";
view.alt = title;
main.replaceChildren(view);

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && parent !== window)
    parent.postMessage({ omnic: "close" }, "*");
});
