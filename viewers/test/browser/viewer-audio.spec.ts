import type { Locator, Page } from "@playwright/test";
import { guarded } from "./again.ts";
import { ATTACK, of, PARTS, test } from "./films.ts";
import { closed, embed, expect, opened } from "./zoo.ts";

const slider = (viewer: Locator): Locator => viewer.getByRole("slider", { name: "Position in the sound" });

/** How many pixels of a canvas are not empty between two parts of its width. */
const ink = (canvas: Locator, from: number, to: number): Promise<number> =>
  canvas.evaluate(
    (one, [from, to]) => {
      const { width, height } = one as HTMLCanvasElement;
      const context = new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(one as HTMLCanvasElement, 0, 0);
      const { data } = context.getImageData(from * width, 0, (to - from) * width, height);
      let count = 0;
      for (let at = 3; at < data.length; at += 4) count += Number((data[at] as number) > 32);
      return count / ((to - from) * width * height);
    },
    [from, to] as const,
  );

const drawn = (viewer: Locator): Promise<void> =>
  expect.poll(() => ink(viewer.locator("canvas").first(), 0.75, 1)).toBeGreaterThan(0.2);

test("a sound opens: its waveform is its own, and keys move through it", async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "file://films/song.mp3", "audio");
  const player = viewer.locator("audio");
  await expect.poll(() => of(player, "duration")).toBeCloseTo(12, 0);
  await drawn(viewer);
  // The first half is silent, the second loud.
  expect(await ink(viewer.locator("canvas").first(), 0, 0.25)).toBeLessThan(0.1);
  await expect(slider(viewer)).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(slider(viewer)).toHaveAttribute("aria-valuetext", "5 seconds of 12 seconds");
  expect(await of(player, "currentTime")).toBe(5);
  await page.keyboard.press("End");
  await expect.poll(() => of(player, "currentTime")).toBeGreaterThan(11.9);
  await page.keyboard.press("Home");
  await page.keyboard.press("Space");
  await expect.poll(() => of(player, "currentTime")).toBeGreaterThan(0.2);
  await page.keyboard.press("Space");
  await expect.poll(() => of(player, "paused")).toBe(true);
  await closed(page);
});

