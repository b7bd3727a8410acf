/** Who can show what: an ordered list, the first that says yes. Each viewer is loaded on first use. */

import type { say, size } from "./strings.ts";

export interface Shown {
  /** What the viewer shows, as a URL of the result itself. */
  readonly href: string;
  readonly mediaType: string;
  readonly bytes: number | null;
  readonly etag: string | null;
  /** The address it was made from, and the type that was asked for. */
  readonly url: string;
  readonly type: string;
  /** For screen readers and downloads. */
  readonly title: string;
  /** Another type of the same address, as a media URL's finished result. */
  make(type: string, signal: AbortSignal): Promise<string>;
}

export interface Stage {
  readonly signal: AbortSignal;
  readonly reducedMotion: boolean;
  readonly locale: string;
  /** The core's words and sizes, in the page's language. */
  readonly say: typeof say;
  readonly size: typeof size;
}

export interface Mounted {
  destroy(): void;
  focus?(): void;
}

export interface Viewer {
  readonly name: string;
  match(mediaType: string): boolean;
  load(): Promise<{ mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted> }>;
}

const is =
  (pattern: RegExp) =>
  (mediaType: string): boolean =>
    pattern.test(mediaType);

const viewers: Viewer[] = [
  {
    name: "image",
    match: is(/^image\/(png|jpeg|webp|avif|gif|svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)$/),
    load: () => import("../viewers/image.ts"),
  },
  { name: "pdf", match: is(/^application\/pdf$/), load: () => import("../viewers/pdf.ts") },
  { name: "html", match: is(/^(text\/html|application\/xhtml\+xml)$/), load: () => import("../viewers/html.ts") },
  {
    name: "text",
    match: is(/^text\/|^application\/([\w.-]+\+)?(json|xml|yaml|toml|javascript|sql|x-[\w-]*(sh|tex|python|ndjson))$/),
    load: () => import("../viewers/text.ts"),
  },
  { name: "media", match: is(/^(audio|video)\//), load: () => import("../viewers/media.ts") },
  { name: "file", match: () => true, load: () => import("../viewers/file.ts") },
];

/** Puts a viewer in front of the others. */
export function register(viewer: Viewer): void {
  viewers.unshift(viewer);
}

const bare = (mediaType: string): string => mediaType.split(";", 1)[0]?.trim().toLowerCase() ?? "";

export const viewerFor = (mediaType: string): Viewer =>
  viewers.find((viewer) => viewer.match(bare(mediaType))) as Viewer;
