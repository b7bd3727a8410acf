// The scripted service to look at: `npm run serve`, then open the address. A slow pace lets the bars be seen.
import { serve } from "./scripted.mjs";

const service = await serve({ port: Number(process.env.PORT ?? 8801), pace: Number(process.env.PACE ?? 250) });
service.types = (url) =>
  url.includes("missing")
    ? { code: "not_found", status: 404, message: "The server at example.org says that there is no such file." }
    : {
        format: (/\.(\w+)$/.exec(url)?.[1] ?? "BIN").toUpperCase(),
        types: [
          "PNG",
          "JPG",
          "WEBP",
          "AVIF",
          "GIF",
          "TIFF",
          "thumb.webp",
          "thumb.jpg",
          "thumb.png",
          "PDF",
          "HTML",
          "TXT",
          "MD",
          "DOCX",
          "ODT",
          "EPUB",
          "LaTeX",
          "RST",
          "metadata.json",
          "checksum",
          "strings",
        ].map((type, i) => ({ type, steps: 1 + (i % 3), cost: i })),
      };
const normal = service.script;
service.script = (job) => {
  if (!job.type.startsWith("epub")) return normal(job);
  job.tell("downloaded", { bytes: 81920, format: "JPG" });
  const possible = ["PNG", "PDF", "WEBP", "thumb.webp"];
  return job.failed("no_road", "No installed converter makes an EPUB of a JPG.", { possible, missing: ["pandoc"] });
};
console.log(service.url);
