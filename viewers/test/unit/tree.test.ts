import { describe, expect, it } from "vitest";
import { type Commit, entriesOf as gitEntries, lanes, readTree, urlOf } from "../../src/viewers/git/shape.ts";
import { entriesOf, memberUrl } from "../../src/viewers/tree/listing.ts";
import { build, type Entry, folders, rows, sort, typed } from "../../src/viewers/tree/model.ts";

const WORDS = { encrypted: "encrypted", unsafe: "unsafe" };
const file = (path: string, size = 1, at: number | null = null): Entry => ({ path, kind: "file", size, at, url: "x" });
const collator = new Intl.Collator("en", { numeric: true });
const names = (all: ReturnType<typeof rows>): string[] => all.map(({ node, level }) => `${level} ${node.name}`);

describe("a tree", () => {
  const entries = [
    file("b/c/10.txt", 5, 30),
    file("b/c/9.txt", 7, 10),
    file("a.txt", 1, 20),
    file("./b/d.txt", 2, 5),
    file("a.txt", 4),
  ];

  it("has the folders that only paths tell of, and what is in them", () => {
    const tree = build(entries);
    sort(tree, { by: "name", descending: false }, collator);
    expect(names(rows(tree, new Set(folders(tree))))).toEqual([
      "1 b",
      "2 c",
      "3 9.txt",
      "3 10.txt",
      "2 d.txt",
      "1 a.txt",
      "1 a.txt",
    ]);
    const b = tree.children[0];
    expect(b?.entry).toMatchObject({ size: 14, at: 30 });
    expect(new Set(rows(tree, new Set(folders(tree))).map(({ node }) => node.key)).size).toBe(7);
  });

  it("says of each row where it is among its like", () => {
    const tree = build(entries);
    sort(tree, { by: "size", descending: true }, collator);
    const all = rows(tree, new Set(["b/"]));
    expect(all.map(({ node, place, among }) => `${node.name} ${place}/${among}`)).toEqual([
      "b 1/3",
      "c 1/2",
      "d.txt 2/2",
      "a.txt 2/3",
      "a.txt 3/3",
    ]);
    expect(all.at(-2)?.node.entry.size).toBe(4);
  });

  it("shows what a filter finds, and the way there, whatever is closed", () => {
    expect(names(rows(build(entries), new Set(), "10"))).toEqual(["1 b", "2 c", "3 10.txt"]);
    expect(rows(build(entries), new Set(), "nowhere")).toEqual([]);
  });

  it("bears a folder that comes after its files, and a path that leads out", () => {
    const tree = build([
      file("x/y.txt"),
      { path: "x/", kind: "directory", size: 0, at: 7, url: null },
      file("../../z"),
      file("///"),
    ]);
    expect(tree.children.map(({ name }) => name)).toEqual(["x", ".."]);
    expect(tree.children[0]?.entry.at).toBe(7);
  });

  it("is gone through by letters", () => {
    const all = rows(build([file("apple"), file("ant"), file("bee"), file("ape")]), new Set());
    expect(typed(all, 0, "a")).toBe(1);
    expect(typed(all, 1, "aa")).toBe(3);
    expect(typed(all, 0, "ap")).toBe(0);
    expect(typed(all, 1, "ap")).toBe(3);
    expect(typed(all, 0, "z")).toBe(-1);
  });
});

describe("members", () => {
  it("have addresses", () => {
    const box = "https://example.org/box.zip";
    expect(memberUrl(box, "docs/report one.docx")).toBe(`${box}<member:docs/report%20one.docx>`);
    expect(memberUrl(box, "a<b>%\\c.txt")).toBe(`${box}<member:a%3Cb%3E%25%5Cc.txt>`);
    expect(memberUrl(box, "ü")).toBe(`${box}<member:%C3%BC>`);
  });

  it.each(["../x", "a/../../x", "/etc/passwd", "C:\\x", "..", "a\nb", "", "\ud800"])(
    "that lead out or cannot be written have none: %j",
    (name) => {
      expect(memberUrl("https://example.org/box.zip", name)).toBeNull();
    },
  );

  it("of a member stand behind its own, up to four deep", () => {
    const inner = "https://example.org/box.zip<member:in.zip>";
    expect(memberUrl(inner, "a b.txt")).toBe(`${inner}<member:a%20b.txt>`);
    expect(memberUrl(`${inner}<member:x><member:y>`, "z")).toBe(`${inner}<member:x><member:y><member:z>`);
    expect(memberUrl(`${inner}<member:x><member:y><member:z>`, "a.txt")).toBeNull();
  });

  it("are entries", () => {
    const listing = {
      members: [{ name: "outer" }],
      payload: {
        members: [
          { name: "d/", directory: true, size: 0 },
          { name: "d/f", size: 3, modified: "2026-01-01T00:00:00+00:00" },
          { name: "l", kind: "link", target: "d/f" },
          { name: "s", encrypted: true, size: null },
          { name: "../o" },
        ],
      },
    };
    expect(entriesOf(listing, "file://r/p.deb", WORDS)).toEqual([
      { path: "d/", kind: "directory", size: 0, at: null, url: null },
      { path: "d/f", kind: "file", size: 3, at: Date.UTC(2026, 0, 1), url: "file://r/p.deb<member:d/f>" },
      { path: "l", kind: "link", size: null, at: null, url: null, remark: "→ d/f" },
      { path: "s", kind: "file", size: null, at: null, url: null, remark: "encrypted" },
      { path: "../o", kind: "file", size: null, at: null, url: null, remark: "unsafe" },
    ]);
  });
});

describe("a git tree", () => {
  const commit = (sha: string, ...parents: string[]): Commit => ({ sha, parents, message: sha, author: "A", at: 1 });

  it("is read with care", () => {
    expect(() => readTree({})).toThrow();
    expect(() => readTree(null)).toThrow();
    const tree = readTree({
      address: "git+https://h/r.git<ref:main>",
      entries: [{ path: "a b.txt", last: { sha: "1", at: "x" } }, 5, { path: 5 }],
    });
    expect(tree.entries).toEqual([
      { path: "a b.txt", kind: "file", last: { sha: "1", message: "", author: "", at: 0, parents: [] } },
    ]);
    expect(urlOf(tree, { path: "a b.txt", kind: "file" })).toBe("git+https://h/r.git<ref:main><path:a%20b.txt>");
    expect(urlOf(tree, { path: "a", kind: "module" })).toBeNull();
  });

  it("has paths as seen from its folder", () => {
    const tree = readTree({ path: "docs", entries: [{ path: "docs/a/b.md", kind: "file" }] });
    expect(gitEntries(tree).map(({ path }) => path)).toEqual(["a/b.md"]);
  });

  it("has a log whose lines of descent stand side by side", () => {
    expect(lanes([commit("c", "b"), commit("b", "a"), commit("a")])).toEqual([
      { column: 0, lines: [[0, 0]] },
      {
        column: 0,
        lines: [
          [0, 0],
          [0, 0],
        ],
      },
      { column: 0, lines: [[0, 0]] },
    ]);
    // m merges s into b, both come from a
    const merged = lanes([commit("m", "b", "s"), commit("b", "a"), commit("s", "a"), commit("a")]);
    expect(merged.map(({ column }) => column)).toEqual([0, 0, 1, 0]);
    expect(merged[0]?.lines).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect(merged[2]?.lines).toContainEqual([1, 0]);
  });
});