test.describe("sounds", { tag: "@full" }, () => {
  test("a click and a drag on the waveform go there, and what is played has another colour", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "file://films/song.mp3", "audio");
    const player = viewer.locator("audio");
    await expect.poll(() => of(player, "duration")).toBeCloseTo(12, 0);
    await drawn(viewer);
    await expect(viewer.getByRole("img", { name: "Cover" })).toBeVisible(); // now everything has its place
    const all = await of(player, "duration");
    const box = (await slider(viewer).boundingBox()) as { x: number; y: number; width: number; height: number };
    const middle = box.y + box.height / 2;
    await page.mouse.click(box.x + box.width * 0.8, middle);
    await expect.poll(() => of(player, "currentTime")).toBeCloseTo(all * 0.8, 1);
    const played = async (): Promise<number> => {
      const clip = await viewer.locator(".played").evaluate((one) => getComputedStyle(one).clipPath);
      return 100 - Number(/inset\(0(?:px)? ([\d.]+)%/.exec(clip)?.[1]);
    };
    await expect.poll(played).toBeCloseTo(80, 0);
    const [rest, past] = await Promise.all(
      [0, 1].map((at) =>
        viewer
          .locator("canvas")
          .nth(at)
          .evaluate((one) => getComputedStyle(one).color),
      ),
    );
    expect(rest).not.toBe(past);
    await page.mouse.move(box.x + box.width * 0.8, middle);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, middle, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => of(player, "currentTime")).toBeCloseTo(all * 0.5, 1);
    await closed(page);
  });

  test("title, artist, album, cover and lyrics are shown; what attacks in them is text", async ({ page, zoo }) => {
    const harmless = guarded(page, zoo.url);
    const viewer = await opened(page, zoo, "file://films/song.mp3", "audio");
    await expect(viewer.locator(".name")).toHaveText(ATTACK);
    await expect(viewer.locator(".from")).toHaveText("The Keeper · Nights");
    const cover = viewer.getByRole("img", { name: "Cover" });
    await expect(cover).toBeVisible();
    await expect(viewer.locator(".facts")).toContainText(/MP3 · 22\.1 kHz · mono · \d+ kbit\/s · [\d.]+ kB/);
    const lyrics = viewer.locator("summary");
    await lyrics.focus();
    await page.keyboard.press("Enter");
    await expect(viewer.locator(".lyrics")).toContainText(`and ${ATTACK}`);
    await harmless();
    await closed(page);
  });

  test("a book is heard by its chapters", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "file://films/book.m4b", "audio");
    const chapters = viewer.getByRole("list", { name: "Chapters" }).getByRole("button");
    await expect(chapters).toHaveText(PARTS.map((name, index) => `0:${["00", "08", "16"][index]}${name}`));
    await expect.poll(() => of(viewer.locator("audio"), "duration")).toBeCloseTo(24, 0);
    await chapters.nth(0).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect.poll(() => of(viewer.locator("audio"), "currentTime")).toBeCloseTo(8, 1);
    await expect(chapters.nth(1)).toHaveAttribute("aria-current", "true");
    await closed(page);
  });

  test("the speed is chosen", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "file://films/song.mp3", "audio");
    const speed = viewer.getByRole("combobox", { name: "Speed" });
    await speed.selectOption("1.5");
    expect(await of(viewer.locator("audio"), "playbackRate")).toBe(1.5);
    await closed(page);
  });

  test("a start in seconds is where it begins", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "file://films/song.mp3", "audio", { attributes: 'start="t=7.5"' });
    await expect.poll(() => of(viewer.locator("audio"), "currentTime")).toBe(7.5);
    await closed(page);
  });

  for (const [name, least] of [
    ["audio/sample.mid", 5],
    ["audio/pluck-pcm16.wav", 0.25],
    ["audio/example.opus", 12],
    ["audio/silence-44-s.flac", 3.5],
    ["audio/silence-1.wma", 3.5],
    ["audio/multipagecomment.ogg", 3.5],
    ["audio/has-tags.m4a", 3.5],
  ] as const) {
    test(`${name} is heard`, async ({ page, zoo }) => {
      const viewer = await opened(page, zoo, name, "audio");
      const player = viewer.locator("audio");
      await expect.poll(() => of(player, "duration")).toBeGreaterThan(least);
      await page.keyboard.press("Space");
      await expect.poll(() => of(player, "currentTime")).toBeGreaterThan(0.1);
      await closed(page);
    });
  }

  test("a codec that this browser lacks is made anew", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "file://films/old.m4a", "audio", {
      attributes: 'type="M4A" thumb="320x240"',
    });
    const player = viewer.locator("audio");
    await expect.poll(() => of(player, "duration")).toBeCloseTo(24, 0);
    expect(await of(player, "currentSrc")).not.toContain("old.m4a");
    await closed(page);
  });

  test("what cannot be played says why and offers the file", async ({ page, zoo }) => {
    await page.route(/\.(mp3|ogg)$|\/media\/(MP3|OGG)/i, (route) =>
      route.fulfill({ status: 200, contentType: "audio/mpeg", body: "no sound" }),
    );
    const viewer = await opened(page, zoo, "file://films/song.mp3", "audio");
    await expect(viewer.getByRole("alert")).toContainText("This browser cannot play it.", { timeout: 30_000 });
    await expect(viewer.getByRole("link", { name: "Download" })).toHaveAttribute("download");
    await closed(page);
  });

  test("right to left, time still runs to the right, and it is said in the page's language", async ({ page, zoo }) => {
    const viewer = await openedIn(page, zoo, "ar");
    const player = viewer.locator("audio");
    await expect.poll(() => of(player, "duration")).toBeCloseTo(12, 0);
    const wave = viewer.getByRole("slider");
    await wave.focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => of(player, "currentTime")).toBe(5);
    await expect(wave).toHaveAttribute("aria-valuetext", /٥|5/);
    const [needle, frame] = await Promise.all([viewer.locator(".needle").boundingBox(), wave.boundingBox()]);
    expect(((needle?.x ?? 0) - (frame?.x ?? 0)) / (frame?.width ?? 1)).toBeCloseTo(5 / 12, 1);
  });
});

/** As `opened`, in a page of another language, where the buttons have other names. */
async function openedIn(page: Page, zoo: { url: string }, lang: string): Promise<Locator> {
  await embed(page, zoo as Parameters<typeof embed>[1], '<omnic-view url="file://films/song.mp3"></omnic-view>', lang);
  await page.getByRole("button").first().click();
  const viewer = page.locator("dialog .viewer.audio");
  await expect(viewer).toBeVisible({ timeout: 30_000 });
  return viewer;
}
