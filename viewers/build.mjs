// Builds the browser side into the Python package: omnic.js (the one public name), hashed chunks, the page's script and style,
// and manifest.json, by which the service finds them: {files: {<logical name>: {file, hash, integrity, bytes, gzip}}}.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { here, keepFiles, licences, packagesIn, plugins, common as shared, viewers } from "./bundling.mjs";

const out = resolve(here, process.env.OMNIC_ASSETS ?? "../src/omnic_stream/web/assets");

/** The page and whoever embeds us share one omnic.js, hence one socket: the page imports it by its public name. */
const sharedCore = {
  name: "shared-core",
  setup(build) {
    build.onResolve({ filter: /core\/index\.ts$/ }, () => ({ path: "./omnic.js", external: true }));
  },
};

const common = { ...shared, outdir: out, write: false };
const builds = await Promise.all([
  esbuild.build({
    ...common,
    entryPoints: { omnic: "src/core/index.ts" },
    splitting: true,
    plugins,
  }),
  esbuild.build({
    ...common,
    entryPoints: Object.fromEntries(viewers.map((name) => [name, `src/viewers/${name}/index.ts`])),
    entryNames: "viewer-[name]-[hash]",
    chunkNames: "viewer-chunk-[hash]",
    assetNames: "viewer-[name]-[hash]",
    loader: { ".svg": "text" },
    splitting: true,
    plugins,
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
    const packed = gzipSync(output.contents, { level: 9 });
    files[name in files ? file : name] = {
      file,
      hash: createHash("sha256").update(output.contents).digest("hex"),
      integrity: `sha384-${createHash("sha384").update(output.contents).digest("base64")}`,
      bytes: output.contents.length,
      gzip: packed.length,
      imports: (about?.imports ?? [])
        .filter(({ kind }) => kind === "import-statement")
        .map(({ path }) => basename(path)),
    };
    const later = (about?.imports ?? []).filter(({ kind }) => kind === "dynamic-import" || kind === "file-loader");
    loads.set(
      file,
      later.map(({ path }) => basename(path)),
    );
    await writeFile(join(out, file), output.contents);
    await writeFile(join(out, `${file}.gz`), packed); // so that the service does not pack megabytes at every start
  }
}

const { kept, legal } = await keepFiles(out);
await writeFile(join(out, "licences.txt"), await licences(packagesIn(builds.map(({ metafile }) => metafile)), legal));
await writeFile(join(out, "manifest.json"), `${JSON.stringify({ entry: "omnic.js", files }, null, 2)}\n`);

const wanted = new Set([
  "manifest.json",
  "licences.txt",
  ...kept,
  ...Object.values(files).flatMap(({ file }) => [file, `${file}.gz`]),
]);
for (const left of await readdir(out)) if (!wanted.has(left)) await rm(join(out, left), { recursive: true });

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
