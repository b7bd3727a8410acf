/** Where a page's links lead: to a page, or out. What would run something leads nowhere. */

import type { PageViewport, PDFDocumentProxy, PDFPageProxy } from "pdfjs-dist";
import { make } from "../../kit/find/controls.ts";

/** A destination as the file has it: a name, or [page, /XYZ, left, top, zoom]. */
export type Destination = string | readonly unknown[] | null | undefined;

export interface Goal {
  /** From 1. */
  readonly page: number;
  /** Points from the page's bottom; null for its beginning. */
  readonly top: number | null;
}

const MOST_LINKS = 2_000;

/** Null where it leads nowhere. */
export async function goalOf(document: PDFDocumentProxy, destination: Destination): Promise<Goal | null> {
  try {
    const place = typeof destination === "string" ? await document.getDestination(destination) : destination;
    if (!Array.isArray(place)) return null;
    const [target, kind, ...where] = place as [unknown, { name?: string } | undefined, ...unknown[]];
    const page =
      typeof target === "number"
        ? target + 1
        : (await document.getPageIndex(target as { num: number; gen: number })) + 1;
    const name = kind?.name ?? "";
    const top =
      name === "XYZ" ? where[1] : name === "FitH" || name === "FitBH" ? where[0] : name === "FitR" ? where[3] : null;
    return { page, top: typeof top === "number" ? top : null };
  } catch {
    return null; // a file may name pages that it has not
  }
}

/** Only what a reader may follow without harm. */
export function address(url: unknown): string | null {
  if (typeof url !== "string" || !URL.canParse(url)) return null;
  return ["http:", "https:", "mailto:"].includes(new URL(url).protocol) ? url : null;
}

/** A layer of links over a page. */
export async function links(
  document: PDFDocumentProxy,
  page: PDFPageProxy,
  viewport: PageViewport,
  follow: (goal: Goal) => void,
  label: (n: number) => string,
): Promise<HTMLElement> {
  const layer = make("div", "links");
  const found = (await page.getAnnotations({ intent: "display" })) as {
    subtype?: string;
    rect: number[];
    url?: string;
    dest?: Destination;
    action?: string;
  }[];
  const last = document.numPages;
  for (const { subtype, rect, url, dest, action } of found.slice(0, MOST_LINKS)) {
    if (subtype !== "Link") continue;
    const out = address(url);
    const named = { NextPage: page.pageNumber + 1, PrevPage: page.pageNumber - 1, FirstPage: 1, LastPage: last }[
      action ?? ""
    ];
    const goal = named
      ? { page: Math.min(Math.max(named, 1), last), top: null }
      : dest
        ? await goalOf(document, dest)
        : null;
    let link: HTMLElement;
    if (out) {
      link = Object.assign(make("a"), {
        href: out,
        target: "_blank",
        rel: "noopener noreferrer",
        title: out,
        ariaLabel: out,
      });
    } else if (goal) {
      link = Object.assign(make("button"), { type: "button", title: label(goal.page), ariaLabel: label(goal.page) });
      link.addEventListener("click", () => follow(goal));
    } else continue;
    const [left = 0, bottom = 0, right = 0, top = 0] = rect;
    const [x1 = 0, y1 = 0] = viewport.convertToViewportPoint(left, bottom) as number[];
    const [x2 = 0, y2 = 0] = viewport.convertToViewportPoint(right, top) as number[];
    link.style.left = `${(100 * Math.min(x1, x2)) / viewport.width}%`;
    link.style.top = `${(100 * Math.min(y1, y2)) / viewport.height}%`;
    link.style.width = `${(100 * Math.abs(x2 - x1)) / viewport.width}%`;
    link.style.height = `${(100 * Math.abs(y2 - y1)) / viewport.height}%`;
    layer.append(link);
  }
  return layer;
}
