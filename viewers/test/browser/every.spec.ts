import type { Locator } from "@playwright/test";
import { EVERY, element, poster, shown, stage } from "./every.ts";
import { embed, expect, findings, test } from "./zoo.ts";

// Every viewer under every circumstance of who looks: it stays within the window, its controls are to be had, and axe finds nothing.
// A picture of each goes to screenshots/, to be looked at.

// The browser says of an error in the sandbox that it let nothing run there.
const SANDBOX = [/Blocked script execution .* sandboxed|frame is sandboxed/];

const small = { width: 360, height: 780 };
const large = { width: 1440, height: 900 };
const CIRCUMSTANCES = [
  { name: "light-1440", colorScheme: "light", viewport: large },
  { name: "dark-1440", colorScheme: "dark", viewport: large },
  { name: "light-360", colorScheme: "light", viewport: small },
  { name: "dark-360", colorScheme: "dark", viewport: small },
  { name: "forced-colours", viewport: large, contextOptions: { forcedColors: "active" } },
  { name: "zoom-200", viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }, // 1280 by 800
  { name: "right-to-left", viewport: small, lang: "ar" },
  { name: "reduced-motion", viewport: large, contextOptions: { reducedMotion: "reduce" } },
] as const;

/** Of what can be focused there: what is too wide, has no size, or lies below something else even when it is scrolled to. */
const unreachable = (dialog: Locator): Promise<string[]> =>
  dialog.evaluate((dialog) => {
    const deep = (root: ParentNode): Element[] =>
      [...root.querySelectorAll("*")].flatMap((one) => [one, ...(one.shadowRoot ? deep(one.shadowRoot) : [])]);
    const above = (x: number, y: number): Element[] => {
      const all: Element[] = [];
      for (let root: DocumentOrShadowRoot | null = document; root; ) {
        const one: Element | null = root.elementFromPoint(x, y);
        if (!one || all.includes(one)) break;
        all.push(one);
        root = one.shadowRoot;
      }
      return all;
    };
    const controls = deep(dialog).filter(
      (one) =>
        one.matches("a[href], button:enabled, input:enabled, select:enabled, textarea, summary, [tabindex='0']") &&
        one.checkVisibility({ visibilityProperty: true }),
    );
    const scrolled = (one: Element): boolean => {
      for (let up = one.parentElement; up; up = up.parentElement)
        if (up.scrollWidth > up.clientWidth && /auto|scroll/.test(getComputedStyle(up).overflowX)) return true;
      return false;
    };
    return controls.flatMap((one) => {
      one.scrollIntoView({ block: "nearest", inline: "nearest" });
      // of a link that goes over two lines, the first; a table that is scrolled may be wider than the window
      const { left, right, top, bottom, width, height } = one.getClientRects()[0] ?? new DOMRect();
      const x = (Math.max(left, 0) + Math.min(right, innerWidth)) / 2;
      const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
      const there = above(x, y);
      const label = there.at(-1)?.closest("label");
      const seen = there.some((other) => one.contains(other)) || Boolean(label?.contains(one));
      const fits = width >= 8 && height >= 8 && (scrolled(one) || (left > -2 && right < innerWidth + 2));
      if (fits && seen) return [];
      const name = `${one.localName}.${one.className} ${one.ariaLabel ?? one.textContent?.trim().slice(0, 30)}`;
      return [
        `${name} at ${[left, top, right, bottom].map(Math.round)}${seen ? "" : `, below ${there.at(-1)?.className}`}`,
      ];
    });
  });

/** What moves by itself in there. */
const moving = (dialog: Locator): Promise<number> =>
  dialog.evaluate(
    (dialog) =>
      (dialog.getRootNode() as ShadowRoot).getAnimations().filter(({ playState }) => playState === "running").length,
  );

for (const { name, ...circumstance } of CIRCUMSTANCES) {
  const { lang = "en", ...rest } = { lang: undefined, ...circumstance };
  test.describe(name, () => {
    test.use({ ...rest, expected: [SANDBOX, { scope: "test" }] });
    test(`every viewer, ${name}`, { tag: "@full" }, async ({ page, zoo }) => {
      test.setTimeout(600_000);
      await stage(page, zoo);
      await embed(page, zoo, EVERY.map((one) => element(one, 'loading="lazy"')).join(""), lang);
      const dialog = page.getByRole("dialog");
      const sheets = new Set<number>();
      for (const one of EVERY) {
        await test.step(one.viewer, async () => {
          await poster(page, one).click();
          const viewer = await shown(one, dialog);
          await page.waitForTimeout(700); // a picture is taken of what has come to rest
          await page.screenshot({ path: `screenshots/${one.viewer}-${name}.png` });
          const width = await page.evaluate(() => innerWidth);
          const box = await viewer.boundingBox();
          const soft = expect.configure({ soft: true });
          soft((box?.x ?? 0) + (box?.width ?? 0), one.viewer).toBeLessThanOrEqual(width);
          soft(await page.evaluate(() => document.documentElement.scrollWidth), one.viewer).toBeLessThanOrEqual(width);
          soft(await unreachable(dialog), one.viewer).toEqual([]);
          soft(await findings(page), one.viewer).toEqual([]);
          if (name === "reduced-motion") soft(await moving(dialog), one.viewer).toBe(0);
          await page.keyboard.press("Escape");
          await expect(page.locator("omnic-view[open]")).toHaveCount(0);
          await expect(poster(page, one)).toBeFocused();
          const root = page.locator("dialog"); // closed, it still tells what its shadow root wears
          sheets.add(await root.evaluate((one) => (one.getRootNode() as ShadowRoot).adoptedStyleSheets.length));
        });
      }
      expect([...sheets], "one viewer's style is not the next one's").toEqual([2]);
    });
  });
}

for (const one of EVERY) {
  test(`${one.viewer} opens in its place, and leaves it`, { tag: "@full" }, async ({ page, zoo, expected }) => {
    expected.push(...SANDBOX);
    await stage(page, zoo, [one]);
    await embed(page, zoo, element(one, 'mode="inline"'));
    const view = page.locator(`omnic-view[alt="${one.viewer}"]`);
    await poster(page, one).press("Enter");
    const viewer = await shown(one, view);
    await expect(page.getByRole("dialog")).toBeHidden();
    await expect(view.locator(".poster").first()).toBeHidden();
    const [outer, inner] = [await view.boundingBox(), await viewer.boundingBox()];
    expect(inner?.height ?? 0).toBeGreaterThan(100);
    expect((inner?.x ?? 0) + (inner?.width ?? 0)).toBeLessThanOrEqual((outer?.x ?? 0) + (outer?.width ?? 0) + 1);
    expect(await findings(page)).toEqual([]);
    await view.evaluate((one) => (one as HTMLElement & { close(): void }).close());
    await expect(page.locator(".viewer")).toHaveCount(0);
    await expect(poster(page, one)).toBeFocused();
  });
}
