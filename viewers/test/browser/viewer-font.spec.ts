import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guarded } from "./again.ts";
import { closed, embed, expect, opened, serveZoo, specimen, test } from "./zoo.ts";

const DEJAVU = "font/deja_vu_serif-2.7.ttf";

test("a font opens with text of one's own in it, its sizes and its characters", async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, DEJAVU, "font");
  const text = viewer.getByRole("textbox", { name: "Text to try" });
  await expect(text).toBeFocused();
  await expect(text).toHaveValue("The quick brown fox jumps over the lazy dog.");
  await expect(viewer.getByRole("heading", { name: "DejaVu Serif" })).toBeVisible();
  await expect(viewer.locator("header .facts")).toHaveText(
    "Book · weight 400 · glyphs: 1,815 · characters: 1,800 · TTF · 206 kB",
  );
  // It is drawn in this font and not in the page's: as wide as the font's own advances say, 1.0 em for ten digits and more.
  const wide = (family: string): Promise<number> =>
    text.evaluate((one, family) => {
      const context = document.createElement("canvas").getContext("2d") as CanvasRenderingContext2D;
      context.font = `100px ${family || getComputedStyle(one).fontFamily}`;
      return Math.round(context.measureText("0123456789").width);
    }, family);
  expect(await wide("")).toBe(636); // each digit is 1303 of 2048 units wide
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("Hamburg € 漢");
  await expect(viewer.locator(".sizes p").last()).toHaveText("Hamburg € 漢");
  await expect(viewer.locator(".lacks")).toHaveText("Not in this font: 漢");
  await closed(page);
});

