import type { Locator } from "@playwright/test";
import { guarded } from "./again.ts";
import { ATTACK, frameAt, of, PARTS, test } from "./films.ts";
import { closed, colourAt, expect, opened } from "./zoo.ts";

const RED = ([red, green, blue]: number[]): boolean => (red ?? 0) > 200 && (green ?? 255) < 60 && (blue ?? 255) < 60;
const GREEN = ([red, green, blue]: number[]): boolean => (green ?? 0) > 180 && (red ?? 255) < 60 && (blue ?? 255) < 60;
const BLUE = ([red, green, blue]: number[]): boolean => (blue ?? 0) > 200 && (red ?? 255) < 60 && (green ?? 255) < 60;

const seen = (player: Locator, colour: (rgb: number[]) => boolean) =>
  expect.poll(async () => colour(await frameAt(player, 0.5, 0.5))).toBe(true);

/** What the tracks that are on say now. */
const said = (player: Locator): Promise<string[]> =>
  player.evaluate((one) =>
    [...(one as HTMLVideoElement).textTracks]
      .filter(({ mode }) => mode === "showing")
      .flatMap(({ activeCues }) => [...(activeCues ?? [])].map((cue) => (cue as VTTCue).text)),
  );

test("a film opens: a decoded picture, its length, its chapters and subtitles, moved by keys", async ({
  page,
  zoo,
}) => {
  const viewer = await opened(page, zoo, "file://films/night.mkv", "video");
  const player = viewer.locator("video");
  await expect.poll(() => of(player, "duration")).toBeCloseTo(24, 0);
  await expect(viewer.locator(".facts")).toContainText(/0:24 · 320 × 180 · H\.264, FLAC · \d+ kB/);
  await seen(player, RED);
  await expect(viewer.getByRole("listitem")).toHaveText(
    PARTS.map((name, index) => `0:${["00", "08", "16"][index]}${name}`),
  );
  await expect(player).toBeFocused();
  await expect.poll(() => player.evaluate((one) => (one as HTMLVideoElement).textTracks.length)).toBe(2);
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => of(player, "currentTime")).toBe(5);
  await page.keyboard.press("c");
  await expect.poll(() => said(player)).toEqual(["The lamp is lit."]);
  await page.keyboard.press("Space");
  await expect.poll(() => of(player, "paused")).toBe(false);
  await page.keyboard.press("Space");
  await expect.poll(() => of(player, "paused")).toBe(true);
  await closed(page);
});

