/**
 * What a viewer is. The service's manifest lists those that it has, ours and other people's; a page may `register` more of its own.
 * Each is a module that is loaded on first use and has one function, `mount`.
 */

import type { say, size } from "./strings.ts";

/** What is shown. */
export interface Shown {
  /** Where it is; of a folder (tiles, a stream, pages) its index: what lies beside it has an address relative to this one. */
  readonly href: string;
  /** As the service says it, in small letters and without parameters. */
  readonly mediaType: string;
  readonly bytes: number | null;
  readonly etag: string | null;
  /** The address that it was made from, and the type that was asked for. */
  readonly url: string;
  readonly type: string;
  /** The Format of the file at `url`, where it is known. */
  readonly format: string | null;
  /** For screen readers and downloads. */
  readonly title: string;
  /** Where to begin: a page, a second, whatever the viewer says of it; empty for the beginning. */
  readonly start: string;
  /** Whether the file can become this type, as far as is known. */
  can(type: string): boolean;
  /** Another type of the same address: the finished result's URL. A bar is shown meanwhile. Rejects with an Error that says why. */
  make(type: string, signal?: AbortSignal): Promise<string>;
}

/** What a viewer may use. */
export interface Stage {
  /** Aborted when the viewer is closed, also while it mounts. */
  readonly signal: AbortSignal;
  readonly reducedMotion: boolean;
  readonly locale: string;
  /** Words of words.json by their key, in the page's language, and sizes in bytes. */
  readonly say: typeof say;
  readonly size: typeof size;
  /** Style that lives as long as this shadow root: a constructable sheet, which a strict CSP lets through. */
  dress(css: string): void;
  /** Say something once to who cannot see it. */
  announce(words: string): void;
  /** Open another file in this one's place, in its own viewer, with a way back. */
  open(other: { url: string; title: string; type?: string }): void;
}

export interface Mounted {
  /** Undo everything: listeners, workers, WebGL contexts. The root's children are removed afterwards. */
  destroy(): void;
  focus?(): void;
}

export interface Viewer {
  readonly name: string;
  /** What its tab is called. */
  readonly title?: string;
  /** A class for its root beside the name, for style. */
  readonly kind?: string;
  /** Formats (by name) of files that it is good for. */
  readonly opens?: readonly string[];
  /** Types, best first, in one of which it takes a file; what the file is already needs no making. */
  readonly shows: readonly string[];
  /** Media types of results that it takes whatever they are called, `*` at the end for all that begin so. */
  readonly mediaTypes?: readonly string[];
  load(): Promise<Module>;
}

/** What a viewer's module exports. */
export interface Module {
  mount(root: HTMLElement, shown: Shown, stage: Stage): Promise<Mounted>;
  /** What it says, by key; words of the page's own language that are known already are kept. */
  readonly words?: Readonly<Record<string, string>>;
}

/** This page's own viewers; they are asked before the service's, the newest first. */
export const others: Viewer[] = [];

export function register(viewer: Viewer): void {
  others.unshift(viewer);
}
