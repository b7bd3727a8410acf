import { expect, findings, type Job, type Scripted, test } from "./service.ts";

const page_ = (body: string): string =>
  `<!doctype html><html lang="en"><head><title>t</title><script type="module" src="/viewer/omnic.js"></script></head><body><main><h1>t</h1>${body}</main></body></html>`;

const many = (count: number): string =>
  Array.from(
    { length: count },
    (_, n) => `<omnic-view url="https://x.example/${n}.docx" thumb="160x100"></omnic-view>`,
  ).join("\n");

const asked = (service: Scripted): string[] =>
  service.calls.filter(({ method }) => method === "media").map(({ params }) => params.url);

test("60 elements, a service that stops and comes back: bars only grow, visible ones first, all finish", async ({
  page,
  service,
  expected,
}) => {
  expected.push(/WebSocket connection|ERR_CONNECTION|Failed to load resource|omnic:/);
  service.pace = 120;
  service.pages.set("/many", page_(many(60)));
  await page.goto(`${service.url}many`);
  await page.evaluate(() => {
    const seen = new Map<Element, number>();
    const wrong: string[] = [];
    Object.assign(globalThis, { wrong });
    const look = (): void => {
      for (const view of document.querySelectorAll("omnic-view")) {
        const bar = view.shadowRoot?.querySelector("progress");
        if (!bar?.hasAttribute("value")) continue;
        if (bar.value < (seen.get(view) ?? 0)) wrong.push(`back from ${seen.get(view)} to ${bar.value}`);
        if (bar.value >= 1 && view.state.phase !== "ready") wrong.push("full before ready");
        seen.set(view, bar.value);
      }
      requestAnimationFrame(look);
    };
    look();
  });
  await expect.poll(() => asked(service).length).toBe(60);
  await expect
    .poll(
      () =>
        service.calls.filter(({ method, params }) => method === "prioritise" && params.priority === 1).length +
        service.calls.filter(({ params }) => params.priority === 1).length,
    )
    .toBeGreaterThan(5);
  await expect(page.locator("omnic-view[busy]").first()).toBeVisible();
  await page.waitForTimeout(600); // work is under way when the service goes
  await service.stop();
  await page.waitForTimeout(5000); // away for five seconds: the subject of this test
  await service.start();
  await expect
    .poll(
      () =>
        page.evaluate(
          () => [...document.querySelectorAll("omnic-view")].filter(({ state }) => state.phase === "ready").length,
        ),
      { timeout: 20_000 },
    )
    .toBe(60);
  expect(await page.evaluate(() => (globalThis as unknown as { wrong: string[] }).wrong)).toEqual([]);
});

test("200 finished thumbnails: one status call, no socket, the core alone", async ({ page, service }) => {
  for (let n = 0; n < 200; n++) service.finish(`https://x.example/${n}.docx`, "thumb.webp:160x100");
  service.pages.set("/warm", page_(many(200)));
  await page.goto(`${service.url}warm`);
  await expect
    .poll(() =>
      page.evaluate(
        () => [...document.querySelectorAll("omnic-view")].filter(({ state }) => state.phase === "ready").length,
      ),
    )
    .toBe(200);
  expect(service.requests.filter((one) => one.startsWith("POST"))).toEqual(["POST /media/status"]);
  expect(service.calls).toEqual([]);
  expect(service.requests.filter((one) => one.includes("/viewer/"))).toEqual(["GET /viewer/omnic.js"]);
});

test("a socket that sends garbage is dropped with a message, and the work goes on", async ({
  page,
  service,
  expected,
}) => {
  expected.push(/omnic:/);
  let first = true;
  const normal = service.script;
  service.script = async (job: Job) => {
    if (first) for (const socket of service.sockets) socket.send('{"oops');
    first = false;
    return normal(job);
  };
  await page.goto(`${service.url}#url=https%3A%2F%2Fx.example%2Fa.docx&type=png`);
  await expect(page.locator(".notice")).toHaveText("The service sent something unreadable; connecting again");
  await expect(page.locator("omnic-view .viewer.image img")).toBeVisible();
});

for (const [name, refuse] of [
  ["events", { ws: true, events: false }],
  ["polling", { ws: true, events: true }],
] as const) {
  test(`where sockets do not pass, ${name} do it`, async ({ page, service, expected }) => {
    expected.push(/WebSocket connection|Failed to load resource|MIME type/);
    service.refuse = refuse;
    service.pages.set("/few", page_(many(3)));
    await page.goto(`${service.url}few`);
    await expect
      .poll(() => page.evaluate(() => [...document.querySelectorAll("omnic-view")].map(({ state }) => state.phase)), {
        timeout: 25_000,
      })
      .toEqual(["ready", "ready", "ready"]);
  });
}

