import { twenty } from "./again.ts";
import { EVERY, element, poster, shown, stage } from "./every.ts";
import { embed, expect, test } from "./zoo.ts";

// The browser says of an error in the sandbox that it let nothing run there.
test.use({ expected: [[/Blocked script execution .* sandboxed|frame is sandboxed/], { scope: "test" }] });

for (const one of EVERY) {
  test(`twenty openings of ${one.viewer} leave nothing`, { tag: "@full" }, async ({ page, zoo }) => {
    const dialog = page.getByRole("dialog");
    await twenty(page, {
      async begin() {
        await stage(page, zoo, [one]);
        await embed(page, zoo, element(one));
        await expect(poster(page, one)).toBeVisible();
        await page.keyboard.press("Tab");
      },
      async open() {
        await page.keyboard.press("Enter");
        await shown(one, dialog);
      },
      async close() {
        await page.keyboard.press("Escape");
        await expect(dialog).toBeHidden();
        await expect(page.locator(`.viewer.${one.viewer}`)).toHaveCount(0);
        await expect(poster(page, one)).toBeFocused();
      },
    });
  });
}
