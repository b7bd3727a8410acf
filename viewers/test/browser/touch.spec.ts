import type { Locator, Page } from "@playwright/test";
import { EVERY, element, poster, shown, stage } from "./every.ts";
import { drag, pinch, touch } from "./touch.ts";
import { embed, expect as patient, type Running, specimen, test } from "./zoo.ts";

// On a telephone: one finger leafs through the gallery, or moves what is larger than its frame; two make it larger.

const expect = patient.configure({ timeout: 30_000 });
const FULL = { tag: "@full" };

test.use({ hasTouch: true, viewport: { width: 412, height: 800 }, contextOptions: { reducedMotion: "reduce" } });

/** It and a neighbour in the gallery, opened by a tap. */
async function tapped(page: Page, zoo: Running, name: string, viewer: string, tab = ""): Promise<Locator> {
  const views = [specimen(name), specimen("image/python.jpg")].map(
    (url, n) => `<omnic-view url="${url}" alt="file ${n}" gallery="g"></omnic-view>`,
  );
  await embed(page, zoo, views.join(""));
  await page.getByRole("button", { name: "Open file 0" }).tap();
  const dialog = page.getByRole("dialog");
  if (tab) await dialog.getByRole("tab", { name: tab, exact: true }).tap({ timeout: 60_000 });
  const shown = dialog.locator(`.viewer.${viewer}`);
  await expect(shown).toBeVisible({ timeout: 60_000 });
  return shown;
}

const stays = (page: Page): Promise<void> => expect(page.getByRole("dialog", { name: "file 0" })).toBeVisible();

async function leafs(page: Page, on: Locator): Promise<void> {
  await touch(page, on, drag(-180));
  await expect(page.getByRole("dialog", { name: "file 1" })).toBeVisible();
}

/** How much of the width is not of the ground's colour, the frame's edges left out. */
async function spread(page: Page, on: Locator): Promise<number> {
  const data = (await on.screenshot()).toString("base64");
  return page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.drawImage(bitmap, 0, 0);
    const row = Math.floor(height / 2);
    const pixels = context.getImageData(0, row - 60, width, 120).data;
    const other = (at: number): boolean =>
      [0, 1, 2].some((part) => Math.abs((pixels[at + part] ?? 0) - (pixels[40 + part] ?? 0)) > 24);
    const taken = Array.from({ length: width - 16 }, (_, x) => x + 8).filter((x) => {
      for (let y = 0; y < 120; y++) if (other((y * width + x) * 4)) return true;
      return false;
    });
    return taken.length ? ((taken.at(-1) ?? 0) - (taken[0] ?? 0)) / width : 0;
  }, data);
}

for (const [viewer, file] of [
  ["image", "file://samples/harbour.jpg"],
  ["svg", "file://samples/compass.svg"],
] as const) {
  test(
    `${viewer}: two fingers enlarge it, one moves it then, and leafs again when all of it is seen`,
    FULL,
    async ({ page, zoo }) => {
      const shown = await tapped(page, zoo, file, viewer);
      await expect(shown.locator(".signs")).toBeVisible();
      const sheet = (): Promise<{ left: number; width: number }> =>
        shown.locator(".sheet img").evaluate((one) => {
          const { left, width } = one.getBoundingClientRect();
          return { left, width };
        });
      const view = shown.locator(".view");
      const whole = (await sheet()).width;
      await touch(page, view, pinch(60, 240));
      await expect.poll(async () => (await sheet()).width / whole).toBeGreaterThan(3);
      const { left } = await sheet();
      await touch(page, view, drag(-90));
      await expect.poll(async () => (await sheet()).left).toBeCloseTo(left - 90, -1);
      await stays(page);
      await touch(page, view, pinch(240, 30));
      await expect.poll(async () => (await sheet()).width).toBeCloseTo(whole, -1);
      await leafs(page, view);
    },
  );
}

test("zoom: two fingers come nearer, one moves, and leafs when all of it is seen", FULL, async ({ page, zoo }) => {
  const shown = await tapped(page, zoo, "file://samples/harbour.jpg", "zoom", "Deep zoom");
  await expect(shown.getByRole("button", { name: "Zoom in" })).toBeEnabled();
  const level = async (): Promise<number> =>
    Number.parseFloat((await shown.locator(".facts span").textContent()) ?? "");
  const view = shown.locator(".view");
  const whole = await level();
  await touch(page, view, pinch(60, 240));
  await expect.poll(level).toBeGreaterThan(whole * 2);
  const place = (): Promise<number> =>
    shown.locator(".displayregion").evaluate((one) => Number.parseFloat((one as HTMLElement).style.left));
  await expect(view).toHaveAttribute("data-drag");
  const before = await place();
  await touch(page, view, drag(-120));
  await expect.poll(place).toBeGreaterThan(before);
  await stays(page);
  await touch(page, view, pinch(240, 20));
  await expect.poll(level).toBeCloseTo(whole, 0);
  await expect(view).not.toHaveAttribute("data-drag");
  await leafs(page, view);
});

