import { guarded } from "./again.ts";
import { Chat } from "./every.ts";
import { standIn, stands } from "./stand-in.ts";
import { closed, embed, expect, test } from "./zoo.ts";

test("a conversation shows its end, and what is added to it", async ({ page, zoo }) => {
  test.setTimeout(60_000);
  const chat = new Chat(120);
  const ranges: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("chat.ndjson")) ranges.push(request.headers().range ?? "");
  });
  await standIn(page, zoo, chat);
  await embed(page, zoo, stands(chat));
  await page.getByRole("button", { name: "Open the file" }).press("Enter");
  const dialog = page.getByRole("dialog");
  const log = dialog.getByRole("log");
  await expect(log.locator("article")).toHaveCount(120);
  await expect(log.getByText("#119")).toBeInViewport();
  await expect(log.getByRole("heading").first()).toHaveText("Thursday, October 9, 2025");
  chat.count = 122;
  await expect(log.locator("article")).toHaveCount(122, { timeout: 15_000 });
  await expect(log.getByText("#121")).toBeInViewport(); // who is at the end stays there
  expect(ranges.at(-1)).toMatch(/^bytes=[1-9]\d+-$/); // not the whole again
  await dialog.getByRole("region", { name: "the file" }).focus();
  await page.keyboard.press("Home");
  await expect(log.getByText("#0", { exact: false }).first()).toBeInViewport();
  chat.count = 125;
  const fresh = dialog.getByRole("button", { name: "3 new" });
  await expect(fresh).toBeVisible({ timeout: 15_000 });
  await expect(log.getByText("#124")).not.toBeInViewport();
  await fresh.press("Enter");
  await expect(log.getByText("#124")).toBeInViewport();
  await expect(fresh).toBeHidden();
  await closed(page);
});

test.describe(() => {
  // a file that became shorter has no such range, and Chromium says so
  test.use({ expected: [/status of 416/] });
  test("of a long one the end is fetched, the rest on demand; one that begins anew is shown anew", {
    tag: "@full",
  }, async ({ page, zoo }) => {
    test.setTimeout(60_000);
    const chat = new Chat(4000);
    await standIn(page, zoo, chat);
    await embed(page, zoo, stands(chat));
    await page.getByRole("button", { name: "Open the file" }).press("Enter");
    const log = page.getByRole("log");
    await expect(log.getByText("#3999")).toBeInViewport();
    const first = await log.locator("article").count();
    expect(first).toBeLessThan(3000);
    await page.getByRole("button", { name: "Earlier lines" }).press("Enter");
    await expect(async () => expect(await log.locator("article").count()).toBeGreaterThan(first)).toPass();
    chat.count = 2;
    await expect(log.locator("article")).toHaveCount(2, { timeout: 20_000 });
  });
});

test("lines of strangers are text; only http and https are links", { tag: "@full" }, async ({ page, zoo }) => {
  const chat = new Chat(2);
  const evil =
    "<img src=https://evil.example/x onerror=window.pwned=1> javascript:window.pwned=1 https://example.org/a?b=<c>";
  chat.begin = `${JSON.stringify({ at: 1, by: evil, text: evil })}\n{"broken\n5\n${JSON.stringify({ at: 1e300, by: 5, text: "no time" })}\n`;
  const harmless = guarded(page, zoo.url);
  await standIn(page, zoo, chat);
  await embed(page, zoo, stands(chat));
  await page.getByRole("button", { name: "Open the file" }).press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog.locator("article")).toHaveCount(4);
  await expect(dialog.getByText("Lines that could not be read: 2.")).toBeVisible();
  const links = dialog.locator("article").first().getByRole("link");
  await expect(links).toHaveText(["https://evil.example/x", "https://example.org/a?b="]);
  for (const link of await links.all()) await expect(link).toHaveAttribute("rel", /noopener noreferrer/);
  await expect(dialog.locator("img")).toHaveCount(0);
  await harmless();
});
