import { expect, type Page, test } from "@playwright/test";

declare global {
  interface Window {
    /** What is left on the page: contexts that draw, listeners on what outlives a viewer, elements. */
    left(): { contexts: number; listeners: number; elements: number };
    pwned?: unknown;
  }
}

/** Before the page: counts contexts of WebGL and the listeners of window, document and body. */
export async function counting(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const made: (WebGLRenderingContext | WebGL2RenderingContext)[] = [];
    const before = HTMLCanvasElement.prototype.getContext as (...words: unknown[]) => RenderingContext | null;
    HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...words: unknown[]) {
      const context = before.apply(this, words);
      const webgl = context instanceof WebGLRenderingContext || context instanceof WebGL2RenderingContext;
      if (webgl && !made.includes(context)) made.push(context);
      return context;
    } as HTMLCanvasElement["getContext"];
    const heard = new Set<string>();
    const numbers = new WeakMap<object, number>();
    let last = 0;
    const key = (target: EventTarget, [type, what, how]: unknown[]): string => {
      if (!numbers.has(what as object)) numbers.set(what as object, ++last);
      const capture = typeof how === "object" ? Boolean((how as { capture?: boolean } | null)?.capture) : Boolean(how);
      const name = target === window ? "window" : target === document ? "document" : "body";
      return `${name} ${type} ${numbers.get(what as object)} ${capture}`;
    };
    const outlives = (target: EventTarget): boolean =>
      target === window || target === document || target === document.body;
    const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
    EventTarget.prototype.addEventListener = function (...words) {
      const target = (this ?? window) as EventTarget;
      if (words[1] && outlives(target)) {
        const one = key(target, words);
        const { signal, once } = (typeof words[2] === "object" ? words[2] : {}) as AddEventListenerOptions;
        if (!once && !signal?.aborted) {
          heard.add(one);
          if (signal) add.call(signal, "abort", () => heard.delete(one));
        }
      }
      add.apply(target, words);
    };
    EventTarget.prototype.removeEventListener = function (...words) {
      const target = (this ?? window) as EventTarget;
      if (words[1] && outlives(target)) heard.delete(key(target, words));
      remove.apply(target, words);
    };
    const elements = (root: ParentNode): number =>
      [...root.querySelectorAll("*")].reduce(
        (sum, one) => sum + 1 + (one.shadowRoot ? elements(one.shadowRoot) : 0),
        0,
      );
    window.left = () => ({
      contexts: made.filter((one) => !one.isContextLost()).length,
      listeners: heard.size,
      elements: elements(document),
    });
  });
}

/** Opens what has the focus twenty times; what is left is what was left after the first. */
export async function twenty(page: Page, viewer: string, seen: string): Promise<void> {
  test.setTimeout(400_000); // a picture in software takes seconds on a busy machine
  const dialog = page.getByRole("dialog");
  const once = async (): Promise<void> => {
    await page.keyboard.press("Enter");
    await expect(dialog.locator(`.viewer.${viewer} ${seen}`).first()).toBeVisible({ timeout: 60_000 });
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect(page.locator(`.viewer.${viewer}`)).toHaveCount(0); // what closes it hears of it a little later
    await expect(page.getByRole("button", { name: "Open the file" })).toBeFocused();
  };
  const preloads = (): Promise<number> =>
    page.evaluate(() => document.querySelectorAll("link[rel=modulepreload]").length);
  await page.keyboard.press("Tab");
  await once();
  const links = await preloads();
  await expect.poll(() => page.evaluate(() => window.left().contexts)).toBe(0);
  const first = await page.evaluate(() => window.left());
  for (let turn = 0; turn < 19; turn++) await once();
  expect(await preloads()).toBe(links);
  await expect.poll(() => page.evaluate(() => window.left())).toEqual(first);
}

/** Hosts that were asked, but this one. */
export function strangers(page: Page, home: string): string[] {
  const found: string[] = [];
  page.on("request", (request) => {
    const address = request.url();
    if (!address.startsWith(home) && !address.startsWith("data:")) found.push(address);
  });
  return found;
}
