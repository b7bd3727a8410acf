import { fileURLToPath } from "node:url";
import { expect, findings, serveZoo, test } from "./zoo.ts";

test("the samples that travel along are there, each opens, and the search finds by name and format", async ({
  page,
  zoo,
}) => {
  await page.goto(`${zoo.url}demo/`);
  const cards = page.locator(".card:visible");
  await expect(cards.filter({ hasText: "letter.docx" })).toHaveCount(1);
  expect(await cards.count()).toBeGreaterThan(60);
  await page.getByRole("searchbox").fill("harbour jpeg");
  await expect(cards).toHaveCount(1);
  await expect(page.getByRole("status").filter({ hasText: /^1 of \d+ files$/ })).toBeVisible();
  await page.getByRole("button", { name: "Open harbour.jpg" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "harbour.jpg" }).locator(".viewer.image img")).toBeVisible({
    timeout: 60_000,
  });
  expect(new URL(page.url()).hash).toBe("#view=harbour.jpg");
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Open harbour.jpg" })).toBeFocused();
});

test("under signing every link of the demo is signed, and a signature for the view opens what the viewer wants", {
  tag: "@full",
}, async ({ page }) => {
  const signed = await serveZoo("", {
    OMNIC_SIGNING_KEYS: "one:0123456789abcdef0123456789abcdef",
    OMNIC_DEMO: fileURLToPath(new URL("../../../src/omnic_stream/samples", import.meta.url)),
  });
  try {
    expect((await page.request.get(`${signed.url}media/PNG/?url=file://samples/harbour.jpg`)).status()).toBe(403);
    await page.goto(`${signed.url}demo/#view=harbour.jpg`);
    await expect(page.getByRole("dialog").locator(".viewer.image img")).toBeVisible({ timeout: 60_000 });
  } finally {
    await page.goto("about:blank"); // so that nobody misses the service
    await signed.stop();
  }
});

for (const [colorScheme, width] of [
  ["light", 1440],
  ["dark", 360],
] as const) {
  test(`without findings, without sideways scrolling: ${colorScheme}, ${width} px`, { tag: "@full" }, async ({
    page,
    zoo,
  }) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`${zoo.url}demo/`);
    await expect(page.locator("omnic-view img").first()).toBeVisible({ timeout: 60_000 });
    expect(await findings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await page.screenshot({ path: `screenshots/demo-${colorScheme}-${width}.png` });
  });
}
