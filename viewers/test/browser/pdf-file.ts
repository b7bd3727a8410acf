/** A PDF of some pages, written by hand: text that is selectable, an outline, links, and whatever a test adds to its catalogue. */

export interface Written {
  /** Text of each page, one line each. */
  readonly pages: readonly string[];
  /** Titles and the pages (from 1) that they lead to. */
  readonly outline?: readonly (readonly [title: string, page: number])[];
  /** On the first page, from the top: a page number, or a dictionary's action. */
  readonly links?: readonly (number | string)[];
  /** Width and height of each page in points; without, a letter's. */
  readonly sizes?: readonly (readonly [width: number, height: number])[];
  /** Added to the catalogue. */
  readonly catalogue?: string;
}

export function pdfFile({ pages, outline = [], links = [], sizes = [], catalogue = "" }: Written): string {
  const objects: string[] = [];
  const add = (body: string): number => objects.push(body);
  const reserve = (): number => objects.push("");
  const catalog = reserve();
  const tree = reserve();
  const font = add("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>");
  const made = pages.map(() => reserve());
  pages.forEach((text, at) => {
    const content = `BT /F1 24 Tf 72 700 Td (${text.replace(/[\\()]/g, "\\$&")}) Tj ET\n0.8 0.1 0.1 rg 72 560 200 100 re f`;
    const stream = add(`<</Length ${content.length}>>stream\n${content}\nendstream`);
    const notes =
      at === 0
        ? links.map((link, index) => {
            const goal = typeof link === "number" ? `/Dest[${made[link - 1]} 0 R/XYZ 0 792 0]` : `/A<<${link}>>`;
            return `<</Type/Annot/Subtype/Link/Border[0 0 0]/Rect[72 ${600 - 40 * index} 372 ${630 - 40 * index}]${goal}>>`;
          })
        : [];
    objects[(made[at] as number) - 1] =
      `<</Type/Page/Parent ${tree} 0 R/MediaBox[0 0 ${(sizes[at] ?? [612, 792]).join(" ")}]/Resources<</Font<</F1 ${font} 0 R>>>>/Contents ${stream} 0 R/Annots[${notes.join("")}]>>`;
  });
  objects[tree - 1] = `<</Type/Pages/Kids[${made.map((one) => `${one} 0 R`).join(" ")}]/Count ${pages.length}>>`;
  let top = "";
  if (outline.length) {
    const root = reserve();
    const items = outline.map(() => reserve());
    outline.forEach(([title, page], at) => {
      const next = items[at + 1] ? `/Next ${items[at + 1]} 0 R` : "";
      const before = at ? `/Prev ${items[at - 1]} 0 R` : "";
      objects[(items[at] as number) - 1] =
        `<</Title(${title})/Parent ${root} 0 R${next}${before}/Dest[${made[page - 1]} 0 R/Fit]>>`;
    });
    objects[root - 1] = `<</Type/Outlines/First ${items[0]} 0 R/Last ${items.at(-1)} 0 R/Count ${items.length}>>`;
    top = `/Outlines ${root} 0 R`;
  }
  objects[catalog - 1] = `<</Type/Catalog/Pages ${tree} 0 R${top}${catalogue}>>`;
  let text = "%PDF-1.7\n";
  const places = objects.map((body, at) => {
    const place = text.length;
    text += `${at + 1} 0 obj${body}endobj\n`;
    return place;
  });
  const table = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer<</Size ${objects.length + 1}/Root ${catalog} 0 R>>\nstartxref\n${text.length}\n%%EOF\n`;
  return text;
}

export const asData = (type: string, content: string | Uint8Array): string =>
  `data:${type};base64,${Buffer.from(typeof content === "string" ? Buffer.from(content, "utf8") : content).toString("base64")}`;
