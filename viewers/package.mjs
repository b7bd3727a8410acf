// Builds dist/, which is what the npm package holds: omnic.js and a module for each viewer (ESM, with what they load beside them),
// declarations, custom-elements.json, and the licences of what is in it.
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { common, here, keepFiles, licences, packagesIn, plugins, viewers } from "./bundling.mjs";

const out = join(here, "dist");
const types = join(out, "types");
const program = (name, ...words) =>
  execFileSync(join(here, "node_modules/.bin", name), words, { cwd: here, stdio: ["ignore", "ignore", "inherit"] });

await rm(out, { recursive: true, force: true });
await mkdir(out);
const { metafile } = await esbuild.build({
  ...common,
  entryPoints: {
    omnic: "src/core/index.ts",
    ...Object.fromEntries(viewers.map((name) => [`viewer-${name}`, `src/viewers/${name}/index.ts`])),
  },
  chunkNames: "chunk-[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".svg": "text" },
  outdir: out,
  splitting: true,
  plugins,
});
const { legal } = await keepFiles(out);
await writeFile(join(out, "licences.txt"), await licences(packagesIn([metafile]), legal));
await copyFile(join(here, "../LICENSE"), join(out, "LICENSE"));

program("tsc", "--project", "tsconfig.package.json");
// The compiler leaves `./x.ts` in declarations, and takes the stage along, which none of them names.
await rm(join(types, "stage"), { recursive: true });
for (const name of await readdir(join(types, "core"))) {
  const path = join(types, "core", name);
  await writeFile(path, (await readFile(path, "utf8")).replace(/(from ")(\.\.?\/[^"]+)\.ts"/g, '$1$2.js"'));
}
// Every viewer's module has the same shape.
await writeFile(
  join(types, "viewer.d.ts"),
  `import type { Module } from "./core/registry.js";
export declare const mount: Module["mount"];
export declare const words: Module["words"];
`,
);

program("cem", "analyze", "--quiet", "--globs", "src/core/element.ts", "--outdir", "dist");
const manifest = join(out, "custom-elements.json");
const described = JSON.parse(await readFile(manifest, "utf8"));
const element = described.modules
  .flatMap(({ declarations }) => declarations)
  .find(({ tagName }) => tagName === "omnic-view");
element.members = element.members.filter(({ privacy, name }) => privacy !== "private" && !/Callback$/.test(name));
// The analyser finds the names that the code dispatches too, of which one is put together.
element.events = element.events.filter(({ name, description }) => name && description);
described.modules = [
  {
    kind: "javascript-module",
    path: "dist/omnic.js",
    declarations: [element],
    exports: [
      { kind: "js", name: "OmnicView", declaration: { name: "OmnicView", module: "dist/omnic.js" } },
      {
        kind: "custom-element-definition",
        name: "omnic-view",
        declaration: { name: "OmnicView", module: "dist/omnic.js" },
      },
    ],
  },
];
await writeFile(manifest, `${JSON.stringify(described, null, 2)}\n`);
