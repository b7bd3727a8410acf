import { afterEach, describe, expect, it, vi } from "vitest";
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

/** A file on a server that knows ranges and tags. */
function serve(file: { text: string }): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (_url: string, { headers = {} }: { headers?: Record<string, string> } = {}) => {
    const body = new TextEncoder().encode(file.text);
    const etag = `"${file.text.length}${file.text[0] ?? ""}"`;
    asked.push(headers.Range ?? "all");
    if (headers["If-None-Match"] === etag) return new Response(null, { status: 304 });
    const range = /bytes=(\d+)-(\d*)/.exec(headers.Range ?? "");
    if (!range) return new Response(body, { headers: { ETag: etag } });
    const from = Number(range[1]);
    const to = range[2] ? Number(range[2]) + 1 : body.length;
    if (from >= body.length)
      return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${body.length}` } });
    return new Response(body.slice(from, to), {
      status: 206,
      headers: { ETag: etag, "Content-Range": `bytes ${from}-${to - 1}/${body.length}` },
    });
  });
  return asked;
}

describe("a tail", () => {
  afterEach(() => void vi.unstubAllGlobals());
  const { signal } = new AbortController();
  const text = (bytes?: Uint8Array): string => new TextDecoder().decode(bytes);

  it("fetches what came since, and nothing where nothing came", async () => {
    const file = { text: "one\n" };
    const asked = serve(file);
    const tail = new Tail();
    expect(text((await tail.next("x", signal))?.bytes)).toBe("one\n");
    expect(await tail.next("x", signal)).toBeNull();
    file.text += "two\n";
    expect(await tail.next("x", signal)).toMatchObject({ anew: false, bytes: new TextEncoder().encode("two\n") });
    file.text += "three\n".repeat(40);
    expect(text((await tail.next("x", signal))?.bytes)).toBe("three\n".repeat(40));
    file.text += "four\n";
    expect(text((await tail.next("x", signal))?.bytes)).toBe("four\n");
    expect(asked.at(-1)).toBe(`bytes=${file.text.length - 5 - 64}-`);
  });

  it("begins with the end of a long one, and reaches back", async () => {
    const file = { text: `${"a".repeat(500)}${"b".repeat(100)}` };
    serve(file);
    const tail = new Tail(500);
    expect(text((await tail.next("x", signal))?.bytes)).toBe("b".repeat(100));
    expect(text(await tail.before("x", 400, signal))).toBe("a".repeat(400));
    expect(tail.from).toBe(100);
  });

  it.each(["shorter\n", `${"another one, and longer than before\n".repeat(9)}`])(
    "begins anew where the file does",
    async (other) => {
      const file = { text: "first, first, first, first\n".repeat(5) };
      serve(file);
      const tail = new Tail();
      await tail.next("x", signal);
      file.text = other;
      const grown = await tail.next("x", signal);
      expect(grown?.anew).toBe(true);
      expect(text(grown?.bytes)).toBe(other);
    },
  );
});
