/** What the service tells of a sound or film (`metadata.json`), read with care: its shape is ours, its values are a stranger's. */

import type { Shown } from "../core/registry.ts";

export interface Chapter {
  /** Seconds. */
  readonly start: number;
  readonly title: string;
}

export interface Track {
  /** video, audio, subtitle, cover, data. */
  readonly kind: string;
  readonly codec: string;
  /** Of three letters as a rule, as the file has it. */
  readonly language: string;
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** Samples a second. */
  readonly rate: number;
  readonly channels: number;
}

export interface Facts {
  readonly bytes: number;
  /** 0 where the file does not tell. */
  readonly seconds: number;
  /** Bits a second. */
  readonly bitRate: number;
  /** Names in small letters. */
  readonly tags: ReadonlyMap<string, string>;
  readonly tracks: readonly Track[];
  readonly chapters: readonly Chapter[];
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const number = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
const text = (value: unknown): string => (typeof value === "string" ? value.trim() : "");

function tags(value: unknown): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, said] of Object.entries(record(value))) if (text(said)) found.set(name.toLowerCase(), text(said));
  return found;
}

/** What is not there, or not as it should be, is empty. */
export function read(json: unknown): Facts {
  const told = record(json);
  return {
    bytes: number(told.size),
    seconds: number(told.duration),
    bitRate: number(told.bit_rate),
    tags: tags(told.tags),
    tracks: list(told.streams).map((one) => {
      const stream = record(one);
      return {
        kind: text(stream.type),
        codec: text(stream.codec),
        language: text(stream.language),
        title: tags(stream.tags).get("title") ?? "",
        width: number(stream.width),
        height: number(stream.height),
        rate: number(stream.sample_rate),
        channels: number(stream.channels),
      };
    }),
    chapters: list(told.chapters)
      .map((one) => ({ start: number(record(one).start), title: text(record(one).title) }))
      .sort((one, other) => one.start - other.start),
  };
}

export const NONE: Facts = read({});

/** NONE where there are none to be had; rejects only where `signal` was aborted. */
export async function learn(shown: Shown, signal: AbortSignal): Promise<Facts> {
  if (!shown.can("metadata.json")) return NONE;
  try {
    const response = await fetch(await shown.make("metadata.json", signal), { signal });
    return response.ok ? read(await response.json()) : NONE;
  } catch {
    signal.throwIfAborted();
    return NONE;
  }
}

/** What people call codecs (names: ffmpeg's); the others are called as they are. */
const CODECS: Readonly<Record<string, string>> = {
  h264: "H.264",
  hevc: "H.265",
  av1: "AV1",
  vp8: "VP8",
  vp9: "VP9",
  mpeg4: "MPEG-4",
  mpeg2video: "MPEG-2",
  mpeg1video: "MPEG-1",
  theora: "Theora",
  prores: "ProRes",
  aac: "AAC",
  mp3: "MP3",
  mp2: "MP2",
  opus: "Opus",
  vorbis: "Vorbis",
  speex: "Speex",
  flac: "FLAC",
  alac: "ALAC",
  ac3: "AC-3",
  eac3: "E-AC-3",
  wavpack: "WavPack",
  ape: "Monkey’s Audio",
};

export function codec(name: string): string {
  return CODECS[name] ?? (name.startsWith("pcm_") ? "PCM" : name);
}

/** Of picture and sound, each once. */
export function codecs(facts: Facts): string {
  const named = facts.tracks.filter(({ kind }) => kind === "video" || kind === "audio").map((one) => codec(one.codec));
  return [...new Set(named)].join(", ");
}
