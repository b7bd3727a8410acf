import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { guarded } from "./again.ts";
import { EVERY, type Specimen, shown, stage } from "./every.ts";
import { embed, expect, type Running, serveZoo, test as zooTest } from "./zoo.ts";

// Everything of zoo/hostile in its viewer, and names and contents that attack in every viewer: it is shown, or a sentence says why not;
// nothing runs, nothing is fetched from elsewhere.
const project = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const zooFolder = join(project, "tests/zoo");

const ATTACK = '<img src=x onerror="window.pwned=1">';
const escaped = ATTACK.replaceAll("<", "&lt;").replaceAll('"', "&quot;");
const TOLD = "<img src onerror=pwned=1>";
const atom = "<img/src=x/onerror=window.pwned=1>"; // MOL2 parts its words at spaces

const CONTENTS = {
  "atoms.mol2": `@<TRIPOS>MOLECULE
${ATTACK}
3 2 1 0 0
SMALL
USER_CHARGES

@<TRIPOS>ATOM
1 ${atom} 0.0000 0.0000 0.1173 O.3 1 ${atom} -0.8
2 H1 0.0000 0.7572 -0.4692 H 1 ${atom} 0.4
3 H2 0.0000 -0.7572 -0.4692 H 1 ${atom} 0.4
@<TRIPOS>BOND
1 1 2 1
2 1 3 1
`,
  "columns.csv": `hour,"${ATTACK.replaceAll('"', '""')}"\n1,2\n2,4\n3,3\n`,
  "drawing.svg": `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><title>${escaped}</title><script>top.pwned=1</script>
<rect width="90" height="60" fill="#2a7f3b" onload="top.pwned=1"/></svg>`,
} as const;

/** A film for Flash that says of itself that its format is an attack, as long as what stood there. */
function film(): Buffer {
  const packed = readFileSync(join(zooFolder, "video/test.swf"));
  const body = inflateSync(packed.subarray(8)).toString("latin1");
  const told = body.replace("application/x-shockwave-flash", `${TOLD.replace("<", "&lt;")} `);
  return Buffer.concat([Buffer.from("F"), packed.subarray(1, 8), Buffer.from(told, "latin1")]);
}

/** Files whose names attack, at their viewers' names, and whose contents do, at file://made/. */
const test = zooTest.extend<object, { made: Running & { names: ReadonlyMap<string, string> } }>({
  made: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), "omnic-attack-"));
      const samples = join(project, "src/omnic_stream/samples");
      writeFileSync(join(folder, "facts.swf"), film());
      const names = new Map<string, string>();
      for (const { viewer, url, stand } of EVERY) {
        if (stand) continue;
        const from = decodeURIComponent(url).replace("file://zoo", zooFolder).replace("file://samples", samples);
        const name = `${viewer} ${ATTACK}${extname(from)}`;
        cpSync(from, join(folder, name));
        names.set(viewer, `file://made/${encodeURIComponent(name)}`);
      }
      for (const [name, content] of Object.entries(CONTENTS)) writeFileSync(join(folder, name), content);
      const running = await serveZoo("", {}, { made: folder });
      await use({ ...running, names });
      await running.stop();
      rmSync(folder, { recursive: true });
    },
    { scope: "worker", timeout: 60_000 },
  ],
});

// The browser says of what an error in the sandbox wanted to run that it let it not.
const SANDBOX = [/Blocked script execution .* sandboxed|frame is sandboxed/];

/** In no document of the page did a name become a picture. */
async function asText(page: Page): Promise<void> {
  for (const frame of page.frames()) expect(await frame.locator('img[src="x"]').count(), frame.url()).toBe(0);
}

for (const one of EVERY) {
  test(`${one.viewer}: a name and a title that attack are text`, { tag: "@full" }, async ({ page, made, expected }) => {
    expected.push(...SANDBOX);
    const harmless = guarded(page, made.url);
    await stage(page, made, [one]);
    const type = one.stand ? `type="${one.stand.type}" thumb="320x240"` : "";
    await embed(
      page,
      made,
      `<omnic-view url="${made.names.get(one.viewer) ?? one.url}" alt="${escaped}" ${type}></omnic-view>`,
    );
    await page.getByRole("button", { name: `Open ${ATTACK}` }).press("Enter");
    const dialog = page.getByRole("dialog", { name: ATTACK });
    await shown(one, dialog);
    await expect(dialog.locator(".head strong")).toHaveText(ATTACK);
    await asText(page);
    await harmless();
  });
}

