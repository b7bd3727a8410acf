// Builds the browser side into the Python package: omnic.js (the one public name), hashed chunks, the page's script and style,
// and manifest.json, by which the service finds them: {files: {<logical name>: {file, hash, integrity, bytes, gzip}}}.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { words } from "./words.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, process.env.OMNIC_ASSETS ?? "../src/omnic_stream/web/assets");

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

/** The page and whoever embeds us share one omnic.js, hence one socket: the page imports it by its public name. */
const sharedCore = {
  name: "shared-core",
  setup(build) {
    build.onResolve({ filter: /core\/index\.ts$/ }, () => ({ path: "./omnic.js", external: true }));
  },
};

const common = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none",
  metafile: true,
  outdir: out,
  write: false,
  chunkNames: "[name]-[hash]",
  logLevel: "warning",
};

const viewers = (await readdir(join(here, "src/viewers"), { withFileTypes: true }))
  .filter((entry) => entry.isDirectory() && existsSync(join(here, "src/viewers", entry.name, "index.ts")))
  .map(({ name }) => name)
  .sort();

const builds = await Promise.all([
  esbuild.build({
    ...common,
    entryPoints: { omnic: "src/core/index.ts" },
    splitting: true,
    plugins: [inlineCss, words],
  }),
  esbuild.build({
    ...common,
    entryPoints: Object.fromEntries(viewers.map((name) => [name, `src/viewers/${name}/index.ts`])),
    entryNames: "viewer-[name]-[hash]",
    chunkNames: "viewer-chunk-[hash]",
    assetNames: "viewer-[name]-[hash]",
    loader: { ".svg": "text" },
    splitting: true,
    plugins: [inlineCss, fileOfItsOwn, words],
  }),
  esbuild.build({
    ...common,
    entryPoints: {
      page: "src/page/page.ts",
      "page-style": "src/page/page.css",
      demo: "src/page/demo.ts",
      "demo-style": "src/page/demo.css",
      open: "src/page/open.ts",
      "open-style": "src/page/open.css",
      icon: "src/page/icon.svg",
      admin: "src/admin/admin.ts",
      "admin-style": "src/admin/admin.css",
    },
    entryNames: "[name]-[hash]",
    loader: { ".svg": "copy" },
    plugins: [sharedCore],
  }),
]);

const budget = JSON.parse(await readFile(join(here, "budget.json"), "utf8"));
const files = {};
await mkdir(out, { recursive: true });
const packages = new Set();
/** What each file loads later: modules on demand and workers. */
const loads = new Map();
for (const { outputFiles, metafile } of builds) {
  for (const output of outputFiles) {
    const file = basename(output.path);
    const about = metafile.outputs[relative(here, output.path)];
    const entry = about?.entryPoint ?? Object.keys(about?.inputs ?? {})[0] ?? "";
    const viewer = /^src\/viewers\/([\w-]+)\/index\.ts$/.exec(about?.entryPoint ?? "")?.[1];
    const spoken = /^words:(\w+)$/.exec(entry)?.[1];
    const opened = /^src\/(stage)\/index\.ts$/.exec(entry)?.[1];
    const plain = file === "omnic.js" ? file : file.replace(/-[A-Z0-9]{8}\./, ".");
    const name = viewer ? `viewer/${viewer}.js` : spoken ? `words/${spoken}.js` : opened ? `${opened}.js` : plain;
    files[name in files ? file : name] = {
      file,
      hash: createHash("sha256").update(output.contents).digest("hex"),
      integrity: `sha384-${createHash("sha384").update(output.contents).digest("base64")}`,
      bytes: output.contents.length,
      gzip: gzipSync(output.contents, { level: 9 }).length,
      imports: (about?.imports ?? [])
        .filter(({ kind }) => kind === "import-statement")
        .map(({ path }) => basename(path)),
    };
    const later = (about?.imports ?? []).filter(({ kind }) => kind === "dynamic-import" || kind === "file-loader");
    loads.set(
      file,
      later.map(({ path }) => basename(path)),
    );
    for (const input of Object.keys(about?.inputs ?? {})) {
      const owner = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
      if (owner) packages.add(owner);
    }
    await writeFile(join(out, file), output.contents);
  }
}

/** Files that a library asks for by name (fonts, tables): `assets.json` beside a viewer lists them, and they keep their names. */
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

await writeFile(join(out, "licences.txt"), await licences());
await writeFile(join(out, "manifest.json"), `${JSON.stringify({ entry: "omnic.js", files }, null, 2)}\n`);

const wanted = new Set(["manifest.json", "licences.txt", ...kept, ...Object.values(files).map((about) => about.file)]);
for (const left of await readdir(out)) if (!wanted.has(left)) await rm(join(out, left), { recursive: true });

/** What we ship of others says whose it is, in their words. */
async function licences() {
  const parts = [];
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((one) => /^(licen[cs]e|copying)/i.test(one));
    const text = file ? await readFile(join(folder, file), "utf8") : "";
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  for (const [name, path] of legal) parts.push(`${name}\n\n${(await readFile(path, "utf8")).trim()}\n`);
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

for (const [name, about] of Object.entries(files)) {
  console.log(`${name.padEnd(24)} ${String(about.bytes).padStart(7)} B ${String(about.gzip).padStart(7)} B gzip`);
}

/** What a viewer's first use loads: its module and all that this imports; with a `+` also what it loads on demand, and workers. */
function whole(asked) {
  const name = asked.replace(/\+$/, "");
  const byFile = new Map(Object.values(files).map((about) => [about.file, about]));
  const seen = new Set();
  const add = (about) => {
    if (!about || seen.has(about)) return;
    seen.add(about);
    const more = asked === name ? [] : (loads.get(about.file) ?? []);
    for (const file of [...about.imports, ...more]) if (file !== "omnic.js") add(byFile.get(file));
  };
  add(files[name]);
  return [...seen].reduce((sum, { gzip }) => sum + gzip, 0) || undefined;
}

for (const [name, most] of Object.entries(budget)) {
  const gzip = whole(name);
  if (gzip > most || gzip === undefined) {
    console.error(`${name}: ${gzip ?? "not built"}, and budget.json allows ${most} B gzip.`);
    process.exitCode = 1;
  }
}