test("a failure says why and can be tried again", async ({ page, service }) => {
  let times = 0;
  const normal = service.script;
  service.script = async (job: Job) => (times++ ? normal(job) : job.failed("corrupt", "The document is broken."));
  service.pages.set("/one", page_(many(1)));
  await page.goto(`${service.url}one`);
  await expect(page.getByRole("alert")).toContainText("The document is broken.");
  expect(await findings(page)).toEqual([]);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.locator("omnic-view img")).toBeVisible();
});

test("a plain picture that is marked becomes a poster that opens, and focus comes back", async ({
  page,
  service,
  expected,
}) => {
  expected.push(/Blocked script execution .* sandboxed/);
  const src = `/media/thumb.png:160x100/?url=${encodeURIComponent("https://x.example/a.docx")}`;
  service.pages.set("/plain", page_(`<img src="${src}" alt="The report" omnic-viewer="html">`));
  await page.goto(`${service.url}plain`);
  const poster = page.getByRole("button", { name: "Open The report" });
  await expect(poster).toBeVisible();
  await expect.poll(() => page.locator("omnic-view > img").getAttribute("src")).toContain("/artifact/");
  await poster.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "The report" });
  await expect(dialog.locator("iframe")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(poster).toBeFocused();
});

test("events bubble with the notification, and opening can be stopped", async ({ page, service }) => {
  service.pages.set(
    "/one",
    page_('<omnic-view url="https://x.example/a.docx" type="png" thumb="160x100"></omnic-view>'),
  );
  await page.goto(`${service.url}one`);
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(globalThis, { heard });
    for (const name of ["omnic-progress", "omnic-ready", "omnic-open", "omnic-close"] as const) {
      document.addEventListener(name, (event) => {
        heard.push(name + ((event as CustomEvent<{ name?: string } | null>).detail?.name ?? ""));
        if (name === "omnic-open" && heard.filter((one) => one === name).length === 1) event.preventDefault();
      });
    }
  });
  const poster = page.getByRole("button", { name: "Open a.docx" });
  await expect(page.locator("omnic-view img")).toBeVisible();
  await poster.click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await poster.click();
  await expect(page.getByRole("dialog").locator(".viewer.image img")).toBeVisible();
  const heard = await page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);
  expect(heard.filter((one) => one === "omnic-open")).toHaveLength(2);
  expect(heard).toContain("omnic-progressconverting");
  expect(heard.at(-1)).toBe("omnic-readyready");
});

test("what opens at once is open again where it was moved to", async ({ page, service }) => {
  const body = '<omnic-view mode="inline" type="PNG" url="https://x.example/a.png"></omnic-view><div id="other"></div>';
  service.pages.set("/one", page_(body));
  await page.goto(`${service.url}one`);
  const shown = page.locator("omnic-view .viewer.image img");
  await expect(shown).toBeVisible();
  await page.evaluate(() => {
    const view = document.querySelector("omnic-view");
    if (view) document.getElementById("other")?.append(view);
  });
  await expect(page.locator("#other").locator(shown)).toBeVisible();
});

test("another file's picture is not shown for one that fails", async ({ page, service }) => {
  service.finish("https://x.example/a.docx", "thumb.webp:320x240");
  service.script = (job: Job) => job.failed("not-found", "There is no such file.");
  service.pages.set("/one", page_('<omnic-view url="https://x.example/a.docx"></omnic-view>'));
  await page.goto(`${service.url}one`);
  const poster = page.locator("omnic-view .poster img");
  await expect(poster).toBeVisible();
  await page.evaluate(() => document.querySelector("omnic-view")?.setAttribute("url", "https://x.example/b.docx"));
  await expect(page.getByText("There is no such file.")).toBeVisible();
  await expect(poster).toBeHidden();
});

test("opened before its poster is there, it has one when it is closed", async ({ page, service }) => {
  service.finish("https://x.example/a.png", "PNG");
  service.types = () => ({ format: "PNG", types: [{ type: "PNG" }] });
  service.pages.set("/one", page_('<omnic-view url="https://x.example/a.png"></omnic-view>'));
  service.script = (job: Job) => job.tell("queued", { position: 0 });
  await page.goto(`${service.url}one`);
  await expect(page.locator("omnic-view[busy]")).toBeVisible();
  await page.getByRole("button", { name: "Open a.png" }).click();
  await expect(page.getByRole("dialog").locator(".viewer.image img")).toBeVisible();
  service.finish("https://x.example/a.png", "thumb.webp:320x240");
  await page.keyboard.press("Escape");
  await expect(page.locator("omnic-view .poster img")).toBeVisible();
  await expect(page.getByRole("button", { name: "Open a.png" })).toBeFocused();
});
