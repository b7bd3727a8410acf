import { describe, expect, it } from "vitest";
import { cut, tileUrl } from "../../src/viewers/zoom/dzi.ts";

// As libvips writes it.
const DZI = `<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008"
  Format="jpg"
  Overlap="1"
  TileSize="254"
  >
  <Size
    Height="1067"
    Width="1600"
  />
</Image>
`;

describe("the index of tiles", () => {
  it("says how large the picture is and how it is cut", () => {
    expect(cut(DZI)).toEqual({ width: 1600, height: 1067, tileSize: 254, tileOverlap: 1, format: "jpg" });
  });

  it("is nothing where anything is missing or odd", () => {
    for (const wrong of [
      "",
      "<html></html>",
      "{}",
      DZI.replace('Width="1600"', ""),
      DZI.replace('"254"', '"0"'),
      DZI.replace('"254"', '"254.5"'),
      DZI.replace('"jpg"', '"../x"'),
      DZI.replace('Overlap="1"', 'Overlap="-1"'),
    ])
      expect(cut(wrong)).toBeNull();
  });

  it("has its tiles beside it, signature and all", () => {
    expect(tileUrl("https://m.example/artifact/k;kid=a;sig=b/tiles.dzi", "png", 11, 3, 2)).toBe(
      "https://m.example/artifact/k;kid=a;sig=b/tiles_files/11/3_2.png",
    );
  });
});
