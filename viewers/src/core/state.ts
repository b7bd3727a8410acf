/** How something wanted stands, as a person should see it. Pure: a state and a notification in, a state out. */

import type { EventName, Told } from "./wire.ts";

export type Phase = "idle" | EventName;

export interface State {
  readonly phase: Phase;
  /** Part of the whole that is done, in [0, 1); 1 when ready; null while unknown. Never goes back. */
  readonly overall: number | null;
  /** Whether `overall` comes from history, not from the tool. */
  readonly estimated: boolean;
  /** Seconds left, where there is anything to tell it from. */
  readonly eta: number | null;
  /** The notification that led here. */
  readonly told: Told | null;
}

export const IDLE: State = { phase: "idle", overall: null, estimated: false, eta: null, told: null };

/** As near to full as a bar may come before `ready`. */
export const ALMOST = 0.99;

export const settled = (state: State): boolean => state.phase === "ready" || state.phase === "failed";

/** A settled state stays; the bar only grows, and is full at `ready` alone. */
export function advance(state: State, told: Told): State {
  if (settled(state)) return state;
  if (told.name === "ready") return { phase: "ready", overall: 1, estimated: false, eta: 0, told };
  const said = told.overall;
  const better = typeof said === "number" && said > (state.overall ?? -1);
  return {
    phase: told.name,
    overall: better ? Math.min(Math.max(said, 0), ALMOST) : state.overall,
    estimated: typeof said === "number" ? told.estimated === true : state.estimated,
    eta: typeof told.eta === "number" && told.eta >= 0 && typeof told.waiting !== "number" ? told.eta : null,
    told,
  };
}
