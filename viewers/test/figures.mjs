// What a page costs in Chromium, as JSON: 200 finished thumbnails, and how long an event takes from the socket to the pixels.
import { chromium } from "@playwright/test";
import { serve } from "./scripted.mjs";

const page_ = (count) =>
  `<!doctype html><html lang="en"><head><title>t</title><script type="module" src="/viewer/omnic.js"></script></head><body>${Array.from(
    { length: count },
    (_, n) => `<omnic-view url="https://x.example/${n}.docx"></omnic-view>`,
  ).join("")}</body></html>`;

const browser = await chromium.launch({
  executablePath: process.env.OMNIC_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const service = await serve({ pace: 50 });
service.pages.set("/warm", page_(200));
service.pages.set("/live", page_(20));
for (let n = 0; n < 200; n++) service.finish(`https://x.example/${n}.docx`, "thumb.webp:320x240");

const warm = await browser.newPage();
await warm.addInitScript(() => {
  globalThis.blocked = [];
  new PerformanceObserver((list) =>
    globalThis.blocked.push(...list.getEntries().map(({ duration }) => duration)),
  ).observe({
    type: "longtask",
    buffered: true,
  });
});
await warm.goto(`${service.url}warm`);
await warm.waitForFunction(() =>
  [...document.querySelectorAll("omnic-view")].every(({ state }) => state?.phase === "ready"),
);
await warm.waitForTimeout(1500); // long tasks are told late
const blocked = await warm.evaluate(() => globalThis.blocked);
const statusCalls = service.requests.filter((one) => one.startsWith("POST")).length;
await warm.close();

service.finished.clear();
const live = await browser.newPage();
await live.addInitScript(() => {
  globalThis.waits = [];
  const Native = globalThis.WebSocket;
  globalThis.WebSocket = class extends Native {
    constructor(...words) {
      super(...words);
      // The first listener: it knows when the message came; the others draw; a task behind the next frame sees the pixels.
      super.addEventListener("message", () => {
        const came = performance.now();
        requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () => globalThis.waits.push(performance.now() - came);
          channel.port2.postMessage(0);
        });
      });
    }
  };
});
await live.goto(`${service.url}live`);
await live.waitForFunction(() =>
  [...document.querySelectorAll("omnic-view")].every(({ state }) => state?.phase === "ready"),
);
const waits = await live.evaluate(() => globalThis.waits);
await browser.close();
await service.stop();
process.stdout.write(JSON.stringify({ blocked, statusCalls, waits }));
