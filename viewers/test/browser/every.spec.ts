import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { EVERY } from "./every.ts";
import { embed, expect, serveZoo, specimen, test } from "./zoo.ts";

test("every viewer from a page of another origin, by keyboard, in a frame inside the dialog", { tag: "@full" }, async ({
  page,
  expected,
}) => {
  test.setTimeout(600_000);
  expected.push(/favicon|404/);
  expected.push(/Blocked script execution .* sandboxed|frame is sandboxed/);
  let body = "";
  let policy = "";
  const shop = createServer((_request, response) => {
    const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy };
    response.writeHead(200, headers).end(body);
  });
  await new Promise<void>((done) => shop.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  const service = await serveZoo("", { OMNIC_ALLOW_ORIGINS: origin });
  const home = service.url.replace(/\/$/, "");
  policy = `default-src 'none'; script-src ${home}; img-src ${home}; connect-src ${home} ${home.replace("http", "ws")}; frame-src ${home}`;
  const views = EVERY.map(
    ([viewer, file]) =>
      `<omnic-view url="${specimen(file)}" alt="${viewer}" gallery="${viewer}" loading="lazy"></omnic-view>`,
  );
  body = `<!doctype html><html lang="en"><head><title>shop</title><script type="module" crossorigin src="${home}/viewer/omnic.js"></script></head><body>${views.join("")}</body></html>`;
  await page.goto(origin);
  for (const [viewer, , tab] of EVERY) {
    await test.step(viewer, async () => {
      const poster = page.getByRole("button", { name: `Open ${viewer}`, exact: true });
      await poster.focus();
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog", { name: viewer, exact: true });
      const frame = dialog.locator("iframe").contentFrame();
      if (tab) await frame.getByRole("tab", { name: tab, exact: true }).click({ timeout: 90_000 });
      await expect(frame.locator(`.viewer.${viewer}`)).toBeVisible({ timeout: 90_000 });
      await dialog.getByRole("button", { name: "Close" }).focus();
      await page.keyboard.press("Enter");
      await expect(dialog).toBeHidden();
      await expect(poster).toBeFocused();
    });
  }
  await page.goto("about:blank");
  await service.stop();
  await new Promise((done) => shop.close(done));
});

for (const [colorScheme, width] of [
  ["light", 1440],
  ["dark", 1440],
  ["light", 360],
  ["dark", 360],
] as const) {
  test(`pictures of every viewer, which stay within the window: ${colorScheme}, ${width} px`, { tag: "@full" }, async ({
    page,
    zoo,
    expected,
  }) => {
    test.setTimeout(600_000);
    expected.push(/Blocked script execution .* sandboxed|frame is sandboxed/);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    const views = EVERY.map(
      ([viewer, file]) => `<omnic-view url="${specimen(file)}" alt="${viewer}" loading="lazy"></omnic-view>`,
    );
    await embed(page, zoo, views.join(""));
    const dialog = page.getByRole("dialog");
    const sheets = new Set<number>();
    for (const [viewer, , tab] of EVERY) {
      await test.step(viewer, async () => {
        await page.getByRole("button", { name: `Open ${viewer}`, exact: true }).click();
        if (tab) await dialog.getByRole("tab", { name: tab, exact: true }).click({ timeout: 90_000 });
        const shown = dialog.locator(`.viewer.${viewer}`);
        await expect(shown).toBeVisible({ timeout: 90_000 });
        await page.waitForTimeout(1000); // a picture is taken of what has come to rest
        await page.screenshot({ path: `screenshots/viewer-${viewer}-${colorScheme}-${width}.png` });
        const box = await shown.boundingBox();
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
        await page.keyboard.press("Escape");
        if (await dialog.isVisible()) await dialog.getByRole("button", { name: "Close" }).click();
        await expect(page.locator("omnic-view[open]")).toHaveCount(0);
        const root = page.locator("dialog"); // closed, it still tells what its shadow root wears
        sheets.add(await root.evaluate((one) => (one.getRootNode() as ShadowRoot).adoptedStyleSheets.length));
      });
    }
    expect([...sheets], "one viewer's style is not the next one's").toEqual([2]);
  });
}
