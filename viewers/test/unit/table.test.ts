import { describe, expect, it } from "vitest";
import { columnsInSight, edges, rowsInSight, scrolledTo } from "../../src/kit/window.ts";
import { hasHead, survey } from "../../src/viewers/table/columns.ts";
import { byRank, kept, ranks, sorted } from "../../src/viewers/table/order.ts";
import { Splitter } from "../../src/viewers/table/read.ts";
import { startOf } from "../../src/viewers/table/sheets.ts";
import { step } from "../../src/viewers/table/steps.ts";

const kinds = (...cells: string[][]): string[] =>
  survey([], cells, String).map(({ kind, read }) => `${kind} ${read(cells[0]?.[0] ?? "")}`.replace(" NaN", ""));
const never = async (): Promise<void> => {};

describe("columns", () => {
  it.each([
    ["number 1234.5", ["1,234.5"], ["7"]],
    ["number 1234.5", ["1.234,5"], ["7"]],
    ["number -0.5", ["-50 %"], ["3%"]],
    ["number 1200000", ["1.2e6"], [""]],
    ["text", ["007"], ["12"]],
    ["text", ["12 Main Street"], ["3"]],
    ["boolean 1", ["TRUE"], ["no"]],
    [`date ${Date.UTC(2024, 1, 29)}`, ["2024-02-29"], ["2024-03-01"]],
    [`date ${Date.UTC(2024, 1, 29, 10, 30) - 7_200_000}`, ["2024-02-29T10:30:00+02:00"], ["2024-03-01 00:00"]],
    [`date ${Date.UTC(2024, 1, 3)}`, ["03.02.2024"], ["04.02.2024"]],
    [`date ${Date.UTC(2024, 1, 3)}`, ["03/02/2024"], ["14/02/2024"]],
    [`date ${Date.UTC(2024, 2, 2)}`, ["03/02/2024"], ["04/02/2024"]],
    ["text", ["2024-02-31"], ["2024-02-30"]],
    ["text", [""], [""]],
  ])("are %s", (kind, ...cells) => {
    expect(kinds(...cells)).toEqual([kind]);
  });

  it("bear one bad cell among many, and read it as nothing", () => {
    const [column] = survey([], [...Array.from({ length: 40 }, (_, at) => [String(at)]), ["unknown"]], String);
    expect(column?.kind).toBe("number");
    expect(column?.read("unknown")).toBeNaN();
  });

  it("have names in the first row where it is unlike those below", () => {
    expect(
      hasHead([
        ["id", "name"],
        ["1", "a"],
      ]),
    ).toBe(true);
    expect(
      hasHead([
        ["a", "b"],
        ["c", "d"],
      ]),
    ).toBe(true);
    expect(
      hasHead([
        ["1", "a"],
        ["2", "b"],
      ]),
    ).toBe(false);
    expect(hasHead([["1", "2"]])).toBe(false);
    expect(
      hasHead([
        ["2020", "2021"],
        ["5", "6"],
      ]),
    ).toBe(true);
    expect(
      hasHead([
        ["x", "2020"],
        ["y", "6"],
      ]),
    ).toBe(true);
  });
});

describe("reading", () => {
  it("splits the same wherever the pieces end", () => {
    const text = 'a;b\r\n"one; ""two""\r\nthree";2\r\n\r\n3;ü\r\n';
    const expected = [
      ["a", "b"],
      ['one; "two"\r\nthree', "2"],
      ["3", "ü"],
    ];
    for (let size = 1; size <= text.length; size++) {
      const splitter = new Splitter();
      const rows: string[][] = [];
      for (let at = 0; at < text.length; at += size)
        rows.push(...splitter.add(text.slice(at, at + size), at + size >= text.length));
      expect(rows, `pieces of ${size}`).toEqual(expected);
    }
  });

  it("does not wait forever for a quotation mark", () => {
    const splitter = new Splitter();
    const long = `a,b\n1,"${"x".repeat(3 << 20)}`;
    let rows = 0;
    for (let at = 0; at < long.length; at += 1 << 16)
      rows += splitter.add(long.slice(at, at + (1 << 16)), false).length;
    expect(rows).toBeGreaterThan(1);
  });
});

