import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { embed, expect, POLICY, serveZoo, test } from "./zoo.ts";

// examples/ as a stranger copies them: only the service's address is put in.
const examples = resolve(dirname(fileURLToPath(import.meta.url)), "../../../examples");
const read = (name: string): string => readFileSync(join(examples, "embedding", name), "utf8");

test("static.html, below the service's own origin and a strict policy", { tag: "@full" }, async ({
  page,
  zoo,
  expected,
}) => {
  expected.push(/favicon/);
  await page.route(`${zoo.url}our-files`, (route) =>
    route.fulfill({
      headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY },
      body: read("static.html"),
    }),
  );
  await page.goto(`${zoo.url}our-files`);
  await page.getByRole("button", { name: "Open The leaflet" }).click();
  await expect(page.getByRole("dialog").locator(".viewer.pdf")).toBeVisible({ timeout: 60_000 });
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Open A pawn" }).click();
  await expect(page.getByRole("dialog").locator(".viewer.model canvas")).toBeVisible({ timeout: 90_000 });
});

test("other-origin.html, with a policy that names the service alone", { tag: "@full" }, async ({ page, expected }) => {
  expected.push(/favicon/);
  let body = "";
  const shop = createServer((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(body);
  });
  await new Promise<void>((done) => shop.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  const service = await serveZoo("", { OMNIC_ALLOW_ORIGINS: origin });
  const home = service.url.replace(/\/$/, "");
  body = read("other-origin.html")
    .replaceAll("https://media.example", home)
    .replaceAll("wss://media.example", home.replace("http", "ws"));
  await page.goto(origin);
  await page.getByRole("button", { name: "Open letter.docx" }).click();
  const frame = page.getByRole("dialog").locator("iframe").contentFrame();
  await expect(frame.locator(".viewer.pdf")).toBeVisible({ timeout: 90_000 });
  await page.keyboard.press("Escape");
  await expect(page.getByTitle("A pawn").contentFrame().locator(".viewer.model canvas")).toBeVisible({
    timeout: 90_000,
  });
  await page.goto("about:blank");
  await service.stop();
  await new Promise((done) => shop.close(done));
});

test("signed.py: what it signs opens, and nothing else", { tag: "@full" }, async ({ page, expected }) => {
  expected.push(/favicon/);
  const key = "one:0123456789abcdef0123456789abcdef";
  const service = await serveZoo("", { OMNIC_SIGNING_KEYS: key });
  const body = execFileSync("python3", [join(examples, "embedding/signed.py")], {
    env: { ...process.env, OMNIC_KEY: key, OMNIC_SERVICE: service.url },
    encoding: "utf8",
  });
  await page.route(`${service.url}members`, (route) =>
    route.fulfill({ headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY }, body }),
  );
  await page.goto(`${service.url}members`);
  await page.getByRole("button", { name: "Open The letter" }).click();
  await expect(page.getByRole("dialog").locator(".viewer.pdf")).toBeVisible({ timeout: 90_000 });
  const src = (await page.locator("omnic-view").getAttribute("src")) ?? "";
  expect((await page.request.get(src.replace("letter.docx", "harbour.jpg"))).status()).toBe(403);
  expect((await page.request.get(`${src}x`)).status()).toBe(403);
  await page.goto("about:blank");
  await service.stop();
});

test("a viewer from a package of its own is a tab where its types can be made", { tag: "@full" }, async ({ page }) => {
  const service = await serveZoo('plugins = ["omnic_stream_morse"]', {
    PYTHONPATH: join(examples, "omnic-stream-morse/src"),
  });
  await embed(page, service, `<omnic-view url="file://samples/log.txt" alt="the file"></omnic-view>`);
  await page.getByRole("button", { name: "Open the file" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("tab", { name: "Morse" })).toHaveAttribute("aria-selected", "true", {
    timeout: 60_000,
  });
  await expect(dialog.locator(".viewer.morse p")).toHaveText(/^[-. /]{9,}$/, { timeout: 60_000 });
  expect(await dialog.locator("audio").evaluate((one: HTMLAudioElement) => one.readyState >= 0)).toBe(true);
  await page.goto("about:blank");
  await service.stop();
});
