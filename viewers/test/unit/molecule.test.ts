import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { filled, repeats } from "../../src/viewers/molecule/crystal.ts";
import { chained, flat, formula, records } from "../../src/viewers/molecule/read.ts";

const zoo = (name: string): string => readFileSync(`../tests/zoo/molecule/${name}`, "utf8");

describe("a file of molecules", () => {
  it("is taken apart into its records", () => {
    const one = "a\n\n\n  1  0\n    0.0       0.0       0.0    C\nM  END\n";
    expect(records(`${one}$$$$\n${one}> <name>\nx\n\n$$$$\n`, "sdf")).toHaveLength(2);
    expect(records("@<TRIPOS>MOLECULE\na\n@<TRIPOS>ATOM\n@<TRIPOS>MOLECULE\nb\n", "mol2")).toHaveLength(2);
    expect(records("1\n\nC 0 0 0\n2\nsecond\nC 0 0 0\nO 1 1 1\n", "xyz").map((one) => one.split("\n").length)).toEqual([
      3, 4,
    ]);
    expect(records(zoo("1ynd_sfa.sdf"), "sdf")).toHaveLength(1);
  });

  it("has a formula in Hill's order", () => {
    const of = (...names: string[]) => formula(names.map((elem) => ({ elem }))).map((part) => part.join(""));
    expect(of("O", "H", "C", "C", "Br", "H")).toEqual(["C2", "H2", "Br1", "O1"]);
    expect(of("S", "H", "H", "O")).toEqual(["H2", "O1", "S1"]);
    expect(of("<img>", "")).toEqual(["?2"]);
  });

  it("is a drawing where all lies in the page", () => {
    expect(flat([0, 0, 0, 0].map((z) => ({ z })))).toBe(true);
    expect(flat([0, 0, 0, 0.5].map((z) => ({ z })))).toBe(false);
  });

  it("is a chain by its links", () => {
    const link = [
      { atom: "N", resn: "ALA" },
      { atom: "CA", resn: "ALA" },
    ];
    expect(chained(Array.from({ length: 10 }, () => link).flat())).toBe(true);
    expect(chained([{ atom: "CA", resn: "CA" }])).toBe(false);
  });
});

describe("a crystal", () => {
  it("says how it is repeated, by either name", () => {
    expect(repeats(zoo("cod_9007661.cif"))).toHaveLength(18);
    expect(repeats(zoo("cod_9007661.cif"))[1]).toEqual([
      [1, 0, 0, 2 / 3],
      [0, 1, 0, 1 / 3],
      [0, 0, 1, 1 / 3],
    ]);
    expect(repeats(zoo("test01.cif")).length).toBeGreaterThanOrEqual(16);
  });

  it("fills its cell: 3R-MoS2 has three of each formula", () => {
    const cell = { a: 3.163, b: 3.163, c: 18.37, alpha: 90, beta: 90, gamma: 120 };
    const sulphur = (z: number) => ({ elem: "S", x: 0, y: 0, z: z * 18.37 });
    const asked = [{ elem: "Mo", x: 0, y: 0, z: 0 }, sulphur(0.2477), sulphur(0.4191)];
    const made = filled(asked, cell, repeats(zoo("cod_9007661.cif")));
    expect(formula(made?.own ?? [])).toEqual([
      ["Mo", 3],
      ["S", 6],
    ]);
    expect(made?.atoms.length).toBeGreaterThan(9); // those on faces are seen on both
  });
});
