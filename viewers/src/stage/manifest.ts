/** The viewers that a service has, and their files with their digests. */

import type { Viewer } from "../core/registry.ts";

interface File {
  readonly file: string;
  readonly integrity: string;
  readonly imports?: readonly string[];
}

interface Listed {
  readonly name: string;
  readonly title: string;
  readonly opens: readonly string[];
  readonly shows: readonly string[];
  readonly media_types: readonly string[];
  /** Below /viewer/. */
  readonly module: string;
}

interface Manifest {
  readonly files: Readonly<Record<string, File>>;
  readonly viewers: readonly Listed[];
}

const known = new Map<string, Promise<Viewer[]>>();

/** In the service's order. Rejects where the manifest cannot be had; the next one who asks tries again. */
export function viewersOf(base: URL): Promise<Viewer[]> {
  let viewers = known.get(base.href);
  if (!viewers) {
    viewers = load(base);
    viewers.catch(() => known.delete(base.href));
    known.set(base.href, viewers);
  }
  return viewers;
}

async function load(base: URL): Promise<Viewer[]> {
  const home = new URL("viewer/", base);
  const response = await fetch(new URL("manifest.json", home));
  if (!response.ok) throw new Error(`The list of viewers: ${response.status}`);
  const { files, viewers } = (await response.json()) as Manifest;
  const byFile = new Map(Object.values(files).map((one) => [one.file, one]));
  return viewers.map(({ name, title, opens, shows, media_types, module }) => ({
    name,
    title,
    // one module may stand under several names, and its style goes by its own
    kind: /^viewer-([\w-]+)-[A-Z0-9]{8}\.js$/.exec(module)?.[1] ?? name,
    opens,
    shows,
    mediaTypes: media_types,
    load: () => {
      preload(home, module, byFile, new Set());
      return import(new URL(module, home).href);
    },
  }));
}

/** `import()` knows no integrity, a preload does: what it let through is what is imported. */
function preload(home: URL, file: string, files: ReadonlyMap<string, File>, seen: Set<string>): void {
  const about = files.get(file);
  if (!about || seen.has(file)) return;
  seen.add(file);
  const href = new URL(file, home).href;
  if (!document.querySelector(`link[rel=modulepreload][href="${CSS.escape(href)}"]`)) {
    const { integrity } = about;
    document.head.append(
      Object.assign(document.createElement("link"), {
        rel: "modulepreload",
        href,
        integrity,
        crossOrigin: "anonymous",
      }),
    );
  }
  for (const other of about.imports ?? []) preload(home, other, files, seen);
}
