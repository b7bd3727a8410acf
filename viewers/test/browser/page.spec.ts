import { expect, findings, type Job, test } from "./service.ts";

const REPORT = "file://samples/report.docx";

test("by keyboard alone: a sample, a type, the steps, the picture", async ({ page, service }) => {
  await page.goto(service.url);
  await page.keyboard.press("Tab");
  await expect(page.getByLabel("Address of a file")).toBeFocused();
  await page.keyboard.type(REPORT);
  await page.keyboard.press("Enter");
  await expect(page.locator(".found")).toContainText("Word document. 23 types");
  await page.getByLabel("Search types").focus();
  await page.keyboard.type("portable network");
  await page.keyboard.press("Enter");
  await expect(page.locator(".journey li")).toHaveText([/^Fetch/, /^DOCX → PDF/, /^PDF → PNG/, /^Ready/]);
  const picture = page.locator("omnic-view .viewer.image img");
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(960);
  await expect(page.getByText("Media URL", { exact: true })).toBeVisible();
  await expect(page.getByRole("region", { name: "curl" })).toContainText(
    `curl -fLOJ -H 'Prefer: wait=60' '${service.url}media/png/?url=`,
  );
});

test("each step's bar only grows, and says whether it is measured", async ({ page, service }) => {
  await page.addInitScript(() => {
    const seen: { text: string; overall: number }[] = [];
    Object.assign(globalThis, { seen });
    new MutationObserver(() => {
      const text = document.querySelector(".journey")?.textContent ?? "";
      const bar = document.querySelector<HTMLProgressElement>(".overall:not([hidden]) progress");
      if (bar) seen.push({ text, overall: bar.value });
    }).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
  });
  service.pace = 60;
  await page.goto(`${service.url}#url=${encodeURIComponent(REPORT)}&type=png`);
  await expect(page.locator(".journey")).toContainText("Ready");
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: { text: string; overall: number }[] }).seen);
  const all = seen.map(({ text }) => text).join("\n");
  expect(all).toContain("waiting for a free slot, 2 before this");
  expect(all).toMatch(/DOCX → PDF~\d+% estimated/);
  expect(all).toMatch(/PDF → PNG\d+% measured/);
  const bars = seen.filter(({ text }) => !text.includes("Ready")).map(({ overall }) => overall);
  expect(bars).toEqual([...bars].sort((a, b) => a - b));
  expect(Math.max(...bars)).toBeGreaterThan(0.5);
  expect(Math.max(...bars)).toBeLessThan(1);
});

test("a link brings it all back, and so does a reload, and Back", async ({ page, service }) => {
  await page.goto(`${service.url}#url=${encodeURIComponent(REPORT)}&type=${encodeURIComponent("thumb.png:64x32")}`);
  await expect(page.getByLabel("Width")).toHaveValue("64");
  await expect(page.locator(".journey")).toContainText("Ready");
  await page.reload();
  await expect(page.getByRole("radio", { name: "thumb.png" })).toBeChecked();
  await expect(page.locator(".journey")).toContainText("Ready, made before");
  await page.getByRole("radio", { name: /^PDF/ }).check();
  await page.getByRole("button", { name: "Make PDF" }).click();
  await expect(page).toHaveTitle(/→ pdf/);
  await page.goBack();
  await expect(page).toHaveTitle(/thumb\.png:64x32/);
  await expect(page.getByRole("radio", { name: "thumb.png" })).toBeChecked();
});

test("an address that is not there says so in words, beside the field", async ({ page, service }) => {
  service.types = () => ({ code: "not_found", message: "The server says that there is no such file." });
  await page.goto(service.url);
  await page.getByLabel("Address of a file").fill("https://example.org/none.docx");
  await page.getByRole("button", { name: "Look" }).click();
  await expect(page.getByLabel("Address of a file")).toHaveAccessibleDescription(
    /There is no file at this address.*Open the address in a browser tab/,
  );
  await expect(page.getByLabel("Address of a file")).toBeFocused();
});

test("where no road leads, what is possible can be clicked", async ({ page, service }) => {
  const normal = service.script;
  service.script = async (job: Job) => {
    if (!job.type.startsWith("epub")) return normal(job);
    job.tell("downloaded", { bytes: 9, format: "JPG" });
    job.failed("no_road", 'No road to <img src=x onerror="alert(1)">.', { possible: ["PNG"], missing: ["pandoc"] });
  };
  await page.goto(`${service.url}#url=${encodeURIComponent(REPORT)}&type=epub`);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("No installed converter leads there");
  await expect(alert).toContainText('<img src=x onerror="alert(1)">');
  expect(await findings(page)).toEqual([]);
  await alert.getByRole("button", { name: "PNG" }).click();
  await expect(page.locator("omnic-view .viewer.image img")).toBeVisible();
});

test("what is copied is said to be copied", async ({ page, service, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${service.url}#url=${encodeURIComponent(REPORT)}&type=png`);
  await expect(page.locator("omnic-view .viewer.image img")).toBeVisible(); // nothing else is announced meanwhile
  await page.getByRole("button", { name: "Copy Media URL" }).click();
  await expect(page.getByText("Copied", { exact: true })).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "Media URL copied" })).toBeAttached();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    `${service.url}media/png/?url=file%3A%2F%2Fsamples%2Freport.docx`,
  );
});

test("a document runs nothing, a text is text, the rest can be had", async ({ page, service, expected }) => {
  expected.push(/Blocked script execution .* sandboxed/); // so it should be, and Chromium says so
  await page.goto(`${service.url}#url=${encodeURIComponent(REPORT)}&type=html`);
  const frame = page.locator("omnic-view iframe");
  await expect(frame).toHaveAttribute("sandbox", "");
  await expect(frame.contentFrame().getByText("Hello.")).toBeVisible();
  await expect(page).not.toHaveTitle("ran");
  await page.getByRole("radio", { name: /^TXT/ }).check();
  await page.getByRole("button", { name: "Make TXT" }).click();
  await expect(page.locator("omnic-view .viewer.text")).toContainText("Line two, äöü.");
  await page.getByRole("radio", { name: /^DOCX/ }).check();
  await page.getByRole("button", { name: "Make DOCX" }).click();
  await expect(page.locator("omnic-view .viewer.file")).toContainText("application/octet-stream");
});

test.describe("accessible", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [360, 1440]) {
      test(`without findings, without sideways scrolling: ${colorScheme}, ${width} px`, async ({ page, service }) => {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await page.goto(service.url);
        expect(await findings(page)).toEqual([]);
        await page.screenshot({ path: `screenshots/${colorScheme}-${width}-start.png`, fullPage: true });
        await page.goto(`${service.url}#url=${encodeURIComponent(REPORT)}&type=png`);
        await page.reload();
        await expect(page.locator("omnic-view .viewer.image img")).toBeVisible();
        await expect(page.getByRole("radio", { name: /^PNG/ })).toBeChecked();
        expect(await findings(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        await page.screenshot({ path: `screenshots/${colorScheme}-${width}-ready.png`, fullPage: true });
      });
    }
  }
});
