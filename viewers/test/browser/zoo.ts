import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { test as base, expect, type Locator, type Page } from "@playwright/test";
import { findings, listening } from "./service.ts";

// The service itself with all its converters, on the real specimens of tests/zoo, and a page of its origin under the strict policy.
const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const program = join(root, ".venv/bin/omnic-stream");
export const POLICY = "default-src 'self'; script-src 'self'; style-src 'self'";

/** One running service. `settings` are lines of its omnic.toml, `folders` more roots of files, by name. */
export interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

export async function serveZoo(
  settings = "",
  environment: Record<string, string> = {},
  folders: Record<string, string> = {},
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "omnic-viewers-"));
  const roots = `[file_roots]\nzoo = "${join(root, "tests/zoo")}"\nsamples = "${join(root, "src/omnic_stream/samples")}"\n`;
  const more = Object.entries(folders).map(([name, path]) => `${name} = ${JSON.stringify(path)}\n`);
  writeFileSync(join(folder, "omnic.toml"), `${settings}\n${roots}${more.join("")}`);
  const words = ["serve", "--bind", "127.0.0.1:0", "--store", join(folder, "store")];
  const service: ChildProcess = spawn(program, words, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
    cwd: folder,
  });
  const url = await new Promise<string>((found, failed) => {
    service.on("error", failed);
    service.on("exit", (code) => failed(new Error(`The service ended with ${code}.`)));
    for (const stream of [service.stdout, service.stderr]) {
      if (!stream) continue;
      createInterface(stream).on("line", (line) => {
        const address = /http:\/\/127\.0\.0\.1:[1-9]\d*\/?/.exec(line)?.[0];
        if (address) found(address.endsWith("/") ? address : `${address}/`);
      });
    }
  });
  return {
    url,
    async stop() {
      if (service.exitCode === null) {
        const ended = new Promise((done) => service.once("exit", done));
        service.kill("SIGTERM");
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Each worker has one service; each test fails on any console error, page error or CSP violation that `expected` does not name. */
export const test = base.extend<{ expected: RegExp[]; heard: undefined }, { zoo: Running }>({
  zoo: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => {
      const running = await serveZoo();
      await use(running);
      await running.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  expected: async ({ page: _page }, use) => use([]),
  heard: [
    async ({ page, expected }, use) => {
      const quiet = await listening(page, expected);
      await use(undefined);
      quiet();
    },
    { auto: true },
  ],
});

/** A page at the service's origin, under the strict policy, that holds this. */
export async function embed(page: Page, zoo: Running, body: string, lang = "en"): Promise<void> {
  const address = `${zoo.url}embedding-page`;
  const dir = lang === "ar" ? ' dir="rtl"' : "";
  await page.route(`${address}*`, (route) =>
    route.fulfill({
      headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY },
      body: `<!doctype html><html lang="${lang}"${dir}><head><title>embedding</title><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><script type="module" src="/viewer/omnic.js"></script></head>
<body><main><h1>Files</h1>${body}</main></body></html>`,
    }),
  );
  await page.goto(address);
}

/** The address of a specimen; a whole address is one already. */
export const specimen = (name: string): string =>
  /^(data:|\w+:\/\/)/.test(name) ? name : `file://zoo/${name.split("/").map(encodeURIComponent).join("/")}`;

/** From a thumbnail, by keyboard alone: the viewer of that name, in the dialog. `attributes` go to the element. */
export async function opened(
  page: Page,
  zoo: Running,
  name: string,
  viewer: string,
  { attributes = "", tab = "", patience = 60_000 } = {},
): Promise<Locator> {
  await embed(page, zoo, `<omnic-view url="${specimen(name)}" alt="the file" ${attributes}></omnic-view>`);
  await expect(page.getByRole("button", { name: "Open the file" })).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  if (tab) {
    const chosen = dialog.getByRole("tab", { name: tab, exact: true });
    await expect(chosen).toBeVisible({ timeout: patience });
    for (let turn = 0; turn < 8 && (await chosen.getAttribute("aria-selected")) !== "true"; turn++) {
      // Each time, for a viewer that is done takes the focus unless it is here already.
      await dialog.locator('[role=tab][aria-selected="true"]').focus();
      await page.keyboard.press("ArrowRight");
    }
  }
  const shown = dialog.locator(`.viewer.${viewer}`);
  await expect(shown).toBeVisible({ timeout: patience });
  return shown;
}

/** axe finds nothing, Escape closes, and the focus is back on the thumbnail. */
export async function closed(page: Page): Promise<void> {
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("button", { name: "Open the file" })).toBeFocused();
}

/** How a picture or canvas looks at a point, given as parts of its width and height: [red, green, blue] of the screenshot. */
export async function colourAt(page: Page, locator: Locator, x: number, y: number): Promise<number[]> {
  const data = (await locator.screenshot()).toString("base64");
  return page.evaluate(
    async ({ data, x, y }) => {
      const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(bitmap, 0, 0);
      const at = context.getImageData(Math.floor(x * bitmap.width), Math.floor(y * bitmap.height), 1, 1).data;
      return [...at.slice(0, 3)];
    },
    { data, x, y },
  );
}

/** How many different colours are seen there, to tell a picture from a blank. */
export async function colours(page: Page, locator: Locator): Promise<number> {
  const data = (await locator.screenshot()).toString("base64");
  return page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.drawImage(bitmap, 0, 0);
    const all = new Uint32Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer);
    return new Set(all).size;
  }, data);
}

export { expect, findings };