describe("order", () => {
  it("is stable, and what has no worth is last both ways", async () => {
    const cells = Array.from({ length: 10_000 }, (_, at) => (at % 7 ? String((at * 31) % 50) : ""));
    for (const descending of [false, true]) {
      const worth = await ranks(
        cells.length,
        (row) => cells[row] ?? "",
        (cell) => (cell ? Number(cell) : Number.NaN),
        new Intl.Collator(),
        never,
      );
      const order = await sorted(Uint32Array.from(cells.keys()), byRank(worth, descending), never);
      const expected = [...cells.keys()].sort((one, other) => {
        const [a, b] = [cells[one] ?? "", cells[other] ?? ""];
        if (!a || !b) return Number(!a) - Number(!b);
        return descending ? +b - +a : +a - +b;
      });
      expect([...order]).toEqual(expected);
    }
  });

  it("of text goes by the language, and numbers in it count", async () => {
    const cells = ["Zug", "b10", "ä", "b9", "", "b9"];
    const worth = await ranks(
      cells.length,
      (row) => cells[row] ?? "",
      null,
      new Intl.Collator("de", { numeric: true }),
      never,
    );
    const order = await sorted(Uint32Array.from(cells.keys()), byRank(worth, false), never);
    expect([...order].map((row) => cells[row])).toEqual(["ä", "b9", "b9", "b10", "Zug", ""]);
  });

  it("keeps what is wanted", async () => {
    expect([...(await kept(10, (row) => row % 3 === 0, never))]).toEqual([0, 3, 6, 9]);
  });
});

describe("places", () => {
  it("in sight are few, whatever the length", () => {
    expect(rowsInSight(500_000, 30, 3_000_000, 600, 5)).toEqual({ from: 99_995, to: 100_025 });
    expect(rowsInSight(3, 30, 0, 600, 5)).toEqual({ from: 0, to: 3 });
    expect(rowsInSight(0, 30, 0, 600, 5)).toEqual({ from: 0, to: 0 });
    const all = edges([100, 50, 200, 100]);
    expect(all).toEqual([0, 100, 150, 350, 450]);
    expect(columnsInSight(all, 120, 100, 0)).toEqual({ from: 1, to: 3 });
    expect(columnsInSight([0], 0, 100, 2)).toEqual({ from: 0, to: 0 });
  });

  it("are scrolled to as little as can be", () => {
    expect(scrolledTo(100, 130, 0, 90)).toBe(40);
    expect(scrolledTo(100, 130, 120, 90)).toBe(100);
    expect(scrolledTo(100, 130, 60, 90)).toBe(60);
  });

  it("are led to by keys, mirrored from right to left", () => {
    const bounds = { rows: 10, columns: 4, page: 5, on: 1, wide: false };
    expect(step("ArrowRight", { row: 1, column: 1 }, bounds)).toEqual({ row: 1, column: 2 });
    expect(step("ArrowRight", { row: 1, column: 1 }, { ...bounds, on: -1 })).toEqual({ row: 1, column: 0 });
    expect(step("ArrowRight", { row: 1, column: 1 }, { ...bounds, on: -1, wide: true })).toEqual({ row: 1, column: 0 });
    expect(step("End", { row: 1, column: 1 }, { ...bounds, wide: true })).toEqual({ row: 9, column: 3 });
    expect(step("x", { row: 1, column: 1 }, bounds)).toBeNull();
  });

  it("to begin at are a row, or a sheet and a row", () => {
    expect(startOf("")).toEqual({ sheet: 1, row: 1 });
    expect(startOf("12")).toEqual({ sheet: 1, row: 12 });
    expect(startOf("2!12")).toEqual({ sheet: 2, row: 12 });
    expect(startOf("page=2")).toEqual({ sheet: 1, row: 1 });
  });
});
