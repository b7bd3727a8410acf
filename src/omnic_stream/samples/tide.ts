// The next high water after a moment, for the page's clock.
interface Tide { at: Date; metres: number }

export function nextHigh(tides: readonly Tide[], now: Date = new Date()): Tide | undefined {
  const later = tides.filter(({ at, metres }) => at > now && metres > 3);
  return later.sort((a, b) => +a.at - +b.at)[0] ?? undefined;
}
