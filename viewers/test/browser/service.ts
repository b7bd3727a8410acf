import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test as base, expect, type Page } from "@playwright/test";
import { serve } from "../scripted.mjs";

/** A job as a script sees it: `tell` numbers and sends, `ready` and `failed` end it. */
export interface Job {
  readonly url: string;
  readonly type: string;
  tell(name: string, params?: object): void;
  ready(): void;
  failed(code: string, message: string, extra?: object): void;
}

/** What a test holds of the scripted service. */
export interface Scripted {
  readonly url: string;
  readonly calls: { method: string; params: { url: string; priority?: number } }[];
  readonly requests: string[];
  script: (job: Job) => unknown;
  pace: number;
  readonly pages: Map<string, string>;
  readonly finished: Map<string, unknown>;
  refuse: { ws: boolean; events: boolean };
  types: (url: string) => object;
  readonly sockets: Set<{ send(text: string): void }>;
  finish(url: string, type: string): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Before the page: what is returned says at the end that it complained of nothing, and that its policy was broken nowhere. */
export async function listening(page: Page, expected: readonly RegExp[]): Promise<() => void> {
  const heard: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) heard.push(message.text());
  });
  page.on("pageerror", (error) => heard.push(error.message));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`),
    );
  });
  return () => expect(heard.filter((line) => !expected.some((pattern) => pattern.test(line)))).toEqual([]);
}

/** Each test has its own scripted service, and fails on any console error or warning, page error or CSP violation not expected. */
export const test = base.extend<{ service: Scripted; expected: RegExp[] }>({
  expected: async ({ page: _page }, use) => use([]),
  service: async ({ page, expected }, use) => {
    const service = (await serve()) as unknown as Scripted;
    const quiet = await listening(page, expected);
    await use(service);
    await page.close();
    await service.stop();
    quiet();
  },
});

/** Findings of axe, WCAG A and AA and best practice, in the page as it stands. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await (
      globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
    ).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  });
}

export { expect };
