// @vitest-environment node
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

// The npm package as it would be published: built, packed, unpacked where a project would have it.
const here = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const project = mkdtempSync(join(tmpdir(), "omnic-package-"));
const installed = join(project, "node_modules/@omnic-stream/viewers");
let files: string[] = [];

beforeAll(() => {
  const run = (program: string, ...words: string[]): string =>
    execFileSync(program, words, { cwd: here, encoding: "utf8" });
  run(process.execPath, "package.mjs");
  const told = run("npm", "pack", "--json", "--offline", "--ignore-scripts", "--pack-destination", project);
  const [packed] = JSON.parse(told) as { filename: string; files: { path: string }[] }[];
  files = packed?.files.map(({ path }) => path) ?? [];
  mkdirSync(installed, { recursive: true });
  run("tar", "-xzf", join(project, packed?.filename ?? ""), "-C", installed, "--strip-components", "1");
}, 120_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

const viewers = readdirSync(join(here, "src/viewers"), { recursive: true, encoding: "utf8" })
  .filter((path) => /^[\w-]+\/index\.ts$/.test(path))
  .map((path) => dirname(path));
const read = (path: string): string => readFileSync(join(installed, path), "utf8");

test("what is packed is what is built, and no source or test", () => {
  expect(files).toEqual(
    expect.arrayContaining([
      "package.json",
      "README.md",
      "dist/LICENSE",
      "dist/licences.txt",
      "dist/omnic.js",
      "dist/custom-elements.json",
      "dist/types/core/index.d.ts",
      "dist/types/viewer.d.ts",
      ...viewers.map((name) => `dist/viewer-${name}.js`),
    ]),
  );
  expect(files.filter((path) => !/^(dist\/|package\.json$|README\.md$)/.test(path))).toEqual([]);
  expect(files.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))).toEqual([]);
});

test("every module that is loaded is there", () => {
  const scripts = files.filter((path) => /^dist\/.*\.m?js$/.test(path));
  const wanted = scripts.flatMap((path) =>
    [...read(path).matchAll(/(?:from|import\(?)\s*"(\.\/[^"]+)"/g)].map(
      (found) => `dist/${(found[1] as string).slice(2)}`,
    ),
  );
  expect(wanted.length).toBeGreaterThan(viewers.length);
  expect(wanted.filter((path) => !files.includes(path))).toEqual([]);
  expect(scripts.filter((path) => /from\s*"words:|\?inline"/.test(read(path)))).toEqual([]);
});

test("custom-elements.json tells all of the element and nothing of its insides", () => {
  const { modules } = JSON.parse(read("dist/custom-elements.json"));
  const [element] = modules[0].declarations;
  const names = (of: { name: string }[]): string[] => of.map(({ name }) => name).sort();
  expect(element.tagName).toBe("omnic-view");
  const source = readFileSync(join(here, "src/core/element.ts"), "utf8");
  const observed = /const ATTRIBUTES = \[([^\]]+)\]/.exec(source)?.[1]?.match(/\w+/g) ?? [];
  expect(observed.length).toBeGreaterThan(5);
  expect(names(element.attributes)).toEqual(expect.arrayContaining(observed));
  expect(names(element.events)).toEqual(["omnic-close", "omnic-failed", "omnic-open", "omnic-progress", "omnic-ready"]);
  const core = ["element.ts", "work.ts"].map((name) => readFileSync(join(here, "src/core", name), "utf8")).join("");
  const parts = [...new Set([...core.matchAll(/part: "([\w-]+)"/g)].map((found) => found[1] as string))];
  expect(names(element.cssParts)).toEqual(parts.sort());
  const css = readFileSync(join(here, "src/core/element.css"), "utf8");
  const properties = [...new Set([...css.matchAll(/^\s*(--omnic-[\w-]+):/gm)].map((found) => found[1] as string))];
  expect(names(element.cssProperties)).toEqual(properties.sort());
  expect(element.slots).toHaveLength(1);
  expect(names(element.members)).toEqual(expect.arrayContaining(["open", "close", "retry", "state", "href"]));
  expect(JSON.stringify(element)).not.toContain('"#');
  for (const kind of ["attributes", "events", "cssParts", "cssProperties", "slots"])
    for (const one of element[kind]) expect(one.description, `${kind} ${one.name}`).toBeTruthy();
});

/** What the compiler says of a project's file that uses the package. */
function compiled(source: string): string {
  writeFileSync(join(project, "page.ts"), source);
  const options = {
    strict: true,
    noEmit: true,
    target: "es2022",
    module: "esnext",
    moduleResolution: "bundler",
    types: [],
  };
  writeFileSync(
    join(project, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...options, lib: ["es2023", "dom", "dom.iterable"] }, files: ["page.ts"] }),
  );
  try {
    execFileSync(join(here, "node_modules/.bin/tsc"), ["--project", project], { cwd: project, encoding: "utf8" });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test("a project's own TypeScript knows the element, its events and the viewers", () => {
  const page = `
import { type OmnicView, register, type Shown, type Viewer } from "@omnic-stream/viewers";
const view: OmnicView = document.createElement("omnic-view");
view.url = "https://example.org/report.docx";
view.addEventListener("omnic-ready", (event) => console.log(event.detail.href?.length));
document.querySelector("omnic-view")?.open();
const pdf: Viewer = { name: "pdf", shows: ["PDF"], load: () => import("@omnic-stream/viewers/viewers/pdf") };
register(pdf);
const own = async (root: HTMLElement, shown: Shown) => {
  root.textContent = shown.title;
  return { destroy: () => root.replaceChildren() };
};
register({ name: "own", shows: ["TXT"], load: async () => ({ mount: own }) });
document.body.append(view);
`;
  expect(compiled(page)).toBe("");
  expect(compiled(page.replace('view.url = "', 'view.urls = "'))).toContain("page.ts(4,6): error");
  expect(compiled(page.replace("event.detail.href", "event.detail.hreff"))).toContain("hreff");
  expect(compiled(page.replace("shows: [", "shown: ["))).toContain("page.ts(7");
}, 60_000);
