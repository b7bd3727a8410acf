/** Moments and lengths, in seconds. Pure. */

/** 3723.4 -> "1:02:03". */
export function clock(seconds: number): string {
  const whole = Math.floor(Math.max(seconds, 0) || 0);
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** 63 -> "1 minute, 3 seconds", in that language: for screen readers. */
export function spoken(seconds: number, locale: string): string {
  const whole = Math.floor(Math.max(seconds, 0) || 0);
  const parts = (
    [
      ["hour", Math.floor(whole / 3600)],
      ["minute", Math.floor(whole / 60) % 60],
      ["second", whole % 60],
    ] as const
  ).filter(([unit, value]) => value || (unit === "second" && !whole));
  const said = parts.map(([unit, value]) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(value),
  );
  return new Intl.ListFormat(locale, { type: "unit" }).format(said);
}

/** Where to begin: "12.5", "t=12.5", "1:02:03". 0 for anything else. */
export function beginning(start: string): number {
  const found = /^(?:t=)?((?:\d+:){0,2}\d+(?:\.\d+)?)s?$/.exec(start.trim());
  return found ? (found[1] as string).split(":").reduce((all, part) => all * 60 + Number(part), 0) : 0;
}
