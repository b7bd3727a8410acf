import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allWords, LANGUAGES } from "../../words.mjs";

const source = join(import.meta.dirname, "../../src");
const tables = (await allWords()) as Record<string, Record<string, Record<string, string>>>;
const keys = new Set(Object.values(tables).flatMap((table) => Object.keys(table)));
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

describe("words", () => {
  it("are there in every language, with the same places for values", () => {
    const wrong: string[] = [];
    for (const [folder, table] of Object.entries(tables)) {
      for (const [key, said] of Object.entries(table)) {
        const places = (text = ""): string =>
          [...text.matchAll(/\{\w+\}/g)]
            .map(([one]) => one)
            .sort()
            .join();
        for (const language of LANGUAGES) {
          if (!said[language]?.trim()) wrong.push(`${folder} ${key} has no ${language}`);
          else if (places(said[language]) !== places(said.en)) wrong.push(`${folder} ${key} ${language}: other places`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it("have each key once", () => {
    expect(Object.values(tables).flatMap((table) => Object.keys(table))).toHaveLength(keys.size);
  });

  it("are known wherever one is said", () => {
    const unknown: string[] = [];
    for (const name of files) {
      if (/^(page|admin)\//.test(name)) continue;
      const text = readFileSync(join(source, name), "utf8");
      for (const [, key] of text.matchAll(/\bsay\(\s*"([\w.]+)"/g))
        if (key && !keys.has(key)) unknown.push(`${name}: ${key}`);
    }
    expect(unknown).toEqual([]);
  });
});
