import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { EVERY, element, shown, stage } from "./every.ts";
import { expect, findings, type Running, serveZoo, specimen, test } from "./zoo.ts";

// A page of another origin: one script tag, and a policy of its own that names only the service.
let shop: Server;
let origin: string;
let service: Running;
let body = "";

const policy = (home: string): string => {
  const socket = home.replace("http", "ws");
  return `default-src 'none'; script-src ${home}; img-src ${home}; connect-src ${home} ${socket}; frame-src ${home}; style-src 'self'`;
};

test.beforeAll(async () => {
  shop = createServer((_request, response) => {
    const home = service.url.replace(/\/$/, "");
    response
      .writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy(home) })
      .end(`<!doctype html><html lang="en"><head><title>shop</title><meta name="viewport" content="width=device-width">
<link rel="icon" href="${home}/favicon.ico"><script type="module" crossorigin src="${home}/viewer/omnic.js"></script></head><body><main><h1>Shop</h1>${body}</main></body></html>`);
  });
  await new Promise<void>((done) => shop.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  service = await serveZoo("", { OMNIC_ALLOW_ORIGINS: origin });
});

test.afterAll(async () => {
  await service.stop();
  await new Promise((done) => shop.close(done));
});

test("a page of another origin: the thumbnail, the viewer in a frame inside the dialog, and the way back", async ({
  page,
  expected,
}) => {
  expected.push(/favicon|404/);
  expected.push(/postMessage.*does not match the recipient/); // axe asks frames, and only its own origin's
  body = `<omnic-view url="${specimen("image/python.png")}" alt="the snake"></omnic-view>`;
  await page.goto(origin);
  const poster = page.getByRole("button", { name: "Open the snake" });
  await expect(page.locator("omnic-view img")).toBeVisible({ timeout: 60_000 });
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "the snake" });
  const frame = dialog.locator("iframe").contentFrame();
  await expect(frame.locator(".viewer.image img")).toBeVisible({ timeout: 60_000 });
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(poster).toBeFocused();
});

for (const one of EVERY) {
  test(`${one.viewer} from a page of another origin`, { tag: "@full" }, async ({ page, expected }) => {
    expected.push(/Blocked script execution .* sandboxed|frame is sandboxed/);
    body = element(one);
    await stage(page, service, [one]);
    await page.goto(origin);
    const poster = page.getByRole("button", { name: `Open ${one.viewer}` });
    await expect(poster).toBeVisible();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: one.viewer });
    await shown(one, dialog.locator("iframe").contentFrame());
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect(poster).toBeFocused();
  });
}

test("without any script of ours: the viewer's document in a frame", async ({ page, expected }) => {
  expected.push(/favicon|404/);
  body = `<iframe title="the snake" src="${service.url}viewer/open?url=${encodeURIComponent(specimen("image/python.png"))}"></iframe>`;
  await page.goto(origin);
  const frame = page.locator("iframe").contentFrame();
  await expect(frame.locator(".viewer.image img")).toBeVisible({ timeout: 60_000 });
});

test("an origin that is not allowed can neither frame nor read", async ({ page, expected }) => {
  expected.push(/frame|CORS|refused|Refused|violates|CSP|ERR_|favicon|404/);
  const stranger = createServer((_request, response) => {
    response
      .writeHead(200, { "Content-Type": "text/html" })
      .end(`<iframe title="f" src="${service.url}viewer/open?url=file://samples/harbour.jpg"></iframe>`);
  });
  await new Promise<void>((done) => stranger.listen(0, "127.0.0.1", done));
  const there = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
  await page.goto(there);
  const read = await page.evaluate(
    (home) => fetch(`${home}media/status`, { method: "POST", body: "[]" }).then(String, () => "closed"),
    service.url,
  );
  expect(read).toBe("closed");
  await expect(page.locator("iframe").contentFrame().locator("omnic-view")).toHaveCount(0);
  await new Promise((done) => stranger.close(done));
});
