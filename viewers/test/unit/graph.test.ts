import { describe, expect, it } from "vitest";
import { choose, plotted } from "../../src/viewers/graph/choose.ts";
import { survey } from "../../src/viewers/table/columns.ts";

const never = async (): Promise<void> => {};
function chosen(head: string[], ...rows: string[][]) {
  return choose(survey(head, rows, String), rows);
}

describe("what is drawn", () => {
  it("is numbers over time, over a number that rises, by word, against each other, or how many there are", () => {
    expect(chosen(["n", "day"], ["5", "2024-01-02"], ["7", "2024-01-01"])).toEqual({ x: 1, ys: [0], form: "line" });
    expect(chosen(["hour", "high", "far"], ["0", "5", "5000"], ["1", "4", "6000"], ["2", "6", "5"])).toEqual({
      x: 0,
      ys: [1],
      form: "line",
    });
    expect(chosen(["town", "people"], ["A", "5"], ["B", "3"])).toEqual({ x: 0, ys: [1], form: "bars" });
    expect(chosen(["w", "h"], ["5", "2"], ["3", "9"], ["4", "1"])).toEqual({ x: 0, ys: [1], form: "points" });
    expect(chosen(["w"], ["5"], ["3"], ["4"])).toEqual({ x: -1, ys: [0], form: "line" });
    expect(chosen(["id", "kind"], ["a", "x"], ["b", "x"], ["c", "y"])).toEqual({ x: 1, ys: [-1], form: "bars" });
  });

  it("draws together what fits on one axis", () => {
    expect(
      chosen(["t", "a", "b", "c"], ["1", "10", "12", "4000"], ["2", "11", "9", "5000"], ["3", "9", "8", "1"]).ys,
    ).toEqual([1, 2]);
  });

  it("is in order of x, with gaps where there is nothing", async () => {
    const rows = [
      ["3", "a"],
      ["1", "5"],
      ["", "7"],
      ["2", "6"],
    ];
    const columns = survey(["x", "y"], [["1", "5"]], String);
    const plot = await plotted({ x: 0, ys: [1], form: "line" }, columns, rows, never);
    expect(plot).toEqual({ xs: [1, 2, 3], series: [[5, 6, null]], words: null, left: 1 });
  });

  it("adds up by word, the most frequent first where it counts", async () => {
    const rows = [
      ["a", "1"],
      ["b", "2"],
      ["b", "3"],
      ["", "4"],
    ];
    const columns = survey(["word", "n"], rows, String);
    const sums = await plotted({ x: 0, ys: [1], form: "bars" }, columns, rows, never);
    expect(sums).toMatchObject({ words: ["a", "b", "–"], series: [[1, 5, 4]] });
    const counts = await plotted({ x: 0, ys: [-1], form: "bars" }, columns, rows, never);
    expect(counts).toMatchObject({ words: ["b", "a", "–"], series: [[2, 1, 1]] });
  });
});
