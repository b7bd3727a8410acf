import type { Locator, Page } from "@playwright/test";
import { closed, expect, opened, test } from "./zoo.ts";

/** How many points of the canvas have about this colour. */
const painted = (canvas: Locator, colour: string): Promise<number> =>
  canvas.evaluate((one: HTMLCanvasElement, colour) => {
    const wanted = /(\d+), (\d+), (\d+)/.exec(colour)?.slice(1).map(Number) ?? [];
    const { data } = (one.getContext("2d") as CanvasRenderingContext2D).getImageData(0, 0, one.width, one.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4)
      if ((data[at + 3] ?? 0) > 200 && wanted.every((value, part) => Math.abs(value - (data[at + part] ?? 0)) < 12))
        found++;
    return found;
  }, colour);

const graph = (page: Page, zoo: Parameters<typeof opened>[1], name: string) =>
  opened(page, zoo, name, "graph", { tab: "Graph" });

test("a table's numbers are drawn, zoomed by keys, and drawn otherwise", async ({ page, zoo }) => {
  const viewer = await graph(page, zoo, "table/data.parquet");
  const canvas = viewer.getByRole("img", { name: "Lines: value by id, 100 values, from 0 to 99" });
  await expect(canvas).toBeVisible();
  const colour = await viewer.locator(".legend .line-1").evaluate((one) => getComputedStyle(one).color);
  expect(await painted(canvas, colour)).toBeGreaterThan(500);
  await expect(viewer.getByRole("combobox", { name: "Across" })).toHaveValue("0");
  const view = viewer.getByRole("application");
  await view.focus();
  const before = await canvas.evaluate((one: HTMLCanvasElement) => one.toDataURL());
  await page.keyboard.press("+");
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("status").filter({ hasText: "From " })).toContainText("From 29 to 98");
  await expect(async () =>
    expect(await canvas.evaluate((one: HTMLCanvasElement) => one.toDataURL())).not.toBe(before),
  ).toPass();
  await page.keyboard.press("0");
  await expect(async () =>
    expect(await canvas.evaluate((one: HTMLCanvasElement) => one.toDataURL())).toBe(before),
  ).toPass();
  await viewer.getByRole("combobox", { name: "As" }).selectOption("Bars");
  await expect(viewer.getByRole("img", { name: /^Bars/ })).toBeVisible();
  expect(await painted(viewer.locator("canvas"), colour)).toBeGreaterThan(5000);
  await viewer.getByRole("combobox", { name: "Up" }).selectOption("id");
  await expect(viewer.locator(".legend li")).toHaveText(["value×", "id×"]);
  await viewer.getByRole("button", { name: "Remove value" }).click();
  await expect(viewer.locator(".legend li")).toHaveText(["id"]);
  await view.focus();
  await closed(page);
});

test("it is zoomed by dragging", { tag: "@full" }, async ({ page, zoo }) => {
  const viewer = await graph(page, zoo, "table/data.parquet");
  const over = viewer.locator(".u-over");
  const box = await over.boundingBox();
  if (!box) throw new Error("nothing to drag on");
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
  await expect(viewer.locator(".legend output")).not.toBeEmpty();
  const before = await viewer.locator("canvas").evaluate((one: HTMLCanvasElement) => one.toDataURL());
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await expect(async () =>
    expect(await viewer.locator("canvas").evaluate((one: HTMLCanvasElement) => one.toDataURL())).not.toBe(before),
  ).toPass();
});

test("words are counted", { tag: "@full" }, async ({ page, zoo }) => {
  const viewer = await graph(page, zoo, "table/whitelist.csv");
  await expect(viewer.getByRole("img", { name: /^Bars: Number of rows by EXPECTED DUMP, 30 values/ })).toBeVisible();
});
