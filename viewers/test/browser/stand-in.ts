import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page, Route } from "@playwright/test";
import type { Running } from "./zoo.ts";

/** What a source that is not there yet would deliver: results of one type, answered without the service, in pieces where asked so. */
export interface StandIn {
  readonly type: string;
  readonly mediaType: string;
  body(): string | Buffer;
}

const PICTURE = readFileSync(join(import.meta.dirname, "../../../tests/zoo/image/python.png"));

/** The status call says that they are finished; everything else goes to the service. */
export async function standIn(page: Page, zoo: Running, ...all: StandIn[]): Promise<void> {
  const href = (type: string): string => `/stand-in/${type}`;
  const own = (type: string): boolean => all.some((one) => one.type === type);
  await page.route(`${zoo.url}media/status`, async (route) => {
    const asked = route.request().postDataJSON() as { url: string; type: string }[];
    const others = asked.filter(({ type, url }) => !own(type) && !url.startsWith("stand-in:"));
    const response = others.length ? await route.fetch({ postData: JSON.stringify(others) }) : null;
    const told = response ? ((await response.json()) as object[]) : [];
    const json = asked.map((one) => {
      const { url, type } = one;
      if (own(type)) return { url, type, ready: true, state: "ready", href: href(type) };
      if (url.startsWith("stand-in:")) return { url, type, ready: true, state: "ready", href: "/stand-in/picture.png" };
      return told.shift();
    });
    await route.fulfill({ json, headers: { "Access-Control-Allow-Origin": "*" } });
  });
  await page.route(`${zoo.url}stand-in/picture.png`, (route) =>
    route.fulfill({ body: PICTURE, contentType: "image/png" }),
  );
  for (const stand of all) {
    await page.route(
      ({ pathname }) => pathname === href(stand.type) || pathname === `/media/${stand.type}/`,
      (route) => answer(route, stand),
    );
  }
}

async function answer(route: Route, stand: StandIn): Promise<void> {
  const body = Buffer.from(stand.body());
  const etag = `"${body.length}"`;
  const asked = route.request().headers();
  const headers = { "Content-Type": stand.mediaType, ETag: etag, "Accept-Ranges": "bytes" };
  if (asked["if-none-match"] === etag) return route.fulfill({ status: 304, headers });
  const range = /^bytes=(\d+)-(\d*)$/.exec(asked.range ?? "");
  if (!range) return route.fulfill({ headers: { ...headers, "Content-Length": String(body.length) }, body });
  const from = Number(range[1]);
  const to = Math.min(range[2] ? Number(range[2]) : body.length - 1, body.length - 1);
  if (from >= body.length)
    return route.fulfill({ status: 416, headers: { ...headers, "Content-Range": `bytes */${body.length}` } });
  return route.fulfill({
    status: 206,
    headers: { ...headers, "Content-Range": `bytes ${from}-${to}/${body.length}` },
    body: body.subarray(from, to + 1),
  });
}

/** An element that opens what stands in. */
export const stands = ({ type }: StandIn): string =>
  `<omnic-view url="stand-in:harbour" type="${type}" thumb="320x240" alt="the file"></omnic-view>`;
