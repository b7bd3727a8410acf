import type { Locator, Page } from "@playwright/test";
import { closed, colourAt, colours, embed, expect, opened as found, type Running, specimen, test } from "./zoo.ts";

// Nothing glides: what is measured is where it stays.
test.use({ contextOptions: { reducedMotion: "reduce" } });

const HARBOUR = "file://samples/harbour.jpg"; // 1600 by 1067

/** The viewer with its picture and its tools. */
async function opened(page: Page, zoo: Running, name: string, viewer: string, options = {}): Promise<Locator> {
  const shown = await found(page, zoo, name, viewer, options);
  await expect(shown.locator(".signs")).toBeVisible();
  return shown;
}

/** How large the picture is seen, in pixels. */
const width = async (viewer: Locator): Promise<number> =>
  viewer.locator(".sheet img").evaluate((one) => Math.round(one.getBoundingClientRect().width));

const left = async (viewer: Locator): Promise<number> =>
  viewer.locator(".sheet img").evaluate((one) => Math.round(one.getBoundingClientRect().left));

test("a picture opens from its thumbnail, fits, is zoomed and moved by keys", async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, HARBOUR, "image");
  await expect(viewer.locator(".view")).toBeFocused();
  await expect(viewer.locator(".facts")).toContainText(/1,600 × 1,067 · JPG · [\d.]+ kB · \d+%/);
  expect(await colours(page, viewer.locator(".view"))).toBeGreaterThan(1000);
  const frame = (await viewer.locator(".view").boundingBox()) ?? { width: 0, height: 0 };
  const whole = await width(viewer);
  expect(whole).toBeLessThanOrEqual(Math.round(frame.width));
  await page.keyboard.press("1");
  await expect.poll(() => width(viewer)).toBe(1600);
  await expect(viewer.locator(".facts")).toContainText("100%");
  await page.keyboard.press("+");
  await expect.poll(() => width(viewer)).toBe(2400);
  const before = await left(viewer);
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => left(viewer)).toBe(before - 80);
  await page.keyboard.press("0");
  await expect.poll(() => width(viewer)).toBe(whole);
  await closed(page);
});

