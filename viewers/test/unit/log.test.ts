// @vitest-environment node
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Lines, pieces, readLine } from "../../src/viewers/log/lines.ts";
import { Tail } from "../../src/viewers/log/tail.ts";

describe("lines", () => {
  it("come in pieces, and the last one waits for its end", () => {
    const lines = new Lines();
    expect(lines.add('{"at":1,"by":"a","text":"x"}\n\n{"text"')).toEqual([{ at: 1000, by: "a", text: "x" }]);
    expect(lines.add(':"y"}\nnonsense\n{"text":5}\n')).toEqual([{ at: null, by: "", text: "y" }]);
    expect(lines.bad).toBe(2);
  });

  it("have times in both ways of telling", () => {
    expect(readLine('{"at":"2026-01-01T00:00:00Z","text":""}')?.at).toBe(Date.UTC(2026, 0, 1));
    expect(readLine('{"at":1e300,"text":""}')?.at).toBeNull();
    expect(readLine("[]")).toBeNull();
  });

  it.each([
    ["see https://a.b/c.", ["see ", "https://a.b/c", "."]],
    ["(http://a.b/c)", ["(", "http://a.b/c", ")"]],
    ["https://a.b/c_(d)", ["https://a.b/c_(d)"]],
    ["javascript:x data:y ftp://z", ["javascript:x data:y ftp://z"]],
    ["https://", ["https://"]],
  ])("have links of http and https: %s", (text, expected) => {
    expect(pieces(text).map((piece) => piece.text)).toEqual(expected);
    for (const { href } of pieces(text)) if (href) expect(href).toMatch(/^https?:/);
  });
});

describe("a tail", () => {
  let server: Server | null = null;
  afterEach(() => new Promise<void>((done) => (server ? server.close(() => done()) : done())));
  const { signal } = new AbortController();
  const text = (bytes?: Uint8Array): string => new TextDecoder().decode(bytes);

  /** A file on a server that knows ranges and tags: where it is, and which parts were asked for. */
  async function serve(file: { text: string }): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    server = createServer(({ headers }, response) => {
      const body = Buffer.from(file.text);
      const etag = `"${file.text.length}${file.text[0] ?? ""}"`;
      asked.push(headers.range ?? "all");
      const range = /bytes=(\d+)-(\d*)/.exec(headers.range ?? "");
      const from = Number(range?.[1] ?? 0);
      const to = Math.min(range?.[2] ? Number(range[2]) + 1 : body.length, body.length);
      const part = { ETag: etag, "Content-Range": `bytes ${from}-${to - 1}/${body.length}` };
      if (headers["if-none-match"] === etag) response.writeHead(304).end();
      else if (!range) response.writeHead(200, { ETag: etag }).end(body);
      else if (from >= body.length) response.writeHead(416, { "Content-Range": `bytes */${body.length}` }).end();
      else response.writeHead(206, part).end(body.subarray(from, to));
    });
    await new Promise<void>((done) => server?.listen(0, "127.0.0.1", done));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
  }

  it("fetches what came since, and nothing where nothing came", async () => {
    const file = { text: "one\n" };
    const { url, asked } = await serve(file);
    const tail = new Tail();
    expect(text((await tail.next(url, signal))?.bytes)).toBe("one\n");
    expect(await tail.next(url, signal)).toBeNull();
    file.text += "two\n";
    expect(await tail.next(url, signal)).toMatchObject({ anew: false, bytes: new TextEncoder().encode("two\n") });
    file.text += "three\n".repeat(40);
    expect(text((await tail.next(url, signal))?.bytes)).toBe("three\n".repeat(40));
    file.text += "four\n";
    expect(text((await tail.next(url, signal))?.bytes)).toBe("four\n");
    expect(asked.at(-1)).toBe(`bytes=${file.text.length - 5 - 64}-`);
  });

  it("begins with the end of a long one, and reaches back", async () => {
    const file = { text: `${"a".repeat(500)}${"b".repeat(100)}` };
    const { url } = await serve(file);
    const tail = new Tail(500);
    expect(text((await tail.next(url, signal))?.bytes)).toBe("b".repeat(100));
    expect(text(await tail.before(url, 400, signal))).toBe("a".repeat(400));
    expect(tail.from).toBe(100);
  });

  it.each(["shorter\n", `${"another one, and longer than before\n".repeat(9)}`])(
    "begins anew where the file does",
    async (other) => {
      const file = { text: "first, first, first, first\n".repeat(5) };
      const { url } = await serve(file);
      const tail = new Tail();
      await tail.next(url, signal);
      file.text = other;
      const grown = await tail.next(url, signal);
      expect(grown?.anew).toBe(true);
      expect(text(grown?.bytes)).toBe(other);
    },
  );
});
