import type { Locator, Page } from "@playwright/test";

/** Where fingers are at one moment, as offsets from the middle. */
export type Fingers = readonly (readonly [x: number, y: number])[];

/** Real touches, as the browser gets them of a screen: down at the first moment, moved through the others, lifted. */
export async function touch(page: Page, on: Locator, moments: readonly Fingers[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const box = await on.boundingBox();
  if (!box) throw new Error("Nothing to touch.");
  const [middle, centre] = [box.x + box.width / 2, box.y + box.height / 2];
  for (const [index, fingers] of moments.entries()) {
    const touchPoints = fingers.map(([x, y], id) => ({ x: middle + x, y: centre + y, id }));
    await session.send("Input.dispatchTouchEvent", { type: index ? "touchMove" : "touchStart", touchPoints });
  }
  await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await session.detach();
}

const STEPS = 8;
const steps = (at: (part: number) => Fingers): Fingers[] =>
  Array.from({ length: STEPS + 1 }, (_, step) => at(step / STEPS));

/** One finger that goes by this much. */
export const drag = (x: number, y = 0): Fingers[] => steps((part) => [[x * part - x / 2, y * part - y / 2]]);

/** Two fingers that go from this far apart to that far. */
export const pinch = (from: number, to: number): Fingers[] =>
  steps((part) => {
    const half = (from + (to - from) * part) / 2;
    return [
      [-half, 0],
      [half, 0],
    ];
  });
