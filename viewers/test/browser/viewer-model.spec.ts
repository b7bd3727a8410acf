import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { guarded } from "./again.ts";
import { square } from "./glb-file.ts";
import {
  closed,
  colourAt,
  colours,
  embed,
  expect as expected,
  opened,
  type Running,
  serveZoo,
  test as zooTest,
} from "./zoo.ts";

const FULL = { tag: "@full" };
const expect = expected.configure({ timeout: 30_000 }); // a software renderer, and others beside it
const folder = (): string => mkdtempSync(join(tmpdir(), "omnic-models-"));

/** Files that are made for the test, beside the zoo. */
const test = zooTest.extend<object, { made: Running & { folder: string } }>({
  made: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => {
      const place = folder();
      const png = Buffer.from(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
        "base64",
      );
      writeFileSync(join(place, "square.glb"), square());
      writeFileSync(
        join(place, "elsewhere.glb"),
        square((json) => {
          json.images = [
            { uri: "http://192.0.2.7/picture.png", name: "<img src=x onerror=pwned=1>" },
            { uri: "//192.0.2.8/a.png" },
          ];
          json.textures = [{ source: 0 }];
          json.materials = [
            {
              name: "<script>pwned=1</script>",
              doubleSided: true,
              pbrMetallicRoughness: { baseColorTexture: { index: 0 } },
            },
          ];
          json.nodes = [{ mesh: 0, name: "<img src=x onerror=pwned=1>" }];
          json.animations = [
            { ...(json.animations as object[])[0], name: "<img src=x onerror=pwned=1>" },
            { ...(json.animations as object[])[0], name: "</option><script>pwned=1</script>" },
          ];
        }),
      );
      writeFileSync(
        join(place, "buffer.glb"),
        square((json) => {
          json.buffers = [{ byteLength: 4096, uri: "http://192.0.2.7/shape.bin" }];
        }),
      );
      writeFileSync(
        join(place, "ring.glb"),
        square((json) => {
          json.nodes = [{ mesh: 0 }, { children: [2] }, { children: [1], mesh: 0 }];
          json.scenes = [{ nodes: [0, 1] }];
        }),
      );
      writeFileSync(
        join(place, "inside.glb"),
        square((json) => {
          json.images = [{ uri: `data:image/png;base64,${png.toString("base64")}` }];
          json.textures = [{ source: 0 }];
          json.materials = [
            { doubleSided: true, pbrMetallicRoughness: { baseColorTexture: { index: 0 }, metallicFactor: 0 } },
          ];
        }),
      );
      const corners = ["0 0 0", "1 0 0", "1 0 1", "0 0 0", "1 0 1", "0 0 1"];
      const facet = (three: string[]): string =>
        `facet normal 0 0 0\nouter loop\n${three.map((one) => `vertex ${one}\n`).join("")}endloop\nendfacet\n`;
      writeFileSync(
        join(place, "sheet.stl"),
        `solid sheet\n${facet(corners.slice(0, 3))}${facet(corners.slice(3))}endsolid sheet\n`,
      );
      const running = await serveZoo("", {}, { made: place });
      await use({ ...running, folder: place });
      await running.stop();
      rmSync(place, { recursive: true });
    },
    { scope: "worker", timeout: 60_000 },
  ],
});

/** One that was made. */
async function madeOpened(page: Page, made: Running, name: string): Promise<Locator> {
  await embed(page, made, `<omnic-view url="file://made/${name}" alt="the file"></omnic-view>`);
  await expect(page.getByRole("button", { name: "Open the file" })).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  return page.getByRole("dialog");
}

const reddish = ([red = 0, green = 0, blue = 0]: number[]): boolean => red - Math.max(green, blue) > 50;

test("a model is seen, measured and turned by keys", async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "mesh/BoxTextured.glb", "model");
  const view = viewer.locator(".view");
  await expect(viewer.locator(".facts")).toContainText("x 1 m × y 1 m × z 1 m");
  await expect(viewer.locator(".facts")).toContainText("12 triangles");
  await expect(view).toBeFocused();
  expect(await colours(page, view)).toBeGreaterThan(200);
  const [red = 0, green = 0, blue = 0] = await colourAt(page, view, 0.5, 0.5);
  expect(blue - red).toBeGreaterThan(60); // the sky of its texture
  expect(green).toBeGreaterThan(red);
  const before = await view.screenshot();
  for (let turn = 0; turn < 4; turn++) await page.keyboard.press("ArrowRight");
  await expect.poll(async () => (await view.screenshot()).equals(before)).toBe(false);
  await closed(page);
});

for (const [name, size, many] of [
  ["Cube.off", "in the file’s units: x 1 × y 1 × z 1", "12 triangles"],
  ["box.3mf", "x 10 × y 20 × z 30", "12 triangles"],
  ["sphereWithHole.stl", "x 3 × y 3 × z 3", "285 triangles"],
  ["bun_zipper_res4.ply", "x 0.1513 × y 0.1483 × z 0.1144", "948 triangles"],
  ["t.step", " mm × y ", "triangles"],
  ["kwxport_test_cubewithvcolors.x", "x 0.9843 × y 0.9843 × z 0.9843", "12 triangles"],
] as const) {
  test(`${name} is measured and drawn`, FULL, async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, `mesh/${name}`, "model");
    await expect(viewer.locator(".facts")).toContainText(size);
    await expect(viewer.locator(".facts")).toContainText(many);
    expect(await colours(page, viewer.locator(".view"))).toBeGreaterThan(40);
    await closed(page);
  });
}

