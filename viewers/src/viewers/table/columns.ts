/** What columns hold: found by looking at cells, and how each is read as a number to be sorted and drawn by. Pure. */

export type Kind = "number" | "date" | "boolean" | "text";

export interface Column {
  readonly name: string;
  readonly kind: Kind;
  /** A cell's worth: the number, milliseconds since 1970, 0 or 1; NaN where it has none. Of text always NaN. */
  read(cell: string): number;
}

/** Rows that are looked at. */
const SAMPLE = 1000;
/** The part of a column's filled cells that have to be of one kind. */
const MOST = 0.95;

const PLAIN = /^[-+−]?(?:\d{1,3}(?:[,\u202f\u00a0']\d{3})+|\d+)?(?:\.\d+)?(?:e[-+]?\d+)?\s?%?$/i;
const COMMA = /^[-+−]?(?:\d{1,3}(?:[.\u202f\u00a0']\d{3})+|\d+)?(?:,\d+)?(?:e[-+]?\d+)?\s?%?$/i;
const DIGIT = /\d/;
/** "007" names something. */
const PADDED = /^[-+−]?0\d/;
const TRUTHS: Readonly<Record<string, number>> = { true: 1, false: 0, yes: 1, no: 0 };

const ISO =
  /^(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?\s?(Z|UTC|[-+]\d{2}(?::?\d{2})?)?)?)?$/i;
const COMMON = /^(\d{1,2})([./])(\d{1,2})\2(\d{4})(?:,?\s(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?)?$/;

function plain(cell: string): number {
  if (!DIGIT.test(cell) || !PLAIN.test(cell) || PADDED.test(cell)) return Number.NaN;
  return value(cell.replace(/[,\u202f\u00a0']/g, ""));
}

function comma(cell: string): number {
  if (!DIGIT.test(cell) || !COMMA.test(cell) || PADDED.test(cell)) return Number.NaN;
  return value(cell.replace(/[.\u202f\u00a0']/g, "").replace(",", "."));
}

function value(digits: string): number {
  const share = digits.endsWith("%");
  const number = Number.parseFloat(digits.replace("−", "-"));
  return share ? number / 100 : number;
}

const truth = (cell: string): number => TRUTHS[cell.toLowerCase()] ?? Number.NaN;

/** Times without a zone are taken as UTC: they are compared with each other only. */
function moment(dayFirst: boolean): (cell: string) => number {
  return (cell) => {
    const iso = ISO.exec(cell);
    if (iso) {
      const [, year, month, day = "1", hour = "0", minute = "0", second = "0", zone = ""] = iso;
      return instant(year, month, day, hour, minute, second.replace(",", ".")) - offset(zone);
    }
    const other = COMMON.exec(cell);
    if (!other) return Number.NaN;
    const [, one, mark, two, year, hour = "0", minute = "0", second = "0"] = other;
    const [day, month] = dayFirst || mark === "." ? [one, two] : [two, one];
    return instant(year, month, day, hour, minute, second);
  };
}

function instant(year = "", month = "", day = "", hour = "0", minute = "0", second = "0"): number {
  const time = Date.UTC(+year, +month - 1, +day, +hour, +minute, 0) + Number(second) * 1000;
  const back = new Date(Date.UTC(+year, +month - 1, +day));
  // 31/02 would be a day in March
  return back.getUTCDate() === +day && back.getUTCMonth() === +month - 1 && +hour < 25 && +minute < 60
    ? time
    : Number.NaN;
}

function offset(zone: string): number {
  const parts = /^([-+])(\d{2}):?(\d{2})?$/.exec(zone);
  return parts ? (parts[1] === "-" ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3] ?? 0)) * 60_000 : 0;
}

type Reading = readonly [Kind, (cell: string) => number];

const READINGS: readonly Reading[] = [
  ["number", plain],
  ["number", comma],
  ["boolean", truth],
  ["date", moment(false)],
  ["date", moment(true)],
];
const TEXT: Reading = ["text", () => Number.NaN];

/** How nearly all of these cells can be read; text where no way is, or where all are empty. */
function reading(cells: readonly string[]): Reading {
  const filled = cells.filter(Boolean);
  if (!filled.length) return TEXT;
  let best = TEXT;
  let read = 0;
  for (const one of READINGS) {
    const good = filled.reduce((sum, cell) => sum + (Number.isNaN(one[1](cell)) ? 0 : 1), 0);
    if (good > read && good >= filled.length * MOST) {
      best = one;
      read = good;
    }
  }
  return best;
}

/** Whether the first row names the columns: not where a column goes on as it began, with numbers, dates or truths; years may be names. */
export function hasHead(rows: readonly (readonly string[])[]): boolean {
  const [first, ...rest] = rows.slice(0, SAMPLE);
  if (!first || !rest.length) return false;
  const kinds = first.map((cell) => reading([cell.trim()])[0]);
  const isYear = (cell: string): boolean => /^(1[5-9]|2[01])\d\d$/.test(cell.trim());
  if (!first.some((cell, at) => kinds[at] === "text" && cell.trim())) {
    return first.length > 1 && first.every((cell, at) => isYear(cell) && Number(cell) === Number(first[0]) + at);
  }
  return first.every((cell, at) => {
    if (kinds[at] === "text" || isYear(cell)) return true;
    const below = rest.map((row) => (row[at] ?? "").trim());
    return !below.some(Boolean) || reading(below)[0] === "text";
  });
}

/** Columns of these rows, by the names in `head`; those without one are called by `nameless`. */
export function survey(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  nameless: (number: number) => string,
): Column[] {
  const sample = rows.slice(0, SAMPLE);
  const width = sample.reduce((most, row) => Math.max(most, row.length), head.length);
  return Array.from({ length: width }, (_, at) => {
    const [kind, read] = reading(sample.map((row) => (row[at] ?? "").trim()));
    return { name: head[at]?.trim() || nameless(at + 1), kind, read: (cell) => read(cell.trim()) };
  });
}

/** Characters that a column wants, between bounds. */
export function widths(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  const sample = rows.slice(0, 100);
  return columns.map(({ name }, at) => {
    const longest = sample.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), 0);
    return Math.min(Math.max(longest, name.length + 3, 4), 40);
  });
}
