import type { Locator, Page } from "@playwright/test";
import { asData } from "./pdf-file.ts";
import { closed, expect, opened, test } from "./zoo.ts";

test.describe.configure({ timeout: 120_000 });
const SOON = { timeout: 30_000 };
const line = (viewer: Locator, n: number): Locator => viewer.locator(`[data-n="${n}"]`);
const paper = (viewer: Locator): Locator => viewer.getByRole("region", { name: "the file" });
const marked = (page: Page, name: string): Promise<number> =>
  page.evaluate((name) => CSS.highlights.get(name)?.size ?? 0, name);

/** 100 MiB that the service does not have to hold: answered by range as the service answers. */
async function hugeLog(page: Page): Promise<{ bytes: number; asked: string[] }> {
  const bytes = 100 * 2 ** 20;
  const asked: string[] = [];
  const row = 64;
  await page.route(/\/artifact\/.*original|\/media\/TXT\//i, async (route) => {
    const [, from = "0", to = ""] = /bytes=(\d+)-(\d*)/.exec(route.request().headers().range ?? "") ?? [];
    const first = Number(from);
    const last = Math.min(to ? Number(to) : bytes - 1, bytes - 1);
    asked.push(`${first}-${last}`);
    let text = "";
    for (let at = Math.floor(first / row); at * row <= last; at++)
      text += `line ${at + 1} `.padEnd(row - 1, ".").concat("\n");
    const skip = first % row;
    const body = text.slice(skip, skip + last - first + 1);
    await route.fulfill({
      status: 206,
      headers: {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Range": `bytes ${first}-${last}/${bytes}`,
        "Accept-Ranges": "bytes",
      },
      body,
    });
  });
  return { bytes, asked };
}

test("plain text opens from its thumbnail with numbered lines and a search", async ({ page, zoo }) => {
  const log = asData("text/plain", Array.from({ length: 300 }, (_, at) => `entry ${at + 1} of the log`).join("\n"));
  const viewer = await opened(page, zoo, log, "text", { tab: "Text" });
  await expect(line(viewer, 1)).toHaveText("entry 1 of the log");
  await expect(viewer.getByText("300 lines")).toBeVisible();
  await paper(viewer).focus();
  await page.keyboard.press("Control+f");
  await page.keyboard.type("ENTRY 250");
  await expect(viewer.getByText("1 of 1", { exact: true })).toBeVisible();
  await expect(line(viewer, 250)).toBeInViewport();
  expect(await marked(page, "omnic-text-now")).toBe(1);
  await page.keyboard.press("Escape");
  await closed(page);
});

test("what is in other letters is read as what it is", { tag: "@full" }, async ({ page, zoo }) => {
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("潮の満ち引き\nzwei\n".repeat(40), "utf16le")]);
  const first = await opened(page, zoo, asData("text/plain", utf16), "text", { tab: "Text" });
  await expect(line(first, 1)).toHaveText("潮の満ち引き");
  await closed(page);
  const latin = Buffer.from("Grüße aus Köln\nStraße\n".repeat(40), "latin1");
  const second = await opened(page, zoo, asData("text/plain", latin), "text", { tab: "Text" });
  await expect(line(second, 1)).toHaveText("Grüße aus Köln");
  await closed(page);
});

test("long lines wrap or do not", { tag: "@full" }, async ({ page, zoo }) => {
  const long = asData("text/plain", `${"wide ".repeat(800)}\nshort\n`);
  const viewer = await opened(page, zoo, long, "text", { tab: "Text" });
  const height = async (): Promise<number> => (await line(viewer, 1).boundingBox())?.height ?? 0;
  const wrapped = await height();
  const button = viewer.getByRole("button", { name: "Wrap long lines" });
  await expect(button).toHaveAttribute("aria-pressed", "true");
  await button.click();
  await expect(button).toHaveAttribute("aria-pressed", "false");
  await expect.poll(height).toBeLessThan(wrapped / 3);
  expect(await paper(viewer).evaluate((one) => one.scrollWidth > one.clientWidth)).toBe(true);
  await closed(page);
});

test("a log of 100 MiB: the beginning at once, more as one scrolls, the end by one key", { tag: "@full" }, async ({
  page,
  zoo,
}) => {
  const { bytes, asked } = await hugeLog(page);
  const viewer = await opened(page, zoo, asData("text/plain", "small\n".repeat(50)), "text", { tab: "Text" });
  await expect(line(viewer, 1)).toContainText("line 1 ", SOON);
  expect(asked.length).toBeLessThanOrEqual(2);
  await paper(viewer).focus();
  for (let turn = 0; turn < 6; turn++) {
    await paper(viewer).evaluate((one) => {
      one.scrollTop = one.scrollHeight;
    });
    await expect.poll(() => asked.length).toBeGreaterThan(turn + 1);
  }
  // Of all that is there, only what is near has elements.
  expect(await viewer.locator(".line").count()).toBeLessThan(2_500);
  const before = asked.length;
  await page.keyboard.press("End");
  await expect(viewer.getByText(`line ${bytes / 64} `)).toBeInViewport(SOON);
  expect(asked.length - before).toBeLessThanOrEqual(2);
  await page.keyboard.press("Home");
  await expect(line(viewer, 1)).toBeInViewport(SOON);
  await closed(page);
});

test("it begins at a line, which is marked", { tag: "@full" }, async ({ page, zoo }) => {
  await hugeLog(page);
  const small = asData("text/plain", "small\n".repeat(50));
  const viewer = await opened(page, zoo, small, "text", { tab: "Text", attributes: 'start="L9000"' });
  await expect(line(viewer, 9000)).toBeInViewport(SOON);
  await expect(line(viewer, 9000)).toHaveClass(/pointed/);
  await closed(page);
});

test("text is text: nothing in it becomes markup", { tag: "@full" }, async ({ page, zoo }) => {
  const harm = '<script>window.pwned=1</script><img src=x onerror="window.pwned=1">';
  const viewer = await opened(page, zoo, asData("text/plain", `plain words first\n${harm}\n`), "text", { tab: "Text" });
  await expect(line(viewer, 2)).toHaveText(harm);
  expect(await viewer.locator("script, img").count()).toBe(0);
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  await closed(page);
});
