import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "@playwright/test";
import { findings } from "./service.ts";

// The service itself, with its converters, on the samples that travel with it.
const program = resolve(dirname(fileURLToPath(import.meta.url)), "../../../.venv/bin/omnic-stream");

let service: ChildProcess;
let store: string;
let url: string;

test.describe.configure({ mode: "serial", timeout: 90_000 });

test.beforeAll(async () => {
  store = mkdtempSync(join(tmpdir(), "omnic-viewers-"));
  service = spawn(program, ["serve", "--bind", "127.0.0.1:0", "--store", store], { stdio: ["ignore", "pipe", "pipe"] });
  url = await new Promise<string>((found, failed) => {
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
});

test.afterAll(async () => {
  if (service.exitCode === null) {
    const ended = new Promise((done) => service.once("exit", done));
    service.kill("SIGTERM");
    await ended;
  }
  rmSync(store, { recursive: true, force: true });
});

for (const [sample, type, steps] of [
  ["harbour.jpg", "thumb.webp:320x240", /JPG → /],
  ["compass.svg", "png", /SVG → PNG/],
  ["leaflet.pdf", "png:page=1", /PDF → PNG/],
  ["letter.docx", "thumb.png:300x300", /DOCX → PDF/],
] as const) {
  test(`${sample} becomes ${type}, step by step, in place`, async ({ page }) => {
    const heard: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) heard.push(message.text());
    });
    page.on("pageerror", (error) => heard.push(error.message));
    await page.goto(url);
    await page.getByRole("button", { name: sample }).click();
    await expect(page.getByRole("button", { name: /^Make / })).toBeVisible({ timeout: 60_000 });
    await page.goto(`${url}#url=${encodeURIComponent(`file://samples/${sample}`)}&type=${encodeURIComponent(type)}`);
    const picture = page.locator("omnic-view .viewer.image img");
    await expect(picture).toBeVisible({ timeout: 60_000 });
    expect(await picture.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBeGreaterThan(50);
    await expect(page.locator(".journey")).toContainText(steps);
    await page.screenshot({ path: `screenshots/real-${sample}.png`, fullPage: true });
    expect(await findings(page)).toEqual([]);
    expect(heard).toEqual([]);
    // What is copied works, with the header of the copied curl line: freshness may have run out meanwhile.
    const link = await page.getByRole("region", { name: "Media URL" }).textContent();
    const answer = await page.request.get(link ?? "", { headers: { Prefer: "wait=30" } });
    expect(answer.status()).toBe(200);
    expect(answer.headers()["content-type"]).toMatch(/^image\//);
  });
}

test("Markdown becomes a page in a sandbox", async ({ page }) => {
  await page.goto(`${url}#url=${encodeURIComponent("file://samples/field-notes.md")}&type=html`);
  await expect(page.locator("omnic-view iframe").contentFrame().locator("h1").first()).toBeVisible({ timeout: 60_000 });
  await page.screenshot({ path: "screenshots/real-html.png", fullPage: true });
});

test("Tab and Enter alone lead from the first key to a thumbnail", async ({ page }) => {
  const { keyboard } = page;
  const tabTo = async (found: (on: Element) => boolean): Promise<void> => {
    for (let presses = 0; presses < 60; presses++) {
      await keyboard.press("Tab");
      if (await page.locator(":focus").evaluate(found)) return;
    }
    throw new Error("Sixty tabs do not lead there.");
  };
  await page.goto(url);
  await tabTo((on) => on.textContent?.includes("letter.docx") === true && on.tagName === "BUTTON");
  await keyboard.press("Enter");
  await expect(page.getByRole("radio", { name: /^thumb\.webp/ })).toBeChecked({ timeout: 60_000 });
  await tabTo((on) => /^Make /.test(on.textContent ?? "") && on.tagName === "BUTTON");
  await keyboard.press("Enter");
  const picture = page.locator("omnic-view .viewer.image img");
  await expect(picture).toBeVisible({ timeout: 60_000 });
  await expect(page.locator(".journey")).toContainText("Ready");
  expect(await picture.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBeGreaterThan(50);
});

test("the types are grouped by what they are, have titles, and a thumbnail says what it takes", async ({ page }) => {
  await page.goto(`${url}#url=${encodeURIComponent("file://samples/letter.docx")}`);
  const legends = page.locator(".types legend");
  await expect(legends.first()).toHaveText("Most asked for", { timeout: 60_000 });
  const headings = await legends.allTextContents();
  expect(headings).toEqual(expect.arrayContaining(["Pictures", "Documents", "Text and markup"]));
  expect(headings).not.toContain("Other");
  await expect(page.getByRole("radio", { name: "PNG Portable Network Graphics" })).toBeAttached();
  await page.getByRole("radio", { name: /^thumb\.webp/ }).check({ force: true });
  for (const [label, attribute, value] of [
    ["Quality", "max", "100"],
    ["Width", "max", "8192"],
    ["Page", "min", "1"],
  ] as const) {
    await expect(page.getByLabel(label, { exact: true })).toHaveAttribute(attribute, value);
  }
  await expect(page.getByLabel("Fit", { exact: true }).locator("option")).toHaveText([
    "auto",
    "fit",
    "crop",
    "pad",
    "smart",
  ]);
});

test("what cannot be made says what can", async ({ page }) => {
  await page.goto(`${url}#url=${encodeURIComponent("file://samples/harbour.jpg")}&type=stl`);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("No installed converter leads there", { timeout: 60_000 });
  await page.getByLabel("Address of a file").fill("gopher://x.example/a");
  await page.getByRole("button", { name: "Look" }).click();
  await expect(page.getByLabel("Address of a file")).toHaveAccessibleDescription(/This address cannot be read/);
});

test("the operator tries a conversion, sees the roads and what every format becomes", async ({ page }) => {
  await page.goto(`${url}admin/`);
  await page.getByLabel("Address").fill("file://samples/leaflet.pdf");
  await page.getByLabel("Type").fill("thumb.png:90x90");
  await page.getByRole("button", { name: "Convert" }).click();
  const log = page.getByRole("table", { name: /What the service told/ });
  await expect(log.getByRole("row").last()).toContainText("ready", { timeout: 60_000 });
  await expect(log).toContainText("format PDF");
  await page.getByLabel("From", { exact: true }).fill("SVG");
  await page.getByLabel("To", { exact: true }).fill("thumb.jpg:64x64");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByRole("img", { name: /from SVG to thumb\.jpg:64x64/ })).toContainText("svg.resvg");
  await expect(page.getByRole("listitem").first()).toContainText("Taken. SVG → thumb.jpg by svg.resvg");
  await page.getByLabel("From", { exact: true }).fill("nonsense");
  await page.keyboard.press("Enter");
  await expect(page.getByText("There is no format nonsense.")).toBeVisible();
  const row = page.getByRole("row", { name: /^DOCX / });
  await expect(row.getByRole("cell").first()).toHaveText("3");
  await page.getByRole("searchbox").fill("mesh");
  await expect(row).toBeHidden();
  await expect(page.getByRole("row", { name: /^STL / })).toBeVisible();
  for (const [colorScheme, width] of [
    ["light", 1440],
    ["dark", 360],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await page.reload();
    await expect(row).toBeVisible();
    expect(await findings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  }
});
