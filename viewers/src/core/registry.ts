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

/** Viewers from elsewhere; they are asked before the built-in ones, the newest first. */
export const others: Viewer[] = [];

export function register(viewer: Viewer): void {
  others.unshift(viewer);
}
