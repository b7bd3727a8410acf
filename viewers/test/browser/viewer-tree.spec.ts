import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { guarded } from "./again.ts";
import { closed, expect, opened, test } from "./zoo.ts";

const rows = (page: Page) => page.getByRole("dialog").locator("tbody tr[data-row] .name");
const active = (page: Page) => page.getByRole("dialog").locator("#row .name");

/** A ZIP in a ZIP, in base64. */
function nested(): string {
  const script = `import base64, io, zipfile
inner, outer = io.BytesIO(), io.BytesIO()
for made, name, content in ((inner, "deep.txt", b"At the bottom."), (outer, "inner.zip", inner)):
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr(name, content if isinstance(content, bytes) else content.getvalue())
print(base64.b64encode(outer.getvalue()).decode(), end="")`;
  return execFileSync(join(import.meta.dirname, "../../../.venv/bin/python"), ["-c", script], { encoding: "utf8" });
}

/** Another listing than the archive's own. */
async function listed(page: Page, members: object[]): Promise<void> {
  await page.route(/\/artifact\/.*json/i, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { members, count: members.length, size: 0, truncated: false } });
  });
}

test("an archive is walked through by keys, and a file in it opens in its own viewer and leads back", async ({
  page,
  zoo,
}) => {
  const viewer = await opened(page, zoo, "archive/tides.xar", "tree");
  const tree = viewer.getByRole("treegrid");
  await expect(tree).toBeFocused();
  await expect(rows(page)).toHaveText(["harbour", "lamp.png", "[TOC].xml", "tides.txt"]);
  await expect(viewer.getByRole("status")).toHaveText("Entries: 4, 3 kB");
  await expect(viewer.getByRole("row", { name: "lamp.png" })).toHaveAttribute("aria-level", "2");
  await page.keyboard.press("ArrowLeft");
  await expect(rows(page)).toHaveText(["harbour", "[TOC].xml", "tides.txt"]);
  await expect(viewer.getByRole("row", { name: "harbour" })).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("t"); // by its first letter
  await expect(active(page)).toHaveText("tides.txt");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await expect(active(page)).toHaveText("lamp.png");
  await page.keyboard.press("Enter");
  const picture = page.getByRole("dialog").locator(".viewer.image img");
  await expect(picture).toBeVisible({ timeout: 30_000 });
  expect(await picture.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBeGreaterThan(10);
  await page.getByRole("button", { name: "Back", exact: true }).press("Enter");
  await expect(active(page)).toHaveText("lamp.png");
  await expect(page.getByRole("dialog").getByRole("treegrid")).toBeFocused();
  await closed(page);
});

test("a file of an archive in an archive opens, and leads back through both", { tag: "@full" }, async ({
  page,
  zoo,
}) => {
  const viewer = await opened(page, zoo, `data:application/zip;base64,${nested()}`, "tree");
  await viewer.locator(".name", { hasText: "inner.zip" }).dblclick();
  await viewer.locator(".name", { hasText: "deep.txt" }).dblclick({ timeout: 30_000 });
  const document = page.getByRole("dialog").frameLocator("iframe");
  await expect(document.getByText("At the bottom.")).toBeVisible({ timeout: 30_000 });
  for (const name of ["deep.txt", "inner.zip"]) {
    await page.getByRole("button", { name: "Back", exact: true }).press("Enter");
    await expect(active(page)).toHaveText(name);
  }
  await closed(page);
});

test("it is sorted, filtered, opened and closed as a whole", { tag: "@full" }, async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "archive/t.apk", "tree");
  await viewer.getByRole("button", { name: "Size" }).press("Enter");
  await expect(viewer.getByRole("columnheader", { name: "Size" })).toHaveAttribute("aria-sort", "descending");
  const files = viewer.locator('tr[aria-level="1"] .file .name');
  await expect(files.first()).toHaveText("classes.dex");
  await expect(files.nth(1)).toHaveText("AndroidManifest.xml");
  await viewer.getByRole("button", { name: "Collapse all" }).press("Enter");
  await expect(viewer.locator('tr[aria-level="2"]')).toHaveCount(0);
  await viewer.getByRole("searchbox", { name: "Filter files" }).fill("manifest.mf");
  await expect(rows(page)).toHaveText(["META-INF", "MANIFEST.MF"]);
  await viewer.getByRole("searchbox").fill("");
  await viewer.getByRole("button", { name: "Expand all" }).press("Enter");
  await expect(viewer.locator('tr[aria-level="3"]').first()).toBeVisible();
  await viewer.getByRole("treegrid").focus();
  await closed(page);
});

test("a package shows what it installs", { tag: "@full" }, async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "archive/t.deb", "tree");
  await expect(viewer.getByRole("row", { name: "control 357 byte" })).toBeVisible();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await expect(active(page)).toHaveText("control");
  await page.keyboard.press("Enter");
  const text = page.getByRole("dialog").locator("iframe").contentFrame().getByText("libvolume-id-dev").first();
  await expect(text).toBeVisible({ timeout: 30_000 });
});

test("names of strangers are text, and lead nowhere else", { tag: "@full" }, async ({ page, zoo }) => {
  const harmless = guarded(page, zoo.url);
  const file = { size: 5, kind: "file" };
  await listed(page, [
    { name: `<img src=https://evil.example onerror=window.pwned=1>`, ...file },
    { name: "../../etc/passwd", ...file },
    { name: "/etc/shadow", ...file },
    { name: "javascript:window.pwned=1", ...file },
    { name: "secret.txt", ...file, encrypted: true },
    { name: "way out", kind: "link", target: "../../.." },
    { name: "a>b<c:d>.txt", ...file },
  ]);
  const viewer = await opened(page, zoo, "archive/t.zip", "tree");
  await expect(viewer.getByText("its name leads elsewhere")).toHaveCount(2);
  await expect(viewer.getByText("encrypted")).toBeVisible();
  for (const name of ["passwd", "shadow", "secret.txt", "way out"]) {
    await viewer.locator(".name", { hasText: name }).click();
    await expect(viewer).toBeVisible(); // it did not open
  }
  await harmless();
});

test("twenty thousand files: few rows, at once", { tag: "@full" }, async ({ page, zoo }) => {
  const members = Array.from({ length: 20_000 }, (_, at) => ({
    name: `folder ${at % 10}/file ${at}.txt`,
    size: at,
    kind: "file",
  }));
  await listed(page, members);
  const viewer = await opened(page, zoo, "archive/t.zip", "tree");
  await viewer.getByRole("button", { name: "Expand all" }).click();
  await expect(viewer.getByRole("treegrid")).toHaveAttribute("aria-rowcount", "20011");
  expect(await viewer.locator("tr").count()).toBeLessThan(100);
  await viewer.getByRole("treegrid").focus();
  await page.keyboard.press("End");
  await expect(active(page)).toHaveText("file 19999.txt");
});