/** Opens one that was made. */
async function opened(page: Page, made: Running, name: string, one: Pick<Specimen, "viewer" | "seen" | "tab">) {
  await embed(page, made, `<omnic-view url="file://made/${name}" alt="the file"></omnic-view>`);
  await page.getByRole("button", { name: "Open the file" }).press("Enter");
  return shown({ url: "", ...one }, page.getByRole("dialog"));
}

test("contents that attack are text: facts, atoms, columns, a drawing's source", { tag: "@full" }, async ({
  page,
  made,
  expected,
}) => {
  expected.push(...SANDBOX);
  const harmless = guarded(page, made.url);
  const facts = await opened(page, made, "facts.swf", { viewer: "file", seen: "section" });
  await expect(facts.locator("dd", { hasText: TOLD })).toHaveText(TOLD);
  await expect(facts.locator("img")).toHaveCount(0);
  await asText(page);

  const molecule = await opened(page, made, "atoms.mol2", { viewer: "molecule", seen: ".facts" });
  await expect(molecule.locator(".facts")).toContainText("3 atoms");
  await molecule.getByRole("button", { name: "Labels" }).press("Enter");
  await asText(page);
  const flat = await opened(page, made, "atoms.mol2", { viewer: "molecule-flat", seen: ".signs", tab: 1 });
  await expect(flat).toBeVisible();

  const graph = await opened(page, made, "columns.csv", { viewer: "graph", seen: "canvas", tab: 1 });
  await expect(graph.locator(".legend")).toContainText(ATTACK);
  await asText(page);

  const source = await opened(page, made, "drawing.svg", { viewer: "source", seen: "iframe", tab: 3 });
  await expect(source.locator("iframe").contentFrame().locator("body")).toContainText("top.pwned=1");
  await asText(page);
  await harmless();
});

test("every hostile file opens or says why not, and does nothing else", { tag: "@full" }, async ({
  page,
  expected,
}) => {
  test.setTimeout(900_000);
  expected.push(
    /Failed to load resource|omnic:|sandboxed|ERR_|CSP img-src|CSP frame-src|Blocked|WebGL|OTS parsing|decode downloaded font/,
  );
  const folder = mkdtempSync(join(tmpdir(), "omnic-hostile-"));
  cpSync(zooFolder, join(folder, "zoo"), { recursive: true });
  execFileSync("python3", ["make_hostile.py"], { cwd: join(folder, "zoo") });
  const service = await serveZoo("", {}, { hostile: join(folder, "zoo/hostile") });
  const names = readFileSync(join(folder, "zoo/hostile/HOSTILE.csv"), "utf8")
    .split("\n")
    .slice(1)
    .map((line) => line.split(",", 1)[0] ?? "")
    .filter(Boolean);
  expect(names.length).toBeGreaterThan(50);
  const strange: string[] = [];
  page.on("dialog", (dialog) => {
    strange.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const address = new URL(request.url());
    if (address.origin !== new URL(service.url).origin && !/^(data|blob|about):/.test(address.protocol))
      strange.push(request.url());
  });
  page.on("popup", () => strange.push("a window"));
  const views = names.map(
    (name) => `<omnic-view url="file://hostile/${name}" mode="modal" loading="lazy"></omnic-view>`,
  );
  await embed(page, service, views.join("\n"));
  const dialog = page.getByRole("dialog");
  for (const [at, name] of names.entries()) {
    await test.step(name, async () => {
      await page.evaluate((at) => document.querySelectorAll("omnic-view")[at]?.open(), at);
      await expect(dialog).toBeVisible();
      await expect(dialog.locator(".viewer, [role=alert]:visible").first()).toBeVisible({ timeout: 120_000 });
      await page.evaluate((at) => document.querySelectorAll("omnic-view")[at]?.close(), at);
      await expect(dialog).toBeHidden();
    });
  }
  expect(strange).toEqual([]);
  expect(await page.evaluate(() => document.title)).toBe("embedding");
  await page.goto("about:blank");
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
});
