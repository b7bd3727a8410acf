/** Every word that is said. English is here; another language comes as a chunk of its own when the page is in it. */

import ENGLISH from "words:core";
import type { State } from "./state.ts";

export type Strings = Readonly<Record<string, string>>;

let words: Strings = ENGLISH;

/** Say what these have in these words from now on; the rest stays as it is. */
export function speak(strings: Strings): void {
  words = { ...words, ...strings };
}

/** For words that come later than their translation: what is said already stays. */
export function know(strings: Strings): void {
  words = { ...strings, ...words };
}

/** The page's language, where it is one that we have. */
export async function learn(): Promise<void> {
  const wanted = language()?.slice(0, 2).toLowerCase() ?? "en";
  if (wanted === "en") return;
  const { default: languages } = await import("words:languages");
  const load = languages[wanted];
  if (load) speak((await load()).default);
}

/** `{name}` in a sentence is replaced by its value. */
export function say(key: string, values: Readonly<Record<string, string | number>> = {}): string {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

const language = (): string | undefined => document.documentElement.lang || undefined;

/** 1 500 -> "1.5 kB", in the page's language. */
export function size(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), 3);
  const value = bytes / 1000 ** power;
  return new Intl.NumberFormat(language(), {
    style: "unit",
    unit: units[power] as string,
    unitDisplay: power ? "short" : "long",
    maximumFractionDigits: power && value < 100 ? 1 : 0,
  }).format(value);
}

/** 0.421 -> "42 %"; "~42 %" where it is an estimate. Rounded down, so that nothing unfinished reads as 100 %. */
export function percent(fraction: number, estimated: boolean): string {
  const whole = Math.floor(Math.min(Math.max(fraction, 0), 1) * 100) / 100;
  return (estimated ? "~" : "") + new Intl.NumberFormat(language(), { style: "percent" }).format(whole);
}

/** Seconds in words, coarse on purpose: a countdown would claim to know more than we do. */
export function timeLeft(seconds: number): string {
  if (seconds < 1.5) return say("soon");
  if (seconds < 50) return say("seconds", { n: seconds < 10 ? Math.round(seconds) : Math.round(seconds / 5) * 5 });
  return say("minutes", { n: Math.max(1, Math.round(seconds / 60)) });
}

/** What is going on, without numbers that change all the time: this is what is announced. */
export function phrase({ phase, told }: State): string {
  if (phase === "idle") return "";
  if (phase === "converting" && told?.from && told.to) return say("step", { from: told.from, to: told.to });
  if (phase === "downloaded" && !told?.format) return say("downloading");
  if (phase === "downloaded") return say("downloaded", { size: size(told?.bytes ?? 0), format: told?.format ?? "" });
  return say(phase);
}

/** The whole line below a bar. */
export function sentence(state: State): string {
  const { phase, told } = state;
  const parts: string[] = [];
  if (phase === "queued" && told?.position) parts.push(say("queuedBehind", { n: told.position }));
  else if (phase === "downloading" && told?.bytes && told.total)
    parts.push(say("downloadingOf", { done: size(told.bytes), total: size(told.total) }));
  else if (phase === "downloading" && told?.bytes) parts.push(say("downloadingSome", { done: size(told.bytes) }));
  else if (phase === "converting" && typeof told?.waiting === "number")
    parts.push(say(told.waiting ? "waitingBehind" : "waiting", { step: phrase(state), n: told.waiting }));
  else parts.push(phrase(state));
  if (phase === "converting" && typeof told?.waiting !== "number") {
    if (state.overall !== null) parts.push(percent(state.overall, state.estimated));
    if (state.eta !== null) parts.push(timeLeft(state.eta));
  }
  return parts.join(" · ");
}
