import type { Locator } from "@playwright/test";
import { closed, colours, embed, expect, opened, test } from "./zoo.ts";

const HARBOUR = "file://samples/harbour.jpg"; // 1600 by 1067
const TAB = { tab: "Deep zoom" };

test.use({ contextOptions: { reducedMotion: "reduce" } });

const ready = (viewer: Locator): Promise<void> =>
  expect(viewer.getByRole("button", { name: "Zoom in" })).toBeEnabled({ timeout: 30_000 });

const level = async (viewer: Locator): Promise<number> =>
  Number.parseFloat((await viewer.locator(".facts span").textContent()) ?? "");

test("a large picture is loaded as it is looked at", async ({ page, zoo }) => {
  const tiles: string[] = [];
  page.on("request", (request) => {
    const tile = /_files\/(\d+\/\d+_\d+)\./.exec(request.url())?.[1];
    if (tile) tiles.push(tile);
  });
  const viewer = await opened(page, zoo, HARBOUR, "zoom", TAB);
  await ready(viewer);
  await expect(viewer.locator(".facts")).toContainText(/^1,600 × 1,067 · JPG · [\d.]+%$/);
  await expect(viewer.locator(".preview")).toHaveCount(0); // the tiles are there
  expect(await colours(page, viewer.locator(".view"))).toBeGreaterThan(1000);
  await viewer.locator(".view").focus();
  const whole = await level(viewer);
  expect(tiles.some((tile) => tile.startsWith("11/"))).toBe(whole > 50); // the finest level: 2^11 holds 1600
  await page.keyboard.press("1");
  await expect.poll(() => level(viewer)).toBe(100);
  await page.keyboard.press("+");
  await expect.poll(() => level(viewer)).toBe(150);
  await expect.poll(() => tiles.some((tile) => tile.startsWith("11/"))).toBe(true);
  await page.keyboard.press("0");
  await expect.poll(() => level(viewer)).toBe(whole);
  await closed(page);
});

test.describe("deep zoom", { tag: "@full" }, () => {
  test("a preview is there before the tiles are", async ({ page, zoo }) => {
    let release = (): void => {};
    const held = new Promise<void>((done) => {
      release = done;
    });
    await page.route(/tiles\.dzi$/, async (route) => {
      await held;
      await route.continue();
    });
    const viewer = await opened(page, zoo, HARBOUR, "zoom", TAB);
    await expect(viewer.locator(".preview")).toBeVisible();
    await expect(viewer.locator(".facts")).toHaveText("A preview; the details are being made.");
    await expect(viewer.getByRole("button", { name: "Zoom in" })).toBeDisabled();
    expect(await colours(page, viewer.locator(".view"))).toBeGreaterThan(1000);
    release();
    await ready(viewer);
    await expect(viewer.locator(".preview")).toHaveCount(0, { timeout: 15_000 });
    await closed(page);
  });

  test("where no tiles can be had, the preview stays and says why", async ({ page, zoo, expected }) => {
    expected.push(/Failed to load resource/);
    await page.route(/tiles\.dzi$/, (route) => route.fulfill({ status: 404, body: "" }));
    const viewer = await opened(page, zoo, HARBOUR, "zoom", TAB);
    await expect(viewer.locator(".facts")).toHaveText(/^A preview; the details cannot be made: /);
    await expect(viewer.locator(".preview")).toBeVisible();
    await closed(page);
  });

  test("buttons, wheel and arrows; the gallery has the arrows again when all of it is seen", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, HARBOUR, "zoom", TAB);
    await ready(viewer);
    const whole = await level(viewer);
    await viewer.getByRole("button", { name: "Zoom in" }).press("Enter");
    await expect.poll(() => level(viewer)).toBeCloseTo(whole * 1.5, 0);
    await expect(viewer.locator(".view")).toHaveAttribute("data-drag");
    await expect(viewer.locator(".navigator")).toBeVisible();
    await viewer.locator(".view").focus();
    const place = (): Promise<number> =>
      viewer.locator(".displayregion").evaluate((one) => Number.parseFloat((one as HTMLElement).style.left));
    const before = await place();
    await page.keyboard.press("ArrowRight");
    await expect.poll(place).toBeGreaterThan(before);
    await page.keyboard.press("0");
    await expect(viewer.locator(".view")).not.toHaveAttribute("data-drag");
    await viewer.locator(".view").hover();
    await page.mouse.wheel(0, -240);
    await expect.poll(() => level(viewer)).toBeGreaterThan(whole);
    await viewer.getByRole("button", { name: "Fit" }).press("Enter");
    await expect.poll(() => level(viewer)).toBe(whole);
    await viewer.getByRole("button", { name: "Turn" }).press("Enter");
    await expect.poll(() => level(viewer)).toBeLessThan(whole); // it stands up now
    await closed(page);
  });

  test("tiles that were asked for by name are shown at once", async ({ page, zoo }) => {
    await embed(page, zoo, `<omnic-view url="${HARBOUR}" type="tiles.dzi" mode="inline" alt="the file"></omnic-view>`);
    const viewer = page.locator(".viewer.zoom");
    await expect(viewer).toBeVisible({ timeout: 30_000 });
    await ready(viewer);
    await expect.poll(() => colours(page, viewer.locator(".view"))).toBeGreaterThan(1000);
  });
});
