// Builds the browser side into the Python package: omnic.js (the one public name), hashed chunks, the page's script and style,
// and manifest.json, by which the service finds them: {files: {<logical name>: {file, hash, integrity, bytes, gzip}}}.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, process.env.OMNIC_ASSETS ?? "../src/omnic_stream/web/assets");

/** `x.css?inline`: minified text, for constructable style sheets (a strict CSP blocks <style>, not these). */
const inlineCss = {
  name: "inline-css",
  setup(build) {
    build.onResolve({ filter: /\.css\?inline$/ }, (args) => ({
      path: resolve(args.resolveDir, args.path.replace("?inline", "")),
      namespace: "inline-css",
    }));
    build.onLoad({ filter: /.*/, namespace: "inline-css" }, async (args) => {
      const source = await readFile(args.path, "utf8");
      const { code } = await esbuild.transform(source, { loader: "css", minify: true, target: "es2022" });
      return { contents: code.trim(), loader: "text", watchFiles: [args.path] };
    });
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

const builds = await Promise.all([
  esbuild.build({
    ...common,
    entryPoints: { omnic: "src/core/index.ts" },
    splitting: true,
    plugins: [inlineCss],
  }),
  esbuild.build({
    ...common,
    entryPoints: {
      page: "src/page/page.ts",
      "page-style": "src/page/page.css",
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
for (const { outputFiles, metafile } of builds) {
  for (const output of outputFiles) {
    const file = basename(output.path);
    const about = metafile.outputs[relative(here, output.path)];
    const entry = about?.entryPoint ?? Object.keys(about?.inputs ?? {})[0];
    const name = file === "omnic.js" ? file : file.replace(/-[A-Z0-9]{8}\./, ".");
    files[entry?.startsWith("src/viewers/") ? `viewer/${name}` : name] = {
      file,
      hash: createHash("sha256").update(output.contents).digest("hex"),
      integrity: `sha384-${createHash("sha384").update(output.contents).digest("base64")}`,
      bytes: output.contents.length,
      gzip: gzipSync(output.contents, { level: 9 }).length,
    };
    await writeFile(join(out, file), output.contents);
  }
}
await writeFile(join(out, "manifest.json"), `${JSON.stringify({ entry: "omnic.js", files }, null, 2)}\n`);

const wanted = new Set(["manifest.json", ...Object.values(files).map((about) => about.file)]);
for (const left of await readdir(out)) if (!wanted.has(left)) await rm(join(out, left), { recursive: true });

for (const [name, about] of Object.entries(files)) {
  console.log(`${name.padEnd(24)} ${String(about.bytes).padStart(7)} B ${String(about.gzip).padStart(7)} B gzip`);
}

for (const [name, most] of Object.entries(budget)) {
  const { gzip } = files[name] ?? {};
  if (gzip > most || gzip === undefined) {
    console.error(`${name}: ${gzip ?? "not built"}, and budget.json allows ${most} B gzip.`);
    process.exitCode = 1;
  }
}
