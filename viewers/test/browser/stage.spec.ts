import { expect, findings, type Job, type Scripted, test } from "./service.ts";
import { drag, touch } from "./touch.ts";

const page_ = (body: string, attributes = 'lang="en"', head = ""): string =>
  `<!doctype html><html ${attributes}><head><title>t</title><meta name="viewport" content="width=device-width">${head}<script type="module" src="/viewer/omnic.js"></script></head><body><main><h1>t</h1>${body}</main></body></html>`;

/** Files that are pictures, and finished thumbnails of them. */
function pictures(service: Scripted, count: number, attributes = ""): string {
  service.types = () => ({ format: "PNG", types: [{ type: "PNG" }, { type: "WEBP" }, { type: "thumb.webp" }] });
  return Array.from({ length: count }, (_, n) => {
    const url = `https://x.example/${n}.png`;
    service.finish(url, "thumb.webp:320x240");
    service.finish(url, "PNG");
    return `<omnic-view id="file-${n}" url="${url}" ${attributes}></omnic-view>`;
  }).join("\n");
}

test("a gallery: next and previous by key and button, the counter says where, and focus comes back to the last one", async ({
  page,
  service,
}) => {
  service.pages.set("/all", page_(pictures(service, 3)));
  await page.goto(`${service.url}all`);
  await page.getByRole("button", { name: "Open 0.png" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toHaveAccessibleName("0.png");
  await expect(dialog.locator(".viewer.image img")).toBeVisible();
  await expect(dialog.getByText("1 of 3")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Previous" })).toBeDisabled();
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press("ArrowRight");
  await expect(dialog).toHaveAccessibleName("1.png");
  await expect(dialog.locator(".viewer.image img")).toHaveCount(1);
  await dialog.getByRole("button", { name: "Next" }).click();
  await expect(dialog.getByText("3 of 3")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Next" })).toBeDisabled();
  await expect(dialog.getByRole("link", { name: "Download" })).toHaveAttribute("href", /\/media\/PNG\/\?url=.*2\.png/);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Open 2.png" })).toBeFocused();
});

test("closed and opened again in one go it stays open, and closes again", async ({ page, service }) => {
  service.pages.set("/all", page_(pictures(service, 2)));
  await page.goto(`${service.url}all`);
  await page.getByRole("button", { name: "Open 0.png" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.locator(".viewer.image")).toBeVisible();
  await page.evaluate(() => {
    const [one, other] = document.querySelectorAll("omnic-view");
    one?.close();
    other?.open();
  });
  await expect(dialog).toHaveAccessibleName("1.png");
  await expect(dialog.locator(".viewer.image")).toBeVisible();
  await page.evaluate(() => document.querySelectorAll("omnic-view")[1]?.close());
  await expect(dialog).toBeHidden();
});

test("galleries of different names are leafed through apart", async ({ page, service }) => {
  service.pages.set("/all", page_(pictures(service, 2, 'gallery="one"') + pictures(service, 3, 'gallery="two"')));
  await page.goto(`${service.url}all`);
  await page.getByRole("button", { name: "Open 0.png" }).first().click();
  await expect(page.getByRole("dialog").getByText("1 of 2")).toBeVisible();
});

test("what is open has an address: Back closes it, and a link opens it", async ({ page, service }) => {
  service.pages.set("/all", page_(pictures(service, 2)));
  await page.goto(`${service.url}all`);
  await page.getByRole("button", { name: "Open 1.png" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toHaveAccessibleName("1.png");
  expect(new URL(page.url()).hash).toBe("#view=file-1");
  await page.goBack();
  await expect(dialog).toBeHidden();
  expect(new URL(page.url()).hash).toBe("");
  await page.goto(`${service.url}all#view=file-0`);
  await page.reload();
  await expect(dialog).toHaveAccessibleName("0.png");
  await expect(dialog.locator(".viewer.image img")).toBeVisible();
});

test("Forward opens it again and Back closes it; closed, its address is gone, however it was led there", async ({
  page,
  service,
}) => {
  service.pages.set("/all", page_(`<a href="#view=file-1">the second</a>${pictures(service, 2)}`));
  const hash = (): string => new URL(page.url()).hash;
  const dialog = page.getByRole("dialog");
  await page.goto(`${service.url}all`);
  await page.getByRole("button", { name: "Open 0.png" }).click();
  await expect(dialog.locator(".viewer.image")).toBeVisible();
  await page.goBack();
  await expect(dialog).toBeHidden();
  await page.goForward();
  await expect(dialog.locator(".viewer.image")).toBeVisible();
  await page.goBack();
  await expect(dialog).toBeHidden();
  for (const _time of ["the first", "the second"]) {
    await page.getByRole("link").click();
    await expect(dialog).toHaveAccessibleName("1.png");
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect.poll(hash).toBe("");
  }
  await page.goto(`${service.url}all#view=file-0`);
  await page.reload();
  await expect(dialog).toHaveAccessibleName("0.png");
  await dialog.getByRole("button", { name: "Next" }).click();
  await expect(dialog).toHaveAccessibleName("1.png");
  expect(hash()).toBe("#view=file-1");
  await page.keyboard.press("Escape");
  await expect.poll(hash).toBe("");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Open 1.png" })).toBeFocused();
});

test("in a shadow root it is leafed through there, not on to the page's own", async ({ page, service }) => {
  service.pages.set("/all", page_(`<div id="box"></div>${pictures(service, 3)}`));
  await page.goto(`${service.url}all`);
  await page.evaluate(() => {
    const inside = document.getElementById("box")?.attachShadow({ mode: "open" });
    inside?.append(...[...document.querySelectorAll("omnic-view")].slice(0, 2));
  });
  await page.getByRole("button", { name: "Open 0.png" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("1 of 2")).toBeVisible();
  await dialog.getByRole("button", { name: "Next" }).click();
  await expect(dialog).toHaveAccessibleName("1.png");
  await expect(dialog.getByRole("button", { name: "Next" })).toBeDisabled();
});

test("in Arabic it is from right to left, in its own words, and the arrows follow", async ({ page, service }) => {
  service.pages.set("/all", page_(pictures(service, 2), 'lang="ar" dir="rtl"'));
  await page.goto(`${service.url}all`);
  await page.getByRole("button", { name: "فتح 0.png" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("1 من 2")).toBeVisible();
  const close = dialog.getByRole("button", { name: "إغلاق" });
  await expect.poll(async () => (await close.boundingBox())?.x ?? 999).toBeLessThan(200); // it grows to its place
  await page.keyboard.press("ArrowLeft");
  await expect(dialog).toHaveAccessibleName("1.png");
  expect(await findings(page)).toEqual([]);
  await page.screenshot({ path: "screenshots/stage-ar.png" });
});

test("by touch: a swipe leads on", async ({ browser, service }) => {
  service.pages.set("/all", page_(pictures(service, 2)));
  const context = await browser.newContext({ hasTouch: true, viewport: { width: 360, height: 640 } });
  const page = await context.newPage();
  await page.goto(`${service.url}all`);
  await page.getByRole("button", { name: "Open 0.png" }).tap();
  const dialog = page.getByRole("dialog");
  await expect(dialog.locator(".viewer.image")).toBeVisible();
  await touch(page, dialog.locator(".stage"), drag(-180));
  await expect(dialog).toHaveAccessibleName("1.png");
  await context.close();
});

test("several viewers are tabs, and each is there when its tab is chosen by key", async ({ page, service }) => {
  service.types = () => ({ format: "MD", types: [{ type: "HTML" }, { type: "TXT" }] });
  service.finish("https://x.example/a.md", "thumb.webp:320x240");
  service.pages.set("/one", page_('<omnic-view url="https://x.example/a.md"></omnic-view>'));
  await page.route("**/artifact/**", (route) =>
    route.request().url().includes("result") ? route.continue() : route.abort(),
  );
  await page.goto(`${service.url}one`);
  await page.getByRole("button", { name: "Open a.md" }).click();
  const dialog = page.getByRole("dialog");
  const tabs = dialog.getByRole("tab");
  await expect(tabs).toHaveCount(2);
  await tabs.first().focus();
  await page.keyboard.press("ArrowRight");
  await expect(tabs.nth(1)).toHaveAttribute("aria-selected", "true");
  await expect(dialog.locator(".viewer.text")).toContainText("Line two");
});

test("a file that fails says why in the dialog and can be tried again", async ({ page, service }) => {
  let times = 0;
  const normal = service.script;
  service.types = () => ({ format: "PNG", types: [{ type: "PNG" }] });
  service.finish("https://x.example/0.png", "thumb.webp:320x240");
  service.script = async (job: Job) =>
    times++ ? normal(job) : job.failed("corrupt", 'The picture is <b onclick="alert(1)">broken</b>.');
  service.pages.set("/one", page_('<omnic-view url="https://x.example/0.png"></omnic-view>'));
  await page.goto(`${service.url}one`);
  await page.getByRole("button", { name: "Open 0.png" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("alert")).toContainText('The picture is <b onclick="alert(1)">broken</b>.');
  expect((await dialog.getByRole("alert").boundingBox())?.y ?? 999).toBeLessThan(200); // not below an empty dialog
  expect(await findings(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Try again" }).click();
  await expect(dialog.locator(".viewer.image img")).toBeVisible();
});

test("a viewer that throws shows its error, one of the page's own comes first, and the page lives", async ({
  page,
  service,
  expected,
}) => {
  expected.push(/omnic:/);
  service.pages.set("/all", page_(pictures(service, 2)));
  await page.goto(`${service.url}all`);
  await page.evaluate(async (home) => {
    const { register } = await import(`${home}viewer/omnic.js`);
    register({
      name: "mine",
      opens: ["PNG"],
      shows: ["PNG"],
      load: async () => ({
        mount: async (root: HTMLElement, shown: { url: string }) => {
          if (shown.url.includes("0.png")) throw new Error("no ink");
          root.textContent = "mine";
          return { destroy: () => {} };
        },
      }),
    });
  }, service.url);
  await page.getByRole("button", { name: "Open 0.png" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("alert")).toContainText("This viewer gave up: no ink");
  await dialog.getByRole("button", { name: "Next" }).click();
  await expect(dialog.locator(".viewer.mine")).toHaveText("mine");
});

test("a viewer that takes its time says so, and one that was left cannot end the one that came after it", async ({
  page,
  service,
}) => {
  service.pages.set("/all", page_(pictures(service, 1)));
  await page.goto(`${service.url}all`);
  await page.evaluate(async (home) => {
    const { register } = await import(`${home}viewer/omnic.js`);
    const mine = (name: string, mount: (root: HTMLElement, signal: AbortSignal) => Promise<void>) =>
      register({
        name,
        opens: ["PNG"],
        shows: ["PNG"],
        load: async () => ({
          mount: async (root: HTMLElement, _shown: unknown, { signal }: { signal: AbortSignal }) => {
            await mount(root, signal);
            return { destroy: () => {} };
          },
        }),
      });
    mine("quick", async (root) => {
      root.textContent = "quick";
    });
    mine(
      "slow",
      (_root, signal) =>
        new Promise((_done, failed) => {
          signal.addEventListener("abort", () => setTimeout(() => failed(new Error("too late")), 50));
        }),
    );
  }, service.url);
  await page.getByRole("button", { name: "Open 0.png" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("Opening", { exact: true })).toBeVisible();
  await dialog.getByRole("tab", { name: "quick" }).click();
  await expect(dialog.locator(".viewer.quick")).toHaveText("quick");
  await page.waitForTimeout(600); // both the failure and the words would be there by now
  await expect(dialog.locator(".viewer.quick")).toHaveText("quick");
  await expect(dialog.getByRole("alert")).toBeHidden();
  await expect(dialog.getByText("Opening", { exact: true })).toBeHidden();
});

test("inline it takes the thumbnail's place", async ({ page, service }) => {
  service.pages.set("/all", page_(pictures(service, 1, 'mode="inline"')));
  await page.goto(`${service.url}all`);
  await page.getByRole("button", { name: "Open 0.png" }).click();
  await expect(page.locator("omnic-view .viewer.image img")).toBeVisible();
  await expect(page.getByRole("button", { name: "Open 0.png" })).toBeHidden();
});

test("how the page sets its own text does not reach what is opened", async ({ page, service }) => {
  service.pages.set("/all", page_(pictures(service, 1)));
  await page.goto(`${service.url}all`);
  await page.evaluate(() => {
    Object.assign(document.body.style, { textAlign: "center", letterSpacing: "1em", textTransform: "uppercase" });
  });
  await page.getByRole("button", { name: "Open 0.png" }).click();
  const seen = await page
    .getByRole("dialog")
    .getByText("0.png")
    .evaluate((one) => {
      const { textAlign, letterSpacing, textTransform } = getComputedStyle(one);
      return [textAlign, letterSpacing, textTransform];
    });
  expect(seen).toEqual(["start", "normal", "none"]);
});

test("a long name widens nothing", async ({ page, service }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  service.pages.set("/all", page_(pictures(service, 2, `alt="${"a-long-name-".repeat(20)}.png"`)));
  await page.goto(`${service.url}all`);
  await page
    .getByRole("button", { name: /^Open a-long-name/ })
    .first()
    .click();
  const place = page.getByRole("dialog").locator(".stage");
  expect((await place.boundingBox())?.width ?? 999).toBeLessThanOrEqual(360);
});

for (const [colorScheme, width] of [
  ["light", 1440],
  ["dark", 1440],
  ["light", 360],
  ["dark", 360],
] as const) {
  test(`the dialog fits: ${colorScheme}, ${width} px`, { tag: "@full" }, async ({ page, service }) => {
    await page.emulateMedia({ colorScheme, forcedColors: width === 360 ? "none" : "none", reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    service.pages.set(
      "/all",
      page_(pictures(service, 3), 'lang="en"', '<meta name="color-scheme" content="light dark">'),
    );
    await page.goto(`${service.url}all`);
    await page.getByRole("button", { name: "Open 1.png" }).click();
    await expect(page.getByRole("dialog").locator(".viewer.image img")).toBeVisible();
    expect(await findings(page)).toEqual([]);
    const box = await page.getByRole("dialog").boundingBox();
    expect(box?.width ?? 0).toBeLessThanOrEqual(width);
    await page.screenshot({ path: `screenshots/stage-${colorScheme}-${width}.png` });
  });
}

test("forced colours, 200 % zoom and reduced motion lose nothing", { tag: "@full" }, async ({ page, service }) => {
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  await page.setViewportSize({ width: 640, height: 400 }); // 1280 by 800 at 200 %
  service.pages.set("/all", page_(pictures(service, 3)));
  await page.goto(`${service.url}all`);
  await page.getByRole("button", { name: "Open 1.png" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.locator(".viewer.image img")).toBeVisible();
  expect(await dialog.evaluate((one) => one.getAnimations().length)).toBe(0);
  for (const name of ["Previous", "Next", "Close"]) await expect(dialog.getByRole("button", { name })).toBeInViewport();
  await page.screenshot({ path: "screenshots/stage-forced.png" });
});
