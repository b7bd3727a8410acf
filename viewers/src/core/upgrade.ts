/**
 * Plain pictures that work without JavaScript: `<img src="/media/thumb.jpg:200x200/?url=..." omnic-viewer="PDF">` opens as that
 * type, or as the media URL (signed, if need be) that stands there, or with an empty value as what is best; `<img omnic-thumb ...>`
 * becomes its thumbnail once there is one. Each is wrapped in an `<omnic-view>` and stays its poster.
 */

import { parseMediaUrl } from "./wire.ts";

const MARKED = "img[omnic-viewer], img[omnic-thumb]";

export function upgrade(picture: HTMLImageElement): void {
  const source = picture.getAttribute("src") ?? "";
  const media = parseMediaUrl(source, document.baseURI);
  if (!media || picture.closest("omnic-view")) return;
  const view = document.createElement("omnic-view");
  const viewer = picture.getAttribute("omnic-viewer");
  const signed = viewer?.includes("/media/");
  Object.assign(view, {
    server: media.base.href,
    url: media.wanted.url,
    thumb: new URL(source, document.baseURI).href,
    type: signed ? null : viewer,
    src: signed ? viewer : null,
    mode: viewer === null ? "none" : picture.getAttribute("omnic-mode"),
    alt: picture.alt || null,
  });
  if (picture.loading === "lazy") view.setAttribute("loading", "lazy");
  picture.replaceWith(view);
  view.append(picture);
}

/** Now, and whenever more of them come. */
export function upgradeAll(root: Document = document): void {
  const look = (node: ParentNode): void => {
    for (const picture of node.querySelectorAll<HTMLImageElement>(MARKED)) upgrade(picture);
  };
  look(root);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (node instanceof HTMLImageElement && node.matches(MARKED)) upgrade(node);
        else if (node instanceof Element) look(node);
      }
    }
  }).observe(root, { childList: true, subtree: true });
}
