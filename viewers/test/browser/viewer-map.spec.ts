import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guarded } from "./again.ts";
import { closed, colourAt, colours, embed, expect as expected, opened, serveZoo, specimen, test } from "./zoo.ts";

const FULL = { tag: "@full" };
const expect = expected.configure({ timeout: 30_000 }); // a software renderer, and others beside it
const greenish = ([red = 0, green = 0]: number[]): boolean => green - red > 12;

test("a map is seen, moved by keys, and tells what its places say", async ({ page, zoo }) => {
  const harmless = guarded(page, zoo.url);
  const viewer = await opened(page, zoo, "geo/berlin.geojson", "map");
  const view = viewer.locator(".view");
  await expect(viewer.locator(".facts")).toContainText("from 52.3345°, 13.0828° to 52.6783°, 13.7614°");
  await expect(view).toBeFocused();
  await expect.poll(async () => greenish(await colourAt(page, view, 0.5, 0.5))).toBe(true); // its area
  expect(greenish(await colourAt(page, view, 0.5, 0.97))).toBe(false);

  await viewer.getByRole("button", { name: /Berlin/ }).focus();
  await page.keyboard.press("Enter");
  const popup = viewer.locator(".popup");
  await expect(popup).toBeVisible();
  await expect(popup).toContainText("name");
  await expect(popup.locator("dd")).toHaveText("Berlin");
  await page.keyboard.press("Escape"); // the popup, not the dialog
  await expect(popup).toBeHidden();
  await expect(page.getByRole("dialog")).toBeVisible();

  await view.focus();
  for (let step = 0; step < 12; step++) await page.keyboard.press("ArrowRight");
  await expect.poll(async () => greenish(await colourAt(page, view, 0.5, 0.5))).toBe(false);
  await page.keyboard.press("0");
  await expect.poll(async () => greenish(await colourAt(page, view, 0.5, 0.5))).toBe(true);
  await harmless();
  await closed(page);
});

test("one that is shown later than it was opened is as wide as its places", async ({ page, zoo }) => {
  const url = specimen("geo/berlin.geojson");
  await embed(
    page,
    zoo,
    `<div id="box" hidden><omnic-view url="${url}" type="GeoJSON" mode="inline" alt="the file"></omnic-view></div>`,
  );
  await expect(page.locator("omnic-view .facts")).toContainText("52.3345°", { timeout: 60_000 });
  await page.locator("#box").evaluate((one) => one.removeAttribute("hidden"));
  const view = page.locator("omnic-view .view");
  await expect.poll(async () => greenish(await colourAt(page, view, 0.5, 0.5))).toBe(true); // its area
  expect(greenish(await colourAt(page, view, 0.5, 0.97))).toBe(false);
});

test(
  "thousands of places are drawn a few times until all are there, in a style that they share",
  FULL,
  async ({ page }) => {
    const folder = mkdtempSync(join(tmpdir(), "omnic-places-"));
    const features = Array.from({ length: 5000 }, (_, n) => ({
      type: "Feature",
      properties: { name: `place ${n}` },
      geometry: { type: "Point", coordinates: [(n % 60) * 3, Math.floor(n / 60) / 2] },
    }));
    writeFileSync(join(folder, "places.geojson"), JSON.stringify({ type: "FeatureCollection", features }));
    const made = await serveZoo("", {}, { made: folder });
    await page.addInitScript(() => {
      const counted = Object.assign(globalThis, { drawn: 0, asked: 0 });
      const draw = CanvasRenderingContext2D.prototype.drawImage as (...all: unknown[]) => void;
      CanvasRenderingContext2D.prototype.drawImage = function (...all: unknown[]): void {
        counted.drawn += 1;
        draw.apply(this, all);
      };
      const ask = globalThis.getComputedStyle;
      globalThis.getComputedStyle = (...all) => {
        counted.asked += 1;
        return ask(...all);
      };
    });
    try {
      const viewer = await opened(page, made, "file://made/places.geojson", "map");
      await expect(viewer.locator(".facts")).toContainText("Places: 5,000");
      const counted = await page.evaluate(() => {
        const { drawn, asked } = globalThis as unknown as { drawn: number; asked: number };
        return { drawn, asked };
      });
      expect(counted.drawn).toBeLessThan(30_000); // with each slice of 250 they were 50,000
      expect(counted.asked).toBeLessThan(2000);
      await page.close();
    } finally {
      await made.stop();
      rmSync(folder, { recursive: true });
    }
  },
);

for (const name of ["kml", "kmz", "gpkg", "fgb", "gml", "shp.zip"]) {
  test(`berlin.${name} is drawn`, FULL, async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, `geo/berlin.${name}`, "map");
    await expect(viewer.locator(".facts")).toContainText("Places: 1");
    await expect.poll(async () => greenish(await colourAt(page, viewer.locator(".view"), 0.5, 0.5))).toBe(true);
    await closed(page);
  });
}