test.describe("films", { tag: "@full" }, () => {
  test("chapters are a list that seeks, by arrows and Enter, and marks where it is", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "file://films/night.mkv", "video");
    const player = viewer.locator("video");
    const chapters = viewer.getByRole("list", { name: "Chapters" }).getByRole("button");
    await expect(chapters).toHaveCount(3);
    await expect(chapters.nth(0)).toHaveAttribute("aria-current", "true");
    await chapters.nth(0).focus();
    await page.keyboard.press("ArrowDown");
    await expect(chapters.nth(1)).toBeFocused();
    await page.keyboard.press("Enter");
    await seen(player, GREEN);
    await expect(chapters.nth(1)).toHaveAttribute("aria-current", "true");
    await expect(chapters.nth(0)).not.toHaveAttribute("aria-current");
    expect(await of(player, "currentTime")).toBeCloseTo(8, 1);
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await seen(player, BLUE);
    await page.keyboard.press("ArrowLeft"); // arrows across still move in time
    await expect.poll(() => of(player, "currentTime")).toBeCloseTo(11, 1);
    await closed(page);
  });

  test("subtitles go by c through both languages to none, and say which", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "file://films/night.mkv", "video", { attributes: 'start="t=3"' });
    const player = viewer.locator("video");
    await expect.poll(() => of(player, "currentTime")).toBe(3);
    await expect.poll(() => player.evaluate((one) => (one as HTMLVideoElement).textTracks.length)).toBe(2);
    const on = (): Promise<string[]> =>
      player.evaluate((one) =>
        [...(one as HTMLVideoElement).textTracks].filter(({ mode }) => mode === "showing").map(({ label }) => label),
      );
    await page.keyboard.press("c");
    expect(await on()).toEqual(["English"]);
    await page.keyboard.press("c");
    expect(await on()).toEqual(["German"]);
    await expect.poll(() => said(player)).toEqual(["Die Lampe brennt."]);
    await page.keyboard.press("c");
    expect(await on()).toEqual([]);
    await closed(page);
  });

  test("m mutes, f fills the screen, and the gallery stays where it is", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "file://films/night.mkv", "video");
    const player = viewer.locator("video");
    await page.keyboard.press("m");
    expect(await of(player, "muted")).toBe(true);
    await page.keyboard.press("f");
    const full = (): Promise<string | undefined> =>
      player.evaluate((one) => (one.getRootNode() as ShadowRoot).fullscreenElement?.localName);
    await expect.poll(full).toBe("video");
    await page.keyboard.press("f");
    await expect.poll(full).toBeUndefined();
    await closed(page);
  });

  test("a codec that no browser has is made anew; the picture is there", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "file://films/old.mp4", "video", {
      attributes: 'type="MP4" thumb="320x240"',
    });
    const player = viewer.locator("video");
    // As it is on the screen: a frame that is drawn before the first was shown stays black in a canvas.
    await expect.poll(async () => RED(await colourAt(page, player, 0.5, 0.3)), { timeout: 30_000 }).toBe(true);
    expect(await of(player, "currentSrc")).not.toContain("old.mp4");
    await closed(page);
  });

  for (const [name, size] of [
    ["video/clip.mov", [160, 120]],
    ["video/clip.webm", [160, 120]],
    ["video/test.wmv", [360, 264]],
    ["video/test.mkv", [720, 528]],
  ] as const) {
    test(`${name} is seen`, async ({ page, zoo }) => {
      const viewer = await opened(page, zoo, name, "video");
      const player = viewer.locator("video");
      await expect.poll(() => of(player, "videoWidth")).toBe(size[0]);
      expect(await of(player, "videoHeight")).toBe(size[1]);
      await expect(viewer.locator(".facts")).toContainText(`${size[0]} × ${size[1]}`);
      await closed(page);
    });
  }

  test("the bars of clip.mov have their colours", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "video/clip.mov", "video", { attributes: 'start="1"' });
    const player = viewer.locator("video");
    await expect.poll(() => of(player, "currentTime")).toBe(1);
    const found = async (): Promise<number> => {
      const row = await Promise.all(Array.from({ length: 16 }, (_, at) => frameAt(player, (at + 0.5) / 16, 0.97)));
      return new Set(row.map((rgb) => rgb.map((part) => Number(part > 128)).join(""))).size;
    };
    await expect.poll(found).toBeGreaterThanOrEqual(5);
    await closed(page);
  });

  test("sound alone in a film's file has controls and no black field", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "audio/finished-3.webm", "video");
    await expect.poll(() => of(viewer.locator("video"), "duration")).toBeGreaterThan(1.9);
    await expect(viewer).toHaveClass(/sound/);
    expect((await viewer.locator(".screen").boundingBox())?.height).toBeLessThan(80);
    await closed(page);
  });

  test("a stream (HLS) plays under the strict policy", async ({ page, zoo }) => {
    const viewer = await opened(page, zoo, "file://films/night.mkv", "video", {
      attributes: 'type="hls" thumb="320x240" start="12"',
    });
    const player = viewer.locator("video");
    expect(await of(player, "currentSrc")).toContain("master.m3u8");
    await expect.poll(() => of(player, "duration")).toBeCloseTo(24, 0);
    await seen(player, GREEN);
    await closed(page);
  });

  test("a long film offers a stream, which goes on where it was", async ({ page, zoo }) => {
    test.slow();
    const viewer = await opened(page, zoo, "file://films/long.mp4", "video", { attributes: 'start="100"' });
    const player = viewer.locator("video");
    const button = viewer.getByRole("button", { name: "Adapt to the connection" });
    await button.focus();
    expect(await of(player, "currentSrc")).not.toContain("m3u8");
    await page.keyboard.press("Enter");
    await expect(button).toHaveAttribute("aria-pressed", "true", { timeout: 60_000 });
    expect(await of(player, "currentSrc")).toContain("master.m3u8");
    await expect.poll(() => of(player, "currentTime")).toBeCloseTo(100, 0);
    expect(await of(player, "duration")).toBeCloseTo(360, 0);
    await closed(page);
  });

  test.describe("in a browser that knows no HLS", () => {
    test.beforeEach(({ page }) =>
      page.addInitScript(() => {
        const can = HTMLMediaElement.prototype.canPlayType;
        HTMLMediaElement.prototype.canPlayType = function (type) {
          return type.includes("mpegurl") ? "" : can.call(this, type);
        };
      }),
    );

    test("hls.js plays it in the viewer document, loaded only then", async ({ page, zoo }) => {
      const scripts: string[] = [];
      page.on("request", (request) => {
        if (request.resourceType() === "script") scripts.push(request.url());
      });
      const query = new URLSearchParams({ url: "file://films/night.mkv", type: "web.mp4" });
      await page.goto(`${zoo.url}viewer/open?${query}`);
      await expect.poll(() => of(page.locator("video"), "videoWidth"), { timeout: 30_000 }).toBe(320);
      const before = scripts.length;
      query.set("type", "hls");
      query.set("start", "20");
      await page.goto(`${zoo.url}viewer/open?${query}`);
      const player = page.locator("video");
      await seen(player, BLUE);
      expect(await of(player, "currentSrc")).toMatch(/^blob:/);
      expect(scripts.length).toBe(2 * before + 1);
    });

    test.describe("under the strict policy", () => {
      // hls.js has no other way into a player than a blob: address, which `media-src 'self'` refuses.
      test.use({ expected: [[/CSP media-src blob|Content Security Policy/], { scope: "test" }] });
      test("plays the plain file instead", async ({ page, zoo }) => {
        const viewer = await opened(page, zoo, "file://films/night.mkv", "video", {
          attributes: 'type="hls" thumb="320x240" start="12"',
        });
        const player = viewer.locator("video");
        await seen(player, GREEN);
        expect(await of(player, "currentSrc")).not.toMatch(/^blob:|m3u8/);
        await closed(page);
      });
    });
  });

  test("what cannot be played says why and offers the file", async ({ page, zoo }) => {
    await page.route(/web\.mp4|web\.webm/, (route) =>
      route.fulfill({ status: 200, contentType: "video/mp4", body: "no film" }),
    );
    await page.route(/artifact/, (route) =>
      /\.(mp4|webm)$/.test(new URL(route.request().url()).pathname)
        ? route.fulfill({ status: 200, contentType: "video/mp4", body: "no film" })
        : route.continue(),
    );
    const viewer = await opened(page, zoo, "file://films/night.mkv", "video");
    await expect(viewer.getByRole("alert")).toContainText("This browser cannot play it.", { timeout: 30_000 });
    await expect(viewer.getByRole("link", { name: "Download" })).toHaveAttribute("download");
    await closed(page);
  });

  test("names that attack are text, and nothing is fetched from elsewhere", async ({ page, zoo }) => {
    const harmless = guarded(page, zoo.url);
    const viewer = await opened(page, zoo, "file://films/night.mkv", "video", { attributes: 'start="10"' });
    const player = viewer.locator("video");
    await expect(viewer.getByRole("button", { name: ATTACK })).toBeVisible();
    await expect.poll(() => player.evaluate((one) => (one as HTMLVideoElement).textTracks.length)).toBe(2);
    await page.keyboard.press("c");
    await expect.poll(async () => (await said(player)).length).toBe(1);
    await seen(player, GREEN);
    await harmless();
    await closed(page);
  });
});

test("a film without chapters fills the dialog, wide and narrow", { tag: "@full" }, async ({ page, zoo }) => {
  for (const width of [1440, 360]) {
    await page.setViewportSize({ width, height: 900 });
    const viewer = await opened(page, zoo, "video/test.mp4", "video");
    const video = viewer.locator("video");
    await expect(video).toBeVisible();
    expect((await video.boundingBox())?.width ?? 0).toBeGreaterThan(width * 0.9);
    await closed(page);
  }
});
