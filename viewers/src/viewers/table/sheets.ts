/** Workbooks and databases hold several tables; the service tells which, and makes each. */

import type { Shown, Stage } from "../../core/registry.ts";
import { choice } from "../../kit/controls.ts";

export interface Start {
  /** From 1. */
  readonly sheet: number;
  readonly row: number;
}

/** "12": row 12; "2!12": row 12 of the second sheet; "2!": the second sheet. */
export function startOf(start: string): Start {
  const parts = /^(?:(\d+)!)?(\d+)?$/.exec(start.trim());
  return { sheet: Math.max(Number(parts?.[1] ?? 1), 1), row: Math.max(Number(parts?.[2] ?? 1), 1) };
}

/** Where this sheet is, as delimited text. */
export function hrefOf(shown: Shown, sheet: number, signal: AbortSignal): Promise<string> {
  return sheet === 1 ? Promise.resolve(shown.href) : shown.make(`${shown.type}:sheet=${sheet}`, signal);
}

/** A sheet's number and name. */
type Named = readonly [string, string];

/** Those that hold something, where there are several. Never rejects: without a list there is no choice. */
async function sheetsOf(shown: Shown, signal: AbortSignal): Promise<Named[]> {
  const alone = shown.format === null || shown.type.toUpperCase() === shown.format;
  if (alone || !shown.can("schema.json")) return [];
  try {
    const response = await fetch(await shown.make("schema.json", signal), { signal });
    const { tables } = (await response.json()) as { tables?: { name?: unknown; columns?: unknown[] }[] };
    const found = (tables ?? []).flatMap(({ name, columns }, at): Named[] =>
      columns?.length ? [[String(at + 1), String(name || at + 1)]] : [],
    );
    return found.length > 1 ? found : [];
  } catch {
    return [];
  }
}

/** A list to choose from, put before `place` when it is known that there are several. */
export async function offerSheets(
  shown: Shown,
  stage: Stage,
  label: string,
  chosen: number,
  place: Element,
  use: (sheet: number) => void,
): Promise<void> {
  const list = await sheetsOf(shown, stage.signal);
  if (stage.signal.aborted || !list.length) return;
  place.before(choice(label, list, String(chosen), (value) => use(Number(value))));
}