test("what the buttons do is seen", FULL, async ({ page, made }) => {
  const dialog = await madeOpened(page, made, "square.glb");
  const view = dialog.locator(".view");
  await expect(view).toBeVisible({ timeout: 60_000 });
  const press = (name: string): Promise<void> => dialog.getByRole("button", { name, exact: true }).click();
  await dialog.getByLabel("Seen from").selectOption("front");
  await expect.poll(async () => reddish(await colourAt(page, view, 0.5, 0.5))).toBe(true);

  await press("Wireframe");
  await expect.poll(async () => reddish(await colourAt(page, view, 0.47, 0.5))).toBe(false);
  await press("Wireframe");
  await expect.poll(async () => reddish(await colourAt(page, view, 0.47, 0.5))).toBe(true);

  await press("Section");
  const slider = dialog.getByRole("slider", { name: "Where it is cut" });
  await slider.focus();
  await page.keyboard.press("Home");
  await expect(slider).toHaveAttribute("aria-valuetext", "0 m");
  await expect.poll(async () => reddish(await colourAt(page, view, 0.47, 0.5))).toBe(false);
  await page.keyboard.press("End");
  await expect(slider).toHaveAttribute("aria-valuetext", "2 m");
  await expect.poll(async () => reddish(await colourAt(page, view, 0.47, 0.5))).toBe(true);
  await press("Section");

  expect((await colourAt(page, view, 0.02, 0.05))[0]).toBeGreaterThan(200);
  await press("Light or dark");
  await expect.poll(async () => ((await colourAt(page, view, 0.02, 0.05))[0] ?? 255) < 60).toBe(true);

  await press("Play"); // it leaves the middle
  await expect.poll(async () => reddish(await colourAt(page, view, 0.5, 0.5)), { intervals: [60] }).toBe(false);
  await press("Play");
  await closed(page);
});

test("a sheet that says nothing of itself is seen from both sides, and is not as light as its ground", async ({
  page,
  made,
}) => {
  const dialog = await madeOpened(page, made, "sheet.stl");
  const view = dialog.locator(".view");
  await expect(view).toBeVisible({ timeout: 60_000 });
  for (const side of ["front", "back"]) {
    await dialog.getByLabel("Seen from").selectOption(side);
    await expect.poll(async () => (await colourAt(page, view, 0.5, 0.5))[0]).toBeLessThan(190);
    expect((await colourAt(page, view, 0.02, 0.05))[0]).toBeGreaterThan(225);
  }
  await closed(page);
});

test("nothing turns by itself for who asked for rest", FULL, async ({ page, zoo }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const viewer = await opened(page, zoo, "mesh/Cube.off", "model");
  await expect(viewer.getByRole("button", { name: "Grid" })).toBeVisible();
  await expect(viewer.getByRole("button", { name: "Turn by itself" })).toHaveCount(0);
  await closed(page);
});

test("without WebGL it is a picture, and says why", FULL, async ({ page, zoo }) => {
  await page.addInitScript(() => {
    HTMLCanvasElement.prototype.getContext = () => null;
  });
  const viewer = await opened(page, zoo, "mesh/Cube.off", "model", { patience: 90_000 });
  await expect(viewer).toContainText("no WebGL", { timeout: 90_000 });
  await expect(viewer.locator("img")).toHaveJSProperty("complete", true);
  expect(await viewer.locator("img").evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBeGreaterThan(200);
  await closed(page);
});

test("a picture within a file is decoded without an address of its own", FULL, async ({ page, made }) => {
  const dialog = await madeOpened(page, made, "inside.glb");
  await expect(dialog.locator(".view")).toBeVisible({ timeout: 60_000 });
  expect(await colours(page, dialog.locator(".view"))).toBeGreaterThan(10);
  await closed(page);
});

test("what a model names elsewhere is not fetched, and names are text", FULL, async ({ page, made }) => {
  const harmless = guarded(page, made.url);
  let dialog = await madeOpened(page, made, "elsewhere.glb");
  await expect(dialog.locator(".view")).toBeVisible({ timeout: 60_000 });
  await expect(dialog).toContainText("Pictures that lie outside the file were not loaded: 2.");
  await expect(dialog.getByLabel("Movement")).toContainText("<img src=x onerror=pwned=1>");
  await closed(page);

  dialog = await madeOpened(page, made, "buffer.glb");
  await expect(dialog.getByRole("alert")).toContainText("outside the file", { timeout: 60_000 });
  dialog = await madeOpened(page, made, "ring.glb");
  await expect(dialog).toContainText("The model cannot be read.", { timeout: 60_000 });
  await harmless();
});
