import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { embed, expect, serveZoo, test } from "./zoo.ts";

// Everything of zoo/hostile in its viewer: it is shown, or a sentence says why not; nothing runs, nothing is fetched from elsewhere.
const zooFolder = resolve(dirname(fileURLToPath(import.meta.url)), "../../../tests/zoo");

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