test(
  "a track has a list of its places; a click on one opens it, a wheel zooms",
  FULL,
  async ({ page, zoo, expected }) => {
    expected.push(/willReadFrequently/); // OpenLayers looks at pixels to tell what was clicked
    const viewer = await opened(page, zoo, "geo/cerknicko-jezero.gpx", "map");
    await expect(viewer.locator(".list button")).toHaveCount(14);
    await viewer.getByRole("button", { name: "BIRDS NEST Point" }).click();
    await expect(viewer.locator(".popup")).toContainText("BIRDS NEST");
    // it is in the middle now, in the colour of what is chosen
    await expect
      .poll(async () => {
        const [red = 0, green = 0] = await colourAt(page, viewer.locator(".view"), 0.5, 0.5);
        return red - green;
      })
      .toBeGreaterThan(60);
    await viewer.getByRole("button", { name: "Close" }).click();
    await expect(viewer.locator(".popup")).toBeHidden();
    const box = await viewer.locator(".view").boundingBox();
    if (!box) throw new Error("no view");
    await expect(async () => {
      // OpenLayers takes it for the second of a double click where it comes within 250 ms of that on the button
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      await expect(viewer.locator(".popup")).toBeVisible({ timeout: 1000 });
    }).toPass();
    await expect(viewer.locator(".popup")).toContainText("BIRDS NEST");
    const scale = (): Promise<string | null> => viewer.locator(".ol-scale-line-inner").textContent();
    const before = await scale();
    await page.mouse.wheel(0, 600);
    await expect.poll(scale).not.toBe(before);
    await page.keyboard.press("Escape"); // the popup first
    await expect(viewer.locator(".popup")).toBeHidden();
    await closed(page);
  },
);

test("tiles of the service are shown", FULL, async ({ page, zoo }) => {
  await embed(
    page,
    zoo,
    `<omnic-view url="${specimen("geo/berlin.geojson")}" type="tiles" thumb="320x240" alt="the file"></omnic-view>`,
  );
  await expect(page.getByRole("button", { name: "Open the file" })).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const view = page.getByRole("dialog").locator(".viewer.map .view");
  await expect(view).toBeVisible({ timeout: 60_000 });
  await expect.poll(() => colours(page, view), { timeout: 30_000 }).toBeGreaterThan(30);
  await closed(page);
});

test("a GeoTIFF is shown where it lies", FULL, async ({ page, zoo }) => {
  await embed(page, zoo, `<omnic-view url="file://samples/isle.tif" alt="the file"></omnic-view>`);
  await expect(page.getByRole("button", { name: "Open the file" })).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const view = page.getByRole("dialog").locator(".viewer.map .view");
  await expect(view).toBeVisible({ timeout: 60_000 });
  await expect
    .poll(async () => (await colourAt(page, view, 0.5, 0.5))[0] ?? 0, { timeout: 30_000 })
    .toBeGreaterThan(240); // its hill
  await page.screenshot({ path: "screenshots/map-geotiff.png" });
  await closed(page);
});

test("names and properties are text, odd places are counted, nothing is fetched", FULL, async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), "omnic-maps-"));
  const bad = "<img src=http://192.0.2.7/x onerror=pwned=1>";
  const point = (properties: object, coordinates: unknown = [10, 50]) => ({
    type: "Feature",
    properties,
    geometry: { type: "Point", coordinates },
  });
  const deep = JSON.parse(`${"[".repeat(3000)}${"]".repeat(3000)}`);
  writeFileSync(
    join(folder, "bad.geojson"),
    JSON.stringify({
      type: "FeatureCollection",
      features: [
        point({ name: bad, [bad]: bad, site: "javascript:pwned=1", good: "https://example.org/", more: { of: [bad] } }),
        point({ name: "nowhere" }, ["a", null]),
        point({ name: "deep" }, deep),
        { type: "Feature", properties: null, geometry: { type: "Nonsense", coordinates: [1, 2] } },
        point({ name: "far" }, [11, 51]),
      ],
    }),
  );
  const zoo = await serveZoo("", {}, { made: folder });
  try {
    const harmless = guarded(page, zoo.url);
    await embed(page, zoo, `<omnic-view url="file://made/bad.geojson" alt="the file"></omnic-view>`);
    await expect(page.getByRole("button", { name: "Open the file" })).toBeVisible();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await expect(dialog.locator(".facts")).toContainText("Places: 2", { timeout: 60_000 });
    await expect(dialog.locator(".facts")).toContainText("without a place: 3");
    await dialog.locator(".list button").first().click();
    await expect(dialog.locator(".popup strong")).toHaveText(bad);
    await expect(dialog.locator(".popup a")).toHaveCount(1);
    await expect(dialog.locator(".popup a")).toHaveAttribute("rel", "noopener noreferrer");
    await expect(dialog.locator(".popup img")).toHaveCount(0);
    await harmless();
  } finally {
    await zoo.stop();
    rmSync(folder, { recursive: true });
  }
});
