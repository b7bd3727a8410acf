import { closed, colourAt, expect, opened, test } from "./zoo.ts";

test("a picture opens from its thumbnail", async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "image/python.png", "image");
  const picture = viewer.locator("img");
  await expect(picture).toBeVisible();
  expect(await colourAt(page, picture, 0.5, 0.5)).toHaveLength(3);
  await closed(page);
});
