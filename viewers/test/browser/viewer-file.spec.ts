import { closed, expect, opened, test } from "./zoo.ts";

test("what no viewer shows is told and can be had", async ({ page, zoo }) => {
  const viewer = await opened(page, zoo, "table/data.tsv", "file", { attributes: 'type="PARQUET" thumb="320x240"' });
  const fact = (name: string) => viewer.locator(`dt:text-is("${name}") + dd`);
  await expect(fact("Media type")).toHaveText("application/vnd.apache.parquet");
  await expect(fact("SHA-256")).toHaveText(/^[0-9a-f]{64}$/);
  await expect(fact("Size")).toHaveText(/kB \([\d,]+\)$/);
  const link = viewer.getByRole("link", { name: "Download" });
  await expect(link).toBeFocused();
  const bytes = await page.evaluate(
    async (href) => {
      const body = await (await fetch(href)).arrayBuffer();
      const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
      return {
        begin: new TextDecoder().decode(body.slice(0, 4)),
        sum: [...sum].map((one) => one.toString(16).padStart(2, "0")).join(""),
      };
    },
    (await link.getAttribute("href")) ?? "",
  );
  expect(bytes.begin).toBe("PAR1");
  await expect(fact("SHA-256")).toHaveText(bytes.sum);
  // and of the file that it was made from
  await expect(fact("Line Count")).toHaveText("101", { timeout: 30_000 });
  await closed(page);
});
