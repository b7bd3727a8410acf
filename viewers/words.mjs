// Words in six languages stand beside the code that says them, in words.json: {key: {en, de, fr, es, ja, ar}}. Modules are made of
// them: `words:core` (English, of the core), `words:stage` (English, of the stage and all viewers), `words:de` ... (everything),
// `words:languages` (how to load those).
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = join(dirname(fileURLToPath(import.meta.url)), "src");
export const LANGUAGES = ["en", "de", "fr", "es", "ja", "ar"];

/** Every words.json below src, by its folder ("core", "stage", "viewers/pdf"). */
export async function allWords() {
  const found = {};
  for (const path of (await readdir(source, { recursive: true })).sort()) {
    if (!path.endsWith("words.json")) continue;
    found[dirname(path).replaceAll("\\", "/")] = JSON.parse(await readFile(join(source, path), "utf8"));
  }
  return found;
}

/** The text of the module `words:<name>`. */
export async function wordsModule(name) {
  if (name === "languages") {
    return `export default {${LANGUAGES.slice(1).map((one) => `${one}: () => import("words:${one}")`)}};`;
  }
  const language = LANGUAGES.includes(name) ? name : "en";
  const all = Object.entries(await allWords());
  const entries = all.flatMap(([folder, table]) =>
    Object.entries(table).map(([key, said]) => [folder, key, said[language]]),
  );
  const chosen = entries.filter(([folder, key]) => {
    const viewer = folder.startsWith("viewers/");
    const shared = folder.startsWith("kit/"); // what viewers have in common comes with each of them
    if (language === name) return true;
    if (name === "stage") return folder !== "core" && !shared && (!viewer || key.endsWith(".title"));
    return folder === name || (shared && name.startsWith("viewers/"));
  });
  return `export default ${JSON.stringify(Object.fromEntries(chosen.map(([, key, text]) => [key, text])))};`;
}

/** For esbuild. */
export const words = {
  name: "words",
  setup(build) {
    build.onResolve({ filter: /^words:/ }, (args) => ({ path: args.path.slice(6), namespace: "words" }));
    // A viewer's module brings its own English: it exports `words`.
    build.onLoad({ filter: /[\\/]viewers[\\/][\w-]+[\\/]index\.ts$/ }, async ({ path }) => {
      const folder = dirname(path);
      const text = await readFile(path, "utf8");
      const spoken = existsSync(join(folder, "words.json"));
      const line = `\nexport { default as words } from "words:viewers/${basename(folder)}";\n`;
      return { contents: spoken ? text + line : text, loader: "ts", resolveDir: folder };
    });
    build.onLoad({ filter: /.*/, namespace: "words" }, async (args) => ({
      contents: await wordsModule(args.path),
      resolveDir: source,
    }));
  },
};

/** For vite, which runs the unit tests. */
export const viteWords = () => ({
  name: "words",
  resolveId: (id) => (id.startsWith("words:") ? `\0${id}` : null),
  load: (id) => (id.startsWith("\0words:") ? wordsModule(id.slice(7)) : null),
});
