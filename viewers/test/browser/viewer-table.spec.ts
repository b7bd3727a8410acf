import type { Page } from "@playwright/test";
import { guarded } from "./again.ts";
import { closed, embed, expect, opened, test } from "./zoo.ts";

/** Any text as the CSV that the service would have made of a specimen. */
async function instead(page: Page, csv: string | Buffer): Promise<void> {
  await page.route(/\/artifact\/.*csv/i, async (route) => {
    const response = await route.fetch();
    const isTable = (response.headers()["content-type"] ?? "").startsWith("text/csv");
    if (isTable) await route.fulfill({ response, body: csv });
    else await route.fulfill({ response });
  });
}

const status = (page: Page) => page.getByRole("dialog").locator(".count");

test("a table opens, is walked through, sorted and filtered by keys", async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "table/data.parquet", "table");
  await expect(status(page)).toHaveText("Rows: 100");
  const grid = viewer.getByRole("grid");
  await expect(grid).toBeFocused();
  await expect(grid).toHaveAttribute("aria-rowcount", "101");
  await expect(viewer.getByRole("columnheader")).toHaveText(["Row", "#id", "name", "#value"]);
  const cell = (row: number, column: number) =>
    viewer.locator(`tr[aria-rowindex="${row + 1}"] > [aria-colindex="${column + 1}"]`);
  await expect(cell(1, 2)).toHaveText("row 0");
  await expect(cell(1, 3)).toHaveCSS("text-align", "end");
  await expect(cell(1, 2)).toHaveCSS("text-align", "start");
  // the last row is not there until it is gone to
  await expect(viewer.getByRole("gridcell", { name: "row 99" })).toHaveCount(0);
  await page.keyboard.press("Control+End");
  await expect(cell(100, 3)).toHaveText("1400.143");
  await expect(grid).toHaveAttribute("aria-activedescendant", "active");
  await expect(viewer.locator("#active")).toHaveText("1400.143");
  expect(await viewer.locator("tbody tr").count()).toBeLessThan(90);
  // up to the names: Enter sorts
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect(viewer.getByRole("columnheader", { name: "id" })).toHaveAttribute("aria-sort", "descending");
  await expect(cell(1, 1)).toHaveText("99");
  await viewer.getByRole("searchbox", { name: "Filter rows" }).fill("row 7");
  await expect(status(page)).toHaveText("Rows: 11 of 100");
  await expect(cell(1, 2)).toHaveText("row 79");
  await viewer.getByRole("combobox", { name: "Filter in" }).selectOption("id");
  await expect(status(page)).toHaveText("Rows: 0 of 100");
  await grid.focus(); // in the field, Escape empties it first
  await closed(page);
});

test("cells are chosen and copied", { tag: "@full" }, async ({ page, zoo, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await opened(page, zoo, "table/d.sqlite", "table");
  await expect(status(page)).toHaveText("Rows: 100");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowRight");
  await expect(page.getByRole("dialog").locator("td[aria-selected=true]")).toHaveCount(4);
  await page.keyboard.press("Control+c");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("1\trow 1\n2\trow 2");
  await expect(page.getByRole("dialog").locator(".whole")).toHaveText("name: row 2");
  await closed(page);
});

test("a workbook's sheets are chosen from", { tag: "@full" }, async ({ page, zoo }) => {
  await embed(page, zoo, '<omnic-view url="file://samples/tides.fods" alt="the file"></omnic-view>');
  await page.getByRole("button", { name: "Open the file" }).press("Enter");
  await expect(status(page)).toHaveText("Rows: 3", { timeout: 40_000 });
  const list = page.getByRole("combobox", { name: "Sheet" });
  await expect(list.getByRole("option")).toHaveText(["Tides", "Second"], { timeout: 20_000 });
  await list.selectOption("Second");
  await expect(page.getByRole("columnheader")).toHaveText(["Row", "Column 1", "#Column 2"], { timeout: 20_000 });
  await list.selectOption("Tides");
  await expect(page.getByRole("columnheader")).toHaveText(["Row", "day", "#height"]);
  await page.getByRole("grid").focus();
  await closed(page);
});

test("other delimiters and encodings are found, and it begins where it is told to", { tag: "@full" }, async ({
  page,
  zoo,
}) => {
  const viewer = await opened(page, zoo, "table/whitelist.csv", "table", { attributes: 'start="20"' });
  await expect(viewer.getByRole("columnheader")).toHaveText(["Row", "ORIGINAL FILE", "EXPECTED DUMP"]);
  await expect(viewer.locator("#active")).toHaveText(/^\.\.\/models/);
  await expect(viewer.locator("tr:has(#active)")).toHaveAttribute("aria-rowindex", "21");
});

test("a hundred thousand rows: first ones at once, the page alive, sorted in slices", { tag: "@full" }, async ({
  page,
  zoo,
}) => {
  const lines = Array.from(
    { length: 100_000 },
    (_, at) => `${(at * 7919) % 100_000},"name, ${at}",2024-01-${String((at % 28) + 1).padStart(2, "0")}`,
  );
  await instead(page, `number,words,day\n${lines.join("\n")}\n`);
  const viewer = await opened(page, zoo, "table/data.parquet", "table");
  await expect(status(page)).toHaveText("Rows: 100,000", { timeout: 20_000 });
  expect(await viewer.locator("tr").count()).toBeLessThan(100);
  // while it sorts, other tasks have their turns
  await status(page).evaluate((place) => {
    const turns = { n: 0 };
    Object.assign(window, { turns });
    setInterval(() => {
      if (place.textContent === "Arranging rows") turns.n++;
    }, 1);
  });
  const turns = () => page.evaluate(() => (window as unknown as { turns: { n: number } }).turns.n);
  await viewer.getByRole("button", { name: "number" }).click();
  await expect(viewer.getByRole("columnheader", { name: "number" })).toHaveAttribute("aria-sort", "ascending");
  await expect(viewer.locator('tr[aria-rowindex="3"] td').nth(1)).toHaveText("1", { timeout: 30_000 });
  expect(await turns()).toBeGreaterThan(0);
  await viewer.getByRole("grid").focus();
  await page.keyboard.press("Control+End");
  await expect(viewer.locator('tr[aria-rowindex="100001"] td').nth(1)).toHaveText("99999");
});

test("cells of strangers are text", { tag: "@full" }, async ({ page, zoo }) => {
  const harmless = guarded(page, zoo.url);
  const evil = `<img src=https://evil.example/x onerror="window.pwned=1">`;
  await instead(
    page,
    `name,script\n"${evil.replaceAll('"', '""')}",<script>window.pwned=1</script>\n=HYPERLINK("https://evil.example"),javascript:window.pwned=1\n`,
  );
  const viewer = await opened(page, zoo, "table/data.parquet", "table");
  await expect(viewer.getByRole("gridcell", { name: "<script>window.pwned=1</script>" })).toBeVisible();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await harmless();
});