test.describe("fonts", { tag: "@full" }, () => {
  test("size and script are chosen by keys", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, DEJAVU, "font");
    const text = viewer.getByRole("textbox", { name: "Text to try" });
    await expect(text).toBeVisible();
    await viewer.getByRole("slider", { name: "Size" }).focus();
    for (let turn = 0; turn < 12; turn++) await page.keyboard.press("ArrowRight");
    await expect(text).toHaveCSS("font-size", "60px");
    const script = viewer.getByRole("combobox", { name: "Script" });
    await script.focus();
    await page.keyboard.type("Gre");
    await expect(text).toHaveValue(/^Ξεσκεπάζω/);
    await expect(page.getByRole("dialog")).toBeVisible();
    await closed(page);
  });

  test("every character is reached by arrows, more of them as they are looked at", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, DEJAVU, "font");
    const list = viewer.getByRole("listbox", { name: "Characters" });
    await list.getByRole("option").first().focus();
    await expect(list.getByRole("option", { name: "! U+0021" })).toBeFocused(); // space and controls are not seen
    await page.keyboard.press("ArrowRight");
    await expect(list.getByRole("option", { name: '" U+0022' })).toBeFocused();
    await expect(viewer.locator(".detail .big")).toHaveText('"');
    await page.keyboard.press("ArrowDown");
    const below = (await list.locator(":focus").boundingBox()) as { x: number; y: number };
    const above = (await list.getByRole("option").nth(1).boundingBox()) as { x: number; y: number };
    expect(below.x).toBeCloseTo(above.x, 0);
    expect(below.y).toBeGreaterThan(above.y);
    // 1800 characters but for spaces and controls, 300 at a time
    for (let turn = 0; turn < 7; turn++) await page.keyboard.press("End");
    await expect.poll(() => list.getByRole("option").count()).toBeGreaterThan(1700);
    await expect(list.locator(":focus")).toBeInViewport();
    await closed(page);
  });

  for (const [name, family, format] of [
    ["font/CantarellMin.woff2", "Cantarell", "WOFF2"],
    ["font/TestWOFF.woff", "Test OTF", "WOFF"],
    ["font/TestTTC.ttc", "Test TTF", "TTC"],
    ["font/TestT1-Regular.pfb", "", "PFB"],
  ] as const) {
    test(`${format} opens`, async ({ page, zoo }) => {
      const viewer = await opened(page, zoo, name, "font");
      await expect(viewer.getByRole("textbox", { name: "Text to try" })).toBeVisible();
      if (family) await expect(viewer.getByRole("heading", { name: family })).toBeVisible();
      await expect(viewer.locator("header .facts")).toContainText(format);
      expect(await page.evaluate(() => [...document.fonts].filter(({ status }) => status === "loaded").length)).toBe(1);
      await closed(page);
    });
  }

  test("the axis of a variable font is a slider, and what is written follows it", async ({ page }) => {
    const folder = mkdtempSync(join(tmpdir(), "omnic-fonts-"));
    const python = join(import.meta.dirname, "../../../.venv/bin/python");
    execFileSync(python, [join(import.meta.dirname, "../fixtures/boxes.py"), join(folder, "boxes.ttf")]);
    const made = await serveZoo("", {}, { made: folder });
    const viewer = await opened(page, made, "file://made/boxes.ttf", "font");
    await viewer.getByRole("textbox", { name: "Text to try" }).fill("box");
    const width = (): Promise<number> =>
      viewer
        .locator(".sizes p")
        .last()
        .evaluate((one) => {
          const range = document.createRange();
          range.selectNodeContents(one);
          return range.getBoundingClientRect().width / Number.parseFloat(getComputedStyle(one).fontSize);
        });
    await expect.poll(width).toBeCloseTo(1.5, 2);
    const axis = viewer.getByRole("slider", { name: "Weight" });
    await expect(axis).toHaveValue("400");
    await axis.focus();
    await page.keyboard.press("End");
    await expect(axis).toHaveValue("900");
    await expect.poll(width).toBeCloseTo(2.7, 2);
    await closed(page);
    await page.goto("about:blank");
    await made.stop();
    rmSync(folder, { recursive: true });
  });

  test("all glyphs are one button away, and there is a way back", async ({ page, zoo }) => {
    test.slow();
    const viewer = await opened(page, zoo, DEJAVU, "font");
    await viewer.getByRole("button", { name: "All glyphs" }).press("Enter");
    await expect(page.getByRole("dialog").locator("iframe")).toBeVisible({ timeout: 30_000 });
    await expect(page.frameLocator("iframe").locator("h1").first()).toContainText("DejaVu Serif", { timeout: 30_000 });
    await page.getByRole("button", { name: "Back" }).press("Enter");
    await expect(viewer.getByRole("textbox", { name: "Text to try" })).toBeVisible({ timeout: 30_000 });
  });

  test("a font that the browser refuses is shown as the service draws it", async ({ page, zoo, expected }) => {
    expected.push(/decode downloaded font|OTS parsing error/);
    await page.route(/\.ttf$/, (route) => route.fulfill({ contentType: "font/ttf", body: "no font" }));
    await embed(page, zoo, `<omnic-view url="${specimen(DEJAVU)}" alt="the file"></omnic-view>`);
    await page.getByRole("button", { name: "Open the file" }).press("Enter");
    const viewer = page.getByRole("dialog").locator(".viewer.font");
    await expect(viewer.getByText("The browser cannot read this font; here it is as a picture.")).toBeVisible({
      timeout: 30_000,
    });
    await expect(viewer.getByRole("img", { name: "the file" })).toBeVisible();
    await closed(page);
  });

  test("what a font says of itself is text", async ({ page, zoo }) => {
    const evil = '<img src="https://evil.example/x" onerror="pwned=1">';
    const harmless = guarded(page, zoo.url);
    await page.route(/metadata\.json|\/artifact\/.*\.json/, (route) =>
      route.fulfill({
        json: {
          family: evil,
          style: evil,
          weight: 400,
          ranges: [[65, 90], ["<b>", 3], [1, 2, 3], null],
          samples: [{ script: evil, alphabet: evil, sentence: evil }, null],
          axes: [{ tag: '";}*{', name: evil, least: 1, default: 2, most: 3 }],
          licence: evil,
          designer: { toString: evil },
        },
      }),
    );
    const viewer = await opened(page, zoo, DEJAVU, "font");
    await expect(viewer.locator("h2")).toHaveText(evil);
    await expect(viewer.locator("dd")).toHaveText(evil);
    await expect(viewer.getByRole("option")).toHaveCount(26);
    await expect(viewer.getByRole("slider")).toHaveCount(1);
    await harmless();
  });
});
