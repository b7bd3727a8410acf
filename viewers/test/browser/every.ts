/** A specimen for each viewer: its class, the file, and the tab where it is not the first. */
export const EVERY: readonly (readonly [viewer: string, file: string, tab?: string])[] = [
  ["image", "image/python.png"],
  ["zoom", "image/zPug_3.heic", "Deep zoom"],
  ["svg", "vector/line-cap-line-join.svg"],
  ["pdf", "document/archive_write_new.3.pdf"],
  ["html", "data/pyproject.toml"],
  ["text", "text/README.md", "Text"],
  ["table", "table/whitelist.csv"],
  ["graph", "table/whitelist.csv", "Graph"],
  ["video", "video/test.mp4"],
  ["audio", "audio/silence-44-s.mp3"],
  ["model", "mesh/BoxTextured.glb"],
  ["molecule", "molecule/culgi_03.mol"],
  ["map", "geo/berlin.geojson"],
  ["tree", "archive/t.zip"],
  ["font", "font/TestTTF.ttf"],
  ["file", "video/test.swf"],
];
