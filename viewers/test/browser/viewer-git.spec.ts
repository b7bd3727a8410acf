import { guarded } from "./again.ts";
import { GIT, TREE } from "./every.ts";
import { type StandIn, standIn, stands } from "./stand-in.ts";
import { closed, embed, expect, test } from "./zoo.ts";

test("a repository's files, its last commits and its README; a file opens; the log is the second tab", async ({
  page,
  zoo,
}) => {
  await standIn(page, zoo, GIT);
  await embed(page, zoo, stands(GIT));
  await page.getByRole("button", { name: "Open the file" }).press("Enter");
  const dialog = page.getByRole("dialog");
  const tree = dialog.getByRole("treegrid");
  await expect(tree).toBeFocused();
  const row = dialog.getByRole("row", { name: "README.md" });
  await expect(row.locator(".message")).not.toBeEmpty();
  await expect(row.locator(".author")).toHaveText("Seed 83f8fd4c maintainers");
  await expect(dialog.locator(".where strong")).toHaveText("main");
  // the README itself, below the list
  const readme = dialog.locator(".readme omnic-view iframe");
  await expect(readme).toBeVisible({ timeout: 30_000 });
  await page.keyboard.type("docs");
  await page.keyboard.press("ArrowRight");
  await expect(dialog.getByRole("row", { name: "page.png" })).toBeVisible();
  await page.keyboard.type("page");
  await page.keyboard.press("Enter");
  await expect(dialog.locator(".viewer.image img")).toBeVisible({ timeout: 30_000 });
  await page.getByRole("button", { name: "Back", exact: true }).press("Enter");
  await expect(dialog.locator("#row .name")).toHaveText("page.png");
  await dialog.getByRole("tab", { name: "Files" }).focus();
  await page.keyboard.press("ArrowRight");
  const items = dialog.locator(".viewer.commits li:not(.end)");
  await expect(items).toHaveCount(TREE.commits.length);
  await expect(items.first()).toContainText(TREE.commits[0]?.message.split("\n")[0] ?? "nothing");
  await expect(items.first().locator("i")).toBeVisible();
  await closed(page);
});

test("messages of strangers are text", { tag: "@full" }, async ({ page, zoo }) => {
  const evil = "<img src=x onerror=window.pwned=1>";
  const commit = { sha: "a".repeat(40), message: `${evil}\n\n${evil}`, author: evil, at: 1, parents: [7, "b"] };
  const hostile: StandIn = {
    ...GIT,
    body: () =>
      JSON.stringify({
        ref: evil,
        commit,
        commits: [commit, null, { sha: 5 }],
        entries: [
          { path: evil, kind: "file", last: commit, url: "javascript:window.pwned=1" },
          { path: 5 },
          null,
          { path: "x", kind: "?" },
        ],
        readme: evil,
      }),
  };
  const harmless = guarded(page, zoo.url);
  await standIn(page, zoo, hostile);
  await embed(page, zoo, stands(hostile));
  await page.getByRole("button", { name: "Open the file" }).press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog.locator(".where strong")).toHaveText(evil);
  await expect(dialog.locator("tbody .name")).toHaveText([evil, "x"]);
  await expect(dialog.locator(":is(.where, table) img")).toHaveCount(0);
  await dialog.getByRole("tab", { name: "Log" }).click();
  const item = dialog.locator(".viewer.commits li").first();
  await expect(item.locator("strong")).toHaveText(evil);
  await expect(item).toContainText(`${evil} · Jan 1, 1970`);
  await expect(item.locator("img")).toHaveCount(0);
  await harmless();
});
