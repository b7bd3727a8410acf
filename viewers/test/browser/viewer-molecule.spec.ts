import { guarded } from "./again.ts";
import { closed, colourAt, colours, embed, expect as expected, opened, test } from "./zoo.ts";

const FULL = { tag: "@full" };
const expect = expected.configure({ timeout: 30_000 }); // a software renderer, and others beside it

test("a molecule is seen, counted and turned by keys", async ({ page, zoo }) => {
  const harmless = guarded(page, zoo.url);
  const viewer = await opened(page, zoo, "molecule/culgi_03.mol2", "molecule");
  const view = viewer.locator(".view");
  await expect(viewer.locator(".facts")).toHaveText("52 atoms · C20H28NO3 · 56 bonds");
  await expect(view).toBeFocused();
  expect(await colours(page, view)).toBeGreaterThan(200);
  const before = await view.screenshot();
  for (let turn = 0; turn < 3; turn++) await page.keyboard.press("ArrowRight");
  await expect.poll(async () => (await view.screenshot()).equals(before)).toBe(false);
  await harmless();
  await closed(page);
});

for (const [name, told] of [
  ["octane.cml", "26 atoms · C8H18 · 25 bonds"],
  ["1ynd_sfa.sdf", "169 atoms · C60H91N5O13 · 173 bonds"],
  ["test3d.xyz", "25 atoms · C9H16"],
  ["test09.pdb", "33 atoms"],
] as const) {
  test(`${name} is counted and drawn`, FULL, async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, `molecule/${name}`, "molecule");
    await expect(viewer.locator(".facts")).toContainText(told);
    expect(await colours(page, viewer.locator(".view"))).toBeGreaterThan(100);
    await closed(page);
  });
}

test("a drawing gets places in space", FULL, async ({ page, zoo }) => {
  await embed(page, zoo, `<omnic-view url="file://samples/menthol.mol" alt="the file"></omnic-view>`);
  await expect(page.getByRole("button", { name: "Open the file" })).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  // 11 heavy atoms in the file, all in the page
  await expect(page.getByRole("dialog").locator(".facts")).toContainText("31 atoms · C10H20O", { timeout: 60_000 });
  await closed(page);
});

test("a crystal shows its whole cell", FULL, async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "molecule/cod_9007661.cif", "molecule");
  await expect(viewer.locator(".facts")).toContainText("9 atoms in the cell · Mo3S6");
  await expect(viewer.locator(".facts")).toContainText("unit cell 3.16 × 3.16 × 18.37 Å, 90°, 90°, 120°");
  await closed(page);
});

test("a protein is a ribbon", FULL, async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "molecule/5i55.cif", "molecule");
  await expect(viewer.getByLabel("Drawn as")).toHaveValue("ribbons");
  await expect(viewer.locator(".facts")).toContainText("218 atoms");
  const before = await viewer.locator(".view").screenshot();
  await viewer.getByLabel("Drawn as").selectOption("spheres");
  await expect.poll(async () => (await viewer.locator(".view").screenshot()).equals(before)).toBe(false);
  await closed(page);
});

test("what the controls do is seen, the 2D tab is the drawing", FULL, async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "molecule/octane.cml", "molecule");
  const view = viewer.locator(".view");
  const changed = async (act: () => Promise<unknown>): Promise<void> => {
    const before = await view.screenshot();
    await act();
    await expect.poll(async () => (await view.screenshot()).equals(before), { timeout: 20_000 }).toBe(false);
  };
  await changed(() => viewer.getByLabel("Drawn as").selectOption("spheres"));
  await changed(() => viewer.getByRole("button", { name: "Labels" }).click());
  await changed(() => viewer.getByRole("button", { name: "Surface" }).click());
  expect((await colourAt(page, view, 0.02, 0.05))[0]).toBeGreaterThan(200);
  await changed(() => viewer.getByRole("button", { name: "Light or dark" }).click());
  expect((await colourAt(page, view, 0.02, 0.05))[0]).toBeLessThan(60);
  await page.getByRole("tab", { name: "2D", exact: true }).click();
  await expect(page.getByRole("dialog").locator(".viewer.svg")).toBeVisible({ timeout: 60_000 });
  await closed(page);
});

test("without WebGL it is a picture, and says why", FULL, async ({ page, zoo }) => {
  await page.addInitScript(() => {
    HTMLCanvasElement.prototype.getContext = () => null;
  });
  const viewer = await opened(page, zoo, "molecule/octane.cml", "molecule", { patience: 90_000 });
  await expect(viewer).toContainText("no WebGL", { timeout: 60_000 });
  await closed(page);
});
