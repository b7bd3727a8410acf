import { test as base, expect } from "@playwright/test";
import puppeteer, { type Browser } from "puppeteer-core";
import { EVERY, element } from "./every.ts";
import { POLICY, type Running, serveZoo } from "./zoo.ts";

// Debian's Firefox, by WebDriver BiDi: Playwright drives only a Firefox of its own. It draws nothing in three dimensions without a
// screen, so that models and molecules show the picture that stands in for them.
const firefox = process.env.OMNIC_FIREFOX ?? "/usr/bin/firefox-esr";

const test = base.extend<object, { browserOfMozilla: Browser; zoo: Running }>({
  browserOfMozilla: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => {
      const browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox });
      await use(browser);
      await browser.close();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  zoo: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => {
      const running = await serveZoo();
      await use(running);
      await running.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
});

for (const one of EVERY.filter(({ stand }) => !stand)) {
  test(`Firefox opens ${one.viewer} from a thumbnail by keyboard, and closes it`, { tag: "@full" }, async ({
    browserOfMozilla,
    zoo,
  }) => {
    const page = await browserOfMozilla.newPage();
    const heard: string[] = [];
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) heard.push(message.text());
    });
    page.on("pageerror", (error) => heard.push(String(error)));
    const address = `${zoo.url}embedding-page`;
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      if (request.url() !== address) return void request.continue();
      void request.respond({
        headers: { "Content-Security-Policy": POLICY },
        contentType: "text/html; charset=utf-8",
        body: `<!doctype html><html lang="en"><title>embedding</title>
<script type="module" src="/viewer/omnic.js"></script><main>${element(one)}</main></html>`,
      });
    });
    await page.goto(address);
    await page.waitForSelector("omnic-view >>> button[aria-label^=Open]", { visible: true, timeout: 60_000 });
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    if (one.tab !== undefined) {
      await page.waitForSelector("body >>> [role=tab]", { visible: true, timeout: 60_000 });
      await (await page.$$("body >>> [role=tab]"))[one.tab]?.click();
    }
    const seen = `body >>> .viewer.${one.viewer} ${one.seen}`;
    await page.waitForSelector(seen, { visible: true, timeout: 40_000 });
    await page.keyboard.press("Escape");
    await page.waitForSelector("omnic-view:not([open])", { timeout: 10_000 });
    await page.waitForFunction(() => document.activeElement?.localName === "omnic-view", { timeout: 10_000 });
    expect(heard).toEqual([]);
    await page.close();
  });
}
