import { describe, expect, it } from "vitest";
import { mediaUrl, parseMediaUrl, wireError } from "../../src/core/wire.ts";

describe("a media URL", () => {
  const base = new URL("https://media.example/files/");

  it("comes back as what was wanted, signature and all", () => {
    const wanted = {
      url: "https://x.example/a b.docx?q=1&r=ü#f",
      type: "thumb.png:200x200,page=2",
      kid: "k",
      exp: "99",
      sig: "s_-",
    };
    const href = mediaUrl(base, wanted);
    expect(href).toMatch(/^https:\/\/media\.example\/files\/media\/thumb\.png:200x200,page=2\/\?url=/);
    expect(parseMediaUrl(href, "https://elsewhere.example/")).toEqual({ wanted, base });
  });

  it("may be relative, and keeps a slash inside a type out of the path", () => {
    expect(mediaUrl(base, { url: "data:,x", type: "image/png" })).toContain("/media/image%2Fpng/?url=data%3A%2Cx");
    expect(parseMediaUrl("/media/PDF/?url=u", "https://a.example/p/q")?.base.href).toBe("https://a.example/");
  });

  it("is nothing else", () => {
    for (const href of ["/media/PDF/", "/other/PDF/?url=u", "http://[", "/media/a/b/?url=u"]) {
      expect(parseMediaUrl(href, "https://a.example/")).toBeNull();
    }
  });
});

describe("an error", () => {
  it("is read from JSON-RPC and from a problem document, and survives anything else", () => {
    expect(wireError({ message: "No.", data: { code: "no_road", possible: ["PNG", 7] } }, "")).toMatchObject({
      code: "no_road",
      message: "No.",
      possible: ["PNG"],
    });
    expect(wireError({ code: "busy", detail: "Later.", title: "Busy", retry_after: 3 }, "")).toMatchObject({
      code: "busy",
      message: "Later.",
      retryAfter: 3,
    });
    for (const odd of [null, undefined, 5, "x", [], { data: null }])
      expect(wireError(odd, "Odd.").message).toBe("Odd.");
  });
});