test("pdf: one finger scrolls and leafs, two enlarge the page", FULL, async ({ page, zoo }) => {
  const shown = await tapped(page, zoo, "file://samples/leaflet.pdf", "pdf");
  const leaf = shown.locator("canvas").first();
  await expect(leaf).toBeVisible({ timeout: 60_000 });
  const scroller = shown.getByRole("region", { name: "file 0" });
  const width = async (): Promise<number> => (await leaf.boundingBox())?.width ?? 0;
  const whole = await width();
  await touch(page, scroller, pinch(80, 240));
  await expect.poll(width).toBeGreaterThan(whole * 2);
  const top = (): Promise<number> => scroller.evaluate((one) => one.scrollTop);
  const left = (): Promise<number> => scroller.evaluate((one) => one.scrollLeft);
  const before = [await left(), await top()] as const;
  await touch(page, scroller, drag(-120));
  await expect.poll(left).toBeGreaterThan(before[0] + 60);
  await touch(page, scroller, drag(0, -150));
  await expect.poll(top).toBeGreaterThan(before[1] + 60);
  await stays(page);
  await touch(page, scroller, pinch(300, 60));
  await expect.poll(width).toBeLessThan(whole * 1.2);
  await expect(scroller).not.toHaveAttribute("data-drag");
  await leafs(page, scroller);
});

for (const [viewer, file] of [
  ["model", "mesh/BoxTextured.glb"],
  ["molecule", "molecule/culgi_03.mol2"],
] as const) {
  test(`${viewer}: one finger turns it, two enlarge it, and neither leafs`, FULL, async ({ page, zoo }) => {
    test.slow();
    const shown = await tapped(page, zoo, file, viewer);
    const view = shown.locator(".view");
    await expect(shown.locator(".facts")).toBeVisible();
    const grid = shown.getByRole("button", { name: "Grid" });
    if (await grid.count()) await grid.tap();
    await expect.poll(() => spread(page, view)).toBeGreaterThan(0.1);
    const before = await view.screenshot();
    await touch(page, view, drag(-140, 30));
    await expect.poll(async () => (await view.screenshot()).equals(before)).toBe(false);
    await stays(page);
    const wide = await spread(page, view);
    await touch(page, view, pinch(240, 80));
    await expect.poll(() => spread(page, view)).toBeLessThan(wide * 0.95);
    const narrow = await spread(page, view);
    await touch(page, view, pinch(80, 200));
    await expect.poll(() => spread(page, view)).toBeGreaterThan(narrow * 1.05);
    await stays(page);
  });
}

test("map: one finger moves it, two come nearer, and neither leafs", FULL, async ({ page, zoo }) => {
  const shown = await tapped(page, zoo, "geo/berlin.geojson", "map");
  const view = shown.locator(".view");
  await expect(shown.locator(".facts")).toBeVisible();
  const scale = async (): Promise<number> =>
    Number.parseFloat((await shown.locator(".ol-scale-line-inner").textContent()) ?? "");
  await expect.poll(scale).toBe(20);
  const before = await view.screenshot();
  await touch(page, view, drag(-100, 40));
  await expect.poll(async () => (await view.screenshot()).equals(before)).toBe(false);
  await stays(page);
  await touch(page, view, pinch(60, 260));
  await expect.poll(scale).toBeLessThan(20);
  await stays(page);
});

/** Where nothing lies that one finger moves: of a document in its sandbox nobody hears. */
const STILL = ["text", "tree", "font", "file", "commits", "log"];
for (const one of EVERY.filter(({ viewer }) => STILL.includes(viewer))) {
  test(`${one.viewer}: one finger across leafs`, FULL, async ({ page, zoo }) => {
    await stage(page, zoo, [one]);
    const next = `<omnic-view url="${specimen("image/python.jpg")}" alt="file 1"></omnic-view>`;
    await embed(page, zoo, element(one) + next);
    await poster(page, one).tap();
    const dialog = page.getByRole("dialog");
    await shown(one, dialog);
    await leafs(page, dialog.locator(".stage").first());
  });
}