test.describe("pictures", { tag: "@full" }, () => {
  test("buttons are reached by Tab, say what they do, and turn the picture", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, HARBOUR, "image");
    for (const name of ["Zoom in", "Zoom out", "Fit", "Natural size", "Turn"]) {
      await page.keyboard.press("Tab");
      await expect(viewer.getByRole("button", { name, exact: true })).toBeFocused();
    }
    await page.keyboard.press("Enter");
    const box = async (): Promise<{ width: number; height: number }> =>
      (await viewer.locator(".sheet img").boundingBox()) ?? { width: 0, height: 0 };
    await expect.poll(async () => (await box()).height / (await box()).width).toBeCloseTo(1600 / 1067, 1);
    await expect(viewer.getByRole("button", { name: "Another background" })).toHaveCount(0); // nothing shines through a photograph
    await closed(page);
  });

  test("wheel, drag and double click: what is under the pointer stays there, and no edge leaves the frame", async ({
    page,
    zoo,
  }) => {
    const viewer = await opened(page, zoo, HARBOUR, "image");
    const frame = (await viewer.locator(".view").boundingBox()) as {
      x: number;
      y: number;
      width: number;
      height: number;
    };
    const at = { x: frame.x + frame.width * 0.4, y: frame.y + frame.height * 0.6 };
    const part = async (): Promise<number> =>
      viewer.locator(".sheet img").evaluate((one, x) => {
        const { left, width } = one.getBoundingClientRect();
        return (x - left) / width;
      }, at.x);
    const whole = await width(viewer);
    await page.keyboard.press("1"); // it covers the frame: what is smaller stays in the middle
    await expect.poll(() => width(viewer)).toBe(1600);
    const before = await part();
    await page.mouse.move(at.x, at.y);
    for (let turn = 0; turn < 4; turn++) await page.mouse.wheel(0, -200);
    await expect.poll(() => width(viewer)).toBeGreaterThan(1600 * 3);
    expect(await part()).toBeCloseTo(before, 2);

    const from = await left(viewer);
    await page.mouse.down();
    await page.mouse.move(at.x + 60, at.y + 20, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => left(viewer)).toBe(from + 60);

    await page.mouse.down();
    await page.mouse.move(at.x + 5000, at.y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => Math.abs((await left(viewer)) - frame.x)).toBeLessThan(2.1); // the frame's border, roundings

    await page.mouse.dblclick(at.x, at.y);
    await expect.poll(() => width(viewer)).toBe(whole);
    await page.mouse.dblclick(at.x, at.y);
    await expect.poll(() => width(viewer)).toBeGreaterThan(whole * 1.5);
  });

  test("a picture smaller than its frame is shown as it is, its pixels when it is enlarged", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "image/python.png", "image");
    expect(await width(viewer)).toBe(16);
    await page.keyboard.press("0");
    await expect.poll(() => width(viewer)).toBeGreaterThan(300);
    const picture = viewer.locator(".sheet");
    // Pixels of the logo as Pillow reads them, where nothing is transparent: hard edges, not a blur.
    const [red, green, blue] = (await colourAt(page, picture, 5.5 / 16, 5.5 / 16)) as [number, number, number];
    expect(blue).toBeGreaterThan(red);
    expect(await colourAt(page, picture, 5.4 / 16, 5.4 / 16)).toEqual([red, green, blue]);
    await closed(page);
  });

  test("what is transparent shows a checkerboard, or another ground", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "image/assimp_tools_icon.ico", "image");
    await page.keyboard.press("0");
    const ground = viewer.getByRole("button", { name: "Another background" });
    await expect(ground).toBeVisible();
    const sheet = viewer.locator(".sheet");
    const corner = (): Promise<number[]> => colourAt(page, sheet, 0.01, 0.01);
    const checks = await corner();
    await ground.focus();
    await page.keyboard.press("Enter");
    await expect.poll(corner).toEqual([255, 255, 255]);
    await page.keyboard.press("Enter");
    await expect.poll(corner).toEqual([16, 20, 22]);
    await page.keyboard.press("Enter");
    await expect.poll(corner).toEqual(checks);
  });

  test("an animation plays on, can be stopped, and stands still for who wants less motion", async ({ page, zoo }) => {
    await page.emulateMedia({ reducedMotion: "no-preference" });
    test.slow();
    let viewer = await opened(page, zoo, "image/anim.png", "image");
    const several = async (): Promise<number> => {
      const clip = (await viewer.locator(".sheet").boundingBox()) as {
        x: number;
        y: number;
        width: number;
        height: number;
      };
      const all = new Set<string>();
      for (let look = 0; look < 6; look++) all.add((await page.screenshot({ clip })).toString("base64"));
      return all.size;
    };
    await page.keyboard.press("0");
    await expect.poll(async () => (await width(viewer)) / 64).toBeGreaterThan(5);
    await expect(viewer.getByRole("button", { name: "Pause" })).toBeVisible();
    expect(await several()).toBeGreaterThan(1);
    await viewer.getByRole("button", { name: "Pause" }).press("Enter");
    await expect(viewer.getByRole("button", { name: "Play" })).toBeFocused();
    await expect(viewer.locator(".sheet canvas")).toBeVisible();
    expect(await several()).toBe(1);
    await closed(page);

    await page.emulateMedia({ reducedMotion: "reduce" });
    viewer = await opened(page, zoo, "image/anim.png", "image");
    await expect(viewer.getByRole("button", { name: "Play" })).toBeVisible();
    expect(await several()).toBe(1);
  });

  test("a format that browsers do not show is shown as another, and says so", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "image/python.tiff", "image");
    await expect(viewer.locator(".facts")).toContainText("16 × 16 · TIFF, shown as WEBP");
    await closed(page);
  });

  test("arrows leaf through the gallery until the picture is zoomed in", async ({ page, zoo }) => {
    const body = [HARBOUR, specimen("image/python.jpg")]
      .map((url, n) => `<omnic-view url="${url}" alt="file ${n}" gallery="g"></omnic-view>`)
      .join("");
    await embed(page, zoo, body);
    await page.getByRole("button", { name: "Open file 0" }).press("Enter");
    await expect(page.locator(".viewer.image")).toBeVisible({ timeout: 60_000 });
    await page.keyboard.press("1");
    await page.keyboard.press("+");
    await page.keyboard.press("ArrowRight");
    await expect(page.getByRole("dialog", { name: "file 0" })).toBeVisible();
    await page.keyboard.press("0");
    await page.keyboard.press("ArrowRight");
    await expect(page.getByRole("dialog", { name: "file 1" })).toBeVisible();
  });

  test("width comes before height from right to left too", async ({ page, zoo }) => {
    await embed(page, zoo, `<omnic-view url="${HARBOUR}" type="view" mode="inline" thumb=""></omnic-view>`, "ar");
    const sides = page.locator(".viewer.image .facts bdi", { hasText: "×" }).last();
    await expect(sides).toHaveText(/^1.600 × 1.067$/, { timeout: 30_000 });
    const places = await sides.evaluate((one) =>
      [0, 8].map((at) => {
        const range = document.createRange();
        range.setStart(one.firstChild as Text, at);
        range.setEnd(one.firstChild as Text, at + 5);
        return range.getBoundingClientRect().left;
      }),
    );
    expect(places[0]).toBeLessThan(places[1] as number);
  });

  test("it begins as large as it is told to", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, HARBOUR, "image", { attributes: 'start="200"' });
    await expect.poll(() => width(viewer)).toBe(3200);
  });

  test("what cannot be read says so", async ({ page, zoo, expected }) => {
    expected.push(/Failed to load resource/);
    await page.route("**/artifact/**", (route) => route.fulfill({ contentType: "image/png", body: "no picture" }));
    await page.route(/media\/(JPG|view)/, (route) => route.fulfill({ contentType: "image/jpeg", body: "no picture" }));
    await embed(page, zoo, `<omnic-view url="${HARBOUR}" alt="the file"></omnic-view>`);
    await page.getByRole("button", { name: "Open the file" }).press("Enter");
    await expect(page.getByRole("dialog").getByRole("alert")).toContainText("The picture cannot be read.", {
      timeout: 30_000,
    });
  });
});
