// What the two builds share: into the Python package (build.mjs) and as an npm package (package.mjs).
import { existsSync } from "node:fs";
import { copyFile, readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { words } from "./words.mjs";

export const here = dirname(fileURLToPath(import.meta.url));

/** `x.css?inline`: minified text, for constructable style sheets (a strict CSP blocks <style>, not these). */
const inlineCss = {
  name: "inline-css",
  setup(build) {
    build.onResolve({ filter: /\.css\?inline$/ }, (args) => ({
      path: args.path.startsWith(".")
        ? resolve(args.resolveDir, args.path.replace("?inline", ""))
        : fileURLToPath(import.meta.resolve(args.path.replace("?inline", ""))),
      namespace: "inline-css",
    }));
    build.onLoad({ filter: /.*/, namespace: "inline-css" }, async (args) => {
      const source = await readFile(args.path, "utf8");
      const { code } = await esbuild.transform(source, { loader: "css", minify: true, target: "es2022" });
      return { contents: code.trim(), loader: "text", watchFiles: [args.path] };
    });
  },
};

/** `x?url`: a file of its own, a worker, under a hashed name; the import is its address relative to the module (`./x-HASH.mjs`). */
const fileOfItsOwn = {
  name: "file-of-its-own",
  setup(build) {
    build.onResolve({ filter: /\?url$/ }, async (args) => {
      const { path } = await build.resolve(args.path.slice(0, -4), { resolveDir: args.resolveDir, kind: args.kind });
      return { path, namespace: "file-of-its-own" };
    });
    build.onLoad({ filter: /.*/, namespace: "file-of-its-own" }, async (args) => ({
      contents: await readFile(args.path),
      loader: "file",
    }));
  },
};

/** OpenLayers' map brings the controls and interactions that it has where it is given none; ours is always given its own. */
const noDefaults = {
  name: "no-defaults",
  setup(build) {
    build.onResolve({ filter: /\/defaults\.js$/ }, ({ path, importer }) =>
      /\/ol\/Map\.js$/.test(importer) ? { path, namespace: "no-defaults" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "no-defaults" }, () => ({ contents: "export const defaults = () => [];" }));
  },
};

export const plugins = [inlineCss, fileOfItsOwn, noDefaults, words];

export const common = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none",
  metafile: true,
  chunkNames: "[name]-[hash]",
  logLevel: "warning",
};

export const viewers = (await readdir(join(here, "src/viewers"), { withFileTypes: true }))
  .filter((entry) => entry.isDirectory() && existsSync(join(here, "src/viewers", entry.name, "index.ts")))
  .map(({ name }) => name)
  .sort();

/** Packages of others that are in these builds. */
export function packagesIn(metafiles) {
  const found = new Set();
  for (const { inputs } of metafiles.flatMap(({ outputs }) => Object.values(outputs))) {
    for (const input of Object.keys(inputs)) {
      const owner = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
      if (owner) found.add(owner);
    }
  }
  return [...found].sort();
}

/**
 * Files that a library asks for by name (fonts, tables): `assets.json` beside a viewer lists them, and they keep their names.
 * Answers their names, and where their licences are.
 */
export async function keepFiles(out) {
  const kept = new Set();
  const legal = new Map();
  for (const viewer of viewers) {
    const list = await readFile(join(here, "src/viewers", viewer, "assets.json"), "utf8").catch(() => "[]");
    for (const { from, names } of JSON.parse(list)) {
      const wanted = new RegExp(names);
      for (const name of await readdir(join(here, "node_modules", from))) {
        if (/^licen[cs]e/i.test(name)) legal.set(`${from}/${name}`, join(here, "node_modules", from, name));
        if (!wanted.test(name)) continue;
        await copyFile(join(here, "node_modules", from, name), join(out, name));
        kept.add(name);
      }
    }
  }
  return { kept, legal };
}

/** What we ship of others says whose it is, in their words. */
export async function licences(packages, legal) {
  const parts = [];
  for (const name of packages) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((one) => /^(licen[cs]e|copying)/i.test(one));
    const text = file ? await readFile(join(folder, file), "utf8") : "";
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  for (const [name, path] of legal) parts.push(`${name}\n\n${(await readFile(path, "utf8")).trim()}\n`);
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}
