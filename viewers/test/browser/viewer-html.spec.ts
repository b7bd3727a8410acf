import type { FrameLocator, Page } from "@playwright/test";
import { asData } from "./pdf-file.ts";
import { closed, expect, opened, test } from "./zoo.ts";

test.describe.configure({ timeout: 120_000 });
const SOON = { timeout: 30_000 };
const inside = (page: Page): FrameLocator => page.getByRole("dialog").frameLocator("iframe");

test("Markdown opens from its thumbnail as a document in which nothing runs", async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "text/README.md", "html");
  await expect(viewer.locator("iframe")).toHaveAttribute("sandbox", "");
  await expect(viewer.locator("iframe")).toHaveAttribute("title", "the file");
  await expect(inside(page).getByRole("heading").first()).toBeVisible(SOON);
  await expect(viewer.getByRole("link", { name: "Open alone" })).toHaveAttribute("rel", "noopener noreferrer");
  await closed(page);
});

test("code is shown at the line that is asked for, and each line has an address", { tag: "@full" }, async ({
  page,
  zoo,
}) => {
  const viewer = await opened(page, zoo, "code/CMakeLists.txt", "html", { attributes: 'start="L40"' });
  const line = inside(page).locator("#L40");
  await expect(line).toBeInViewport(SOON);
  await expect(line).toHaveCSS("background-color", "rgb(255, 243, 196)");
  await expect(inside(page).locator("#L1")).not.toBeInViewport();
  await inside(page).getByRole("link", { name: "41", exact: true }).click();
  await expect(inside(page).locator("#L41")).toHaveCSS("background-color", "rgb(255, 243, 196)");
  await expect(viewer.getByRole("link", { name: "Open alone" })).toHaveAttribute("href", /#L40$/);
  await page.keyboard.press("Shift+Tab"); // out of the document again
  await page.getByRole("button", { name: "Close" }).focus();
  await closed(page);
});

test("documents of every kind say what they are about", { tag: "@full" }, async ({ page, zoo }) => {
  test.setTimeout(400_000);
  for (const [name, words] of [
    ["notebook/a.ipynb", /\w/],
    ["mail/msg_07.eml", /\w/],
    ["calendar/c.ics", /\w/],
    ["code/ods-ext-schema.patch", /@@/],
    ["data/pyproject.toml", /\[.*\]/],
    ["text/text.rst", /\w/],
  ] as const) {
    await opened(page, zoo, name, "html", { patience: 90_000 });
    await expect(inside(page).locator("body"), name).toContainText(words, SOON);
    await closed(page);
  }
});

test("a book has a document beside its pages, and an SVG its source", { tag: "@full" }, async ({ page, zoo }) => {
  test.setTimeout(300_000);
  await opened(page, zoo, "document/a.epub", "html", { tab: "Document", patience: 90_000 });
  await expect(inside(page).locator("body")).toContainText(/\w/, SOON);
  await closed(page);
  const svg = asData(
    "image/svg+xml",
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>Buoy</title></svg>',
  );
  await opened(page, zoo, svg, "html", { tab: "Source" });
  await expect(inside(page).locator("body")).toContainText("<title>Buoy</title>", SOON);
  await closed(page);
});

test("in the dark the server's documents are dark and their text is light", { tag: "@full" }, async ({ page, zoo }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  const light = (colour: string): number => Math.max(...(colour.match(/\d+/g) ?? []).slice(0, 3).map(Number));
  for (const name of ["text/README.md", "document/a.org", "code/Compiler.js"]) {
    await opened(page, zoo, name, "html", { tab: name === "document/a.org" ? "Document" : "", patience: 90_000 });
    const body = inside(page).locator("body");
    await expect(body).toBeVisible(SOON);
    const [ground, ink] = await body.evaluate((one) => [
      getComputedStyle(one).backgroundColor,
      getComputedStyle(one).color,
    ]);
    expect(light(ground ?? ""), name).toBeLessThan(60);
    expect(light(ink ?? ""), name).toBeGreaterThan(190);
    await closed(page);
  }
});

const HARM = `<script>top.pwned=1</script><img src=x onerror="top.pwned=1"><img src="https://evil.example/a.png">
<meta http-equiv="refresh" content="0;url=https://evil.example/"><form action="https://evil.example/" target="_top"><button>Send</button></form>
<iframe src="https://evil.example/f"></iframe><a href="https://evil.example/" target="_top">Out</a><a href="javascript:top.pwned=1">Run</a>
<link rel="stylesheet" href="https://evil.example/a.css"><svg onload="top.pwned=1"><script>top.pwned=1</script></svg><base href="https://evil.example/">`;
const HOSTILE: readonly (readonly [what: string, file: string])[] = [
  ["a page", asData("text/html", `<!doctype html><title>x</title><p>kept</p>${HARM}`)],
  [
    "Markdown",
    asData("text/markdown", `# kept\n\n${HARM}\n\n[c](javascript:top.pwned=1) ![d](https://evil.example/d.png)\n`),
  ],
  [
    "a notebook",
    asData(
      "application/x-ipynb+json",
      JSON.stringify({
        cells: [
          { cell_type: "markdown", metadata: {}, source: ["# kept\n", HARM] },
          {
            cell_type: "code",
            execution_count: 1,
            metadata: {},
            outputs: [
              { data: { "text/html": [HARM] }, metadata: {}, output_type: "execute_result", execution_count: 1 },
            ],
            source: ["import os"],
          },
        ],
        metadata: {},
        nbformat: 4,
        nbformat_minor: 5,
      }),
    ),
  ],
];

test.describe("what strangers write", () => {
  // The browser says of each thing that the document's own policy or the sandbox stopped that it did.
  test.use({
    expected: [
      [
        /Blocked script execution in '.*' because the document's frame is sandboxed/,
        /violates the following Content Security Policy directive/,
        /Blocked form submission|Refused to|Unsafe attempt to initiate navigation|base-uri|Ignored/,
        /^CSP /,
      ],
      { option: false },
    ] as never,
  });

  test("is readable without what it wants from elsewhere", { tag: "@full" }, async ({ page, zoo }) => {
    await opened(page, zoo, "text/transform.html", "html");
    await expect(inside(page).locator("body")).toContainText("変形ダイアログ", SOON);
    await closed(page);
  });

  test("runs nothing, fetches nothing, leads nowhere", { tag: "@full" }, async ({ page, zoo }) => {
    const away: string[] = [];
    // Only what the browser lets out comes here.
    await page.context().route(/^https?:\/\/evil\.example\//, (route) => {
      away.push(route.request().url());
      return route.fulfill({ body: "" });
    });
    for (const [what, file] of HOSTILE) {
      await opened(page, zoo, file, "html", { patience: 60_000 });
      await expect(inside(page).getByText("kept").first(), what).toBeVisible(SOON);
      const send = inside(page).getByRole("button", { name: "Send" });
      if (await send.count())
        await send
          .first()
          .click({ timeout: 2_000 })
          .catch(() => {});
      const out = inside(page).getByRole("link", { name: "Out" });
      if (await out.count())
        await out
          .first()
          .click({ timeout: 2_000, noWaitAfter: true })
          .catch(() => {});
      // What would have gone elsewhere has gone before this.
      await page.evaluate(() => fetch("/viewer/manifest.json").then((response) => response.text()));
      expect(await page.evaluate(() => "pwned" in window), what).toBe(false);
      expect(page.url(), what).toContain("embedding-page");
      await page.getByRole("button", { name: "Close" }).focus();
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog")).toBeHidden();
    }
    expect(away).toEqual([]);
  });
});
