import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { expect, test } from "./zoo.ts";

const dist = resolve(import.meta.dirname, "../../dist");

/** The npm package's own files on a page, as a project serves them that bundles nothing. */
test("the package's element and a viewer of it open a file", { tag: "@full" }, async ({ page, zoo }) => {
  execFileSync(process.execPath, ["package.mjs"], { cwd: join(dist, "..") });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.route("**/vendor/*.js", (route) =>
    route.fulfill({
      contentType: "text/javascript",
      body: readFileSync(join(dist, basename(new URL(route.request().url()).pathname))),
    }),
  );
  await page.route("**/page.js", (route) =>
    route.fulfill({
      contentType: "text/javascript",
      body: `import { register } from "/vendor/omnic.js";
register({ name: "plain", opens: ["PNG"], shows: ["PNG"], load: () => import("/vendor/viewer-image.js") });
const view = document.createElement("omnic-view");
Object.assign(view, { server: "/", url: "file://zoo/image/python.png", alt: "the file" });
document.body.append(view);`,
    }),
  );
  await page.route("**/project", (route) =>
    route.fulfill({
      headers: { "Content-Type": "text/html", "Content-Security-Policy": "default-src 'self'" },
      body: '<!doctype html><html lang="en"><title>A project</title><script type="module" src="/page.js"></script>',
    }),
  );
  await page.goto(`${zoo.url}project`);
  await page.getByRole("button", { name: "Open the file" }).press("Enter");
  const picture = page.getByRole("dialog").locator(".viewer.plain img");
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
  await expect(page.getByRole("dialog").locator(".viewer").getByRole("button", { name: "Zoom in" })).toBeVisible();
  expect(asked).toContain("/vendor/viewer-image.js");
  expect(asked.filter((path) => /\/viewer\/(omnic|viewer-image)/.test(path))).toEqual([]);
});
