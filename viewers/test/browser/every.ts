import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { line } from "../fixtures/chat.mjs";
import { type StandIn, standIn } from "./stand-in.ts";
import { expect, type Running, specimen } from "./zoo.ts";

export interface Specimen {
  readonly viewer: string;
  readonly url: string;
  /** Which tab, from 0; not said where it is the only one or the first. */
  readonly tab?: number;
  /** What is there, within the viewer, when there is something to see. */
  readonly seen: string;
  /** What is only made when it is scrolled to, which is done first. */
  readonly below?: string;
  /** What delivers it until its source is there. */
  readonly stand?: StandIn;
}

interface Tree {
  entries: { path: string; url?: string }[];
  commits: { message: string }[];
}

export const TREE = JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/git-tree.json"), "utf8")) as Tree;
/** Until the git source is there, its files lie among the specimens. */
const urls: Record<string, string> = {
  "README.md": "file://samples/field-notes.md",
  "docs/page.png": specimen("image/python.png"),
};
const entries = TREE.entries.map((one) => ({ ...one, ...(urls[one.path] ? { url: urls[one.path] } : {}) }));
export const GIT: StandIn = {
  type: "git-tree.json",
  mediaType: "application/vnd.omnic.git-tree+json",
  body: () => JSON.stringify({ ...TREE, entries }),
};

export class Chat implements StandIn {
  readonly type = "chat.ndjson";
  readonly mediaType = "application/vnd.omnic.log+ndjson";
  count: number;
  begin = "";
  constructor(count: number) {
    this.count = count;
  }
  body(): string {
    return this.begin + Array.from({ length: this.count }, (_, n) => line(n)).join("");
  }
}

const file = (viewer: string, name: string, seen: string, tab?: number): Specimen => ({
  viewer,
  url: specimen(name),
  seen,
  ...(tab ? { tab } : {}),
});
const stood = (viewer: string, stand: StandIn, seen: string, tab?: number): Specimen => ({
  ...file(viewer, "stand-in:harbour", seen, tab),
  stand,
});

/** One for each viewer. */
export const EVERY: readonly Specimen[] = [
  file("image", "file://samples/harbour.jpg", ".signs"),
  file("zoom", "file://samples/harbour.jpg", ".signs button:enabled", 1),
  file("svg", "vector/line-cap-line-join.svg", ".signs"),
  file("source", "vector/line-cap-line-join.svg", "iframe", 3),
  file("pdf", "document/archive_write_new.3.pdf", ".textLayer"),
  file("html", "data/pyproject.toml", "iframe"),
  file("text", "text/README.md", '[data-n="1"]', 1),
  file("table", "table/whitelist.csv", "td:not(.gap)"),
  file("graph", "file://samples/tides.csv", "canvas", 1),
  file("video", "video/test.mp4", "video"),
  file("audio", "file://samples/chime.mp3", "canvas"),
  file("model", "mesh/BoxTextured.glb", ".facts"),
  file("molecule", "molecule/culgi_03.mol", ".facts"),
  file("molecule-flat", "molecule/culgi_03.mol", ".signs", 1),
  file("map", "geo/berlin.geojson", ".facts"),
  file("tree", "archive/t.zip", "tr[data-row]"),
  file("font", "font/deja_vu_serif-2.7.ttf", "textarea"),
  file("file", "video/test.swf", "dt"),
  { ...stood("git", GIT, ".readme iframe"), below: ".readme" },
  stood("commits", GIT, "li", 1),
  stood("log", new Chat(60), "article"),
];

/** Its element. */
export const element = ({ viewer, url, stand }: Specimen, attributes = ""): string =>
  `<omnic-view url="${url}" alt="${viewer}" ${stand ? `type="${stand.type}" thumb="320x240"` : ""} ${attributes}></omnic-view>`;

/** What opens it, in any language. */
export const poster = (page: Page, { viewer }: Specimen): Locator =>
  page.locator(`omnic-view[alt="${viewer}"]`).getByRole("button").first();

/** What stands in, where something does: before the page. */
export async function stage(page: Page, zoo: Running, some: readonly Specimen[] = EVERY): Promise<void> {
  const all = new Set(some.flatMap(({ stand }) => stand ?? []));
  if (all.size) await standIn(page, zoo, ...all);
}

/** It is open within this: its own tab is taken, and its content is there. */
export async function shown(
  { viewer, tab, seen, below }: Specimen,
  within: Pick<Locator, "getByRole" | "locator">,
): Promise<Locator> {
  const tabs = within.getByRole("tab");
  if (tab !== undefined) {
    // A dialog that grows under the pointer takes the click away from where it began.
    await expect(async () => {
      await tabs.nth(tab).click({ timeout: 80_000 });
      await expect(tabs.nth(tab)).toHaveAttribute("aria-selected", "true", { timeout: 1000 });
    }).toPass({ timeout: 90_000 });
  }
  const root = within.locator(`.viewer.${viewer}`);
  if (below) await root.locator(below).scrollIntoViewIfNeeded({ timeout: 90_000 });
  await expect(root.locator(seen).first()).toBeVisible({ timeout: 90_000 });
  return root;
}
