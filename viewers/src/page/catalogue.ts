/** What a file can become, in the order in which people look for it. Pure. */

export interface Argument {
  name: string;
  kind: string;
  low?: number | null;
  high?: number | null;
  choices?: string[];
}

export interface FormatFacts {
  name: string;
  title: string;
  category: string;
  arguments?: Argument[];
}

export interface PossibleType {
  type: string;
  steps: number;
  cost: number;
}

export interface Choice extends PossibleType {
  title: string;
  arguments: Argument[];
}

export interface Group {
  heading: string;
  choices: Choice[];
}

const COMMON_MOST = 8;

const HEADINGS: readonly (readonly [heading: string, categories: readonly string[]])[] = [
  ["By purpose", ["wish"]],
  ["Pictures", ["raster", "vector"]],
  ["Documents", ["page", "office", "document", "spreadsheet", "presentation", "ebook"]],
  ["Text and markup", ["text", "markup", "notebook", "mail", "subtitle"]],
  ["Code", ["code"]],
  ["Data and tables", ["data", "table", "calendar"]],
  ["Sound and film", ["audio", "video"]],
  ["Models and maps", ["mesh", "molecule", "geo"]],
  ["Archives and packages", ["archive", "package", "directory"]],
  ["Fonts", ["font"]],
  ["Facts about the file", ["fact"]],
];
const REST = "Other";

const headingOf = (category: string): string =>
  HEADINGS.find(([, categories]) => categories.includes(category))?.[0] ?? REST;

const SIZE: Argument[] = [
  { name: "width", kind: "int", low: 1, high: 8192 },
  { name: "height", kind: "int", low: 1, high: 8192 },
];

/** Every type that the file can become, with what is known of each; thumbnails count as pictures. */
export function describe(
  types: readonly PossibleType[],
  formats: readonly FormatFacts[],
): Map<string, Choice & { category: string }> {
  const facts = new Map(formats.map((one) => [one.name.toLowerCase(), one]));
  return new Map(
    types.map((one) => {
      const known = facts.get(one.type.toLowerCase());
      const thumb = one.type.toLowerCase().startsWith("thumb.");
      return [
        one.type,
        {
          ...one,
          title: known?.title ?? "",
          category: known?.category ?? (thumb ? "raster" : ""),
          arguments: known?.arguments ?? (thumb ? SIZE : []),
        },
      ];
    }),
  );
}

/** Common ones first, then by kind; within a kind the cheapest roads first. `words` filters by name and title. */
export function arrange(
  types: readonly PossibleType[],
  formats: readonly FormatFacts[],
  words = "",
  first: readonly string[] = [],
): Group[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...describe(types, formats).values()].filter((one) => {
    const text = `${one.type} ${one.title}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  const groups: Group[] = [];
  const common = wanted.length
    ? []
    : first
        .flatMap((name) => found.find((one) => one.type.toLowerCase() === name.toLowerCase()) ?? [])
        .slice(0, COMMON_MOST);
  if (common.length) groups.push({ heading: "Most asked for", choices: common });
  for (const heading of [...HEADINGS.map(([name]) => name), REST]) {
    const choices = found
      .filter((one) => headingOf(one.category) === heading && !common.includes(one))
      .sort((a, b) => a.steps - b.steps || a.cost - b.cost || a.type.localeCompare(b.type));
    if (choices.length) groups.push({ heading, choices });
  }
  return groups;
}

/** `thumb.png` and {width: "200", height: "100", page: "2"} -> `thumb.png:200x100,page=2`. */
export function target(type: string, given: Readonly<Record<string, string>>): string {
  const { width = "", height = "", ...others } = given;
  const parts = width && height ? [`${width}x${height}`] : [];
  if (width && !height) parts.push(`width=${width}`);
  if (height && !width) parts.push(`height=${height}`);
  for (const [name, value] of Object.entries(others)) if (value) parts.push(`${name}=${value}`);
  return type.toLowerCase() + (parts.length ? `:${parts.join(",")}` : "");
}

/** The reverse. */
export function parseTarget(text: string): { type: string; given: Record<string, string> } {
  const [type = "", rest = ""] = text.split(/:(.*)/s);
  const given: Record<string, string> = {};
  for (const part of rest.split(",").filter(Boolean)) {
    const measures = /^(\d+)x(\d+)$/i.exec(part);
    const [name = "", value = ""] = part.split(/=(.*)/s);
    if (measures) Object.assign(given, { width: measures[1], height: measures[2] });
    else if (value) given[name] = value;
  }
  return { type, given };
}
