import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Locator } from "@playwright/test";
import { test as base, serveZoo } from "./zoo.ts";

// Films and sounds that no specimen is: with chapters, subtitles in two languages, names that attack, codecs that no browser has.
// ffmpeg makes them, once for each worker; the service finds them at file://films/.

const ATTACK = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>`;
/** Eight seconds each; green is as bright as a screen can. */
export const PARTS = ["Red dusk", "Green midnight", ATTACK];
export { ATTACK };

function make(folder: string): void {
  const at = (name: string): string => join(folder, name);
  const ffmpeg = (name: string, ...words: string[]): void => {
    execFileSync("ffmpeg", ["-nostdin", "-v", "error", "-y", ...words, at(name)]);
  };
  const escaped = (text: string): string => text.replace(/[=;#\\\n]/g, "\\$&");
  const chapters = PARTS.map(
    (title, index) =>
      `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${index * 8000}\nEND=${(index + 1) * 8000}\ntitle=${escaped(title)}\n`,
  );
  const tags = `title=${escaped(ATTACK)}\nartist=The Keeper\nalbum=Nights\nlyrics=Turn\\\nand ${escaped(ATTACK)}\n`;
  writeFileSync(at("facts.txt"), `;FFMETADATA1\n${tags}${chapters.join("")}`);
  writeFileSync(
    at("en.srt"),
    `1\n00:00:01,000 --> 00:00:07,000\nThe lamp is lit.\n\n2\n00:00:09,000 --> 00:00:15,000\n${ATTACK}\n`,
  );
  writeFileSync(at("de.srt"), "1\n00:00:01,000 --> 00:00:07,000\nDie Lampe brennt.\n");
  const picture = "color=red:s=320x180:r=10:d=8[a];color=lime:s=320x180:r=10:d=8[b];color=blue:s=320x180:r=10:d=8[c]";
  const film = ["-f", "lavfi", "-i", `${picture};[a][b][c]concat=n=3`];
  const tone = ["-f", "lavfi", "-i", "sine=440:d=24"];
  const h264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p"];
  ffmpeg(
    "night.mkv",
    ...[...film, ...tone, "-i", at("en.srt"), "-i", at("de.srt"), "-i", at("facts.txt")],
    ...["-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_metadata", "4", "-map_chapters", "4", ...h264],
    ...["-c:a", "flac", "-c:s", "srt", "-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=ger"],
  );
  ffmpeg("old.mp4", ...film, "-c:v", "mpeg4"); // MPEG-4 part 2: in an MP4, and yet no browser's
  ffmpeg("long.mp4", "-f", "lavfi", "-i", "testsrc=s=64x48:r=1:d=360", ...h264);
  ffmpeg("book.m4b", ...tone, "-i", at("facts.txt"), "-map_metadata", "1", "-map", "0", "-c:a", "aac", "-f", "ipod");
  ffmpeg("old.m4a", ...tone, "-c:a", "alac"); // in an M4A, and yet not Chromium's
  // Half a sound of silence, half of it loud.
  const halves = "sine=440:d=12:r=22050,volume='if(lt(t,6),0,6)':eval=frame";
  const cover = ["-f", "lavfi", "-i", "color=orange:s=200x200:d=1:r=1"];
  ffmpeg(
    "song.mp3",
    ...["-f", "lavfi", "-i", halves, ...cover, "-i", at("facts.txt"), "-map", "0", "-map", "1", "-map_metadata", "2"],
    ...["-map_chapters", "-1", "-c:v", "mjpeg", "-frames:v", "1", "-disposition:v", "attached_pic", "-b:a", "64k"],
  );
}

export const test = base.extend<object, { zoo: Awaited<ReturnType<typeof serveZoo>> }>({
  zoo: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => {
      const films = mkdtempSync(join(tmpdir(), "omnic-films-"));
      make(films);
      const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
      const roots = { zoo: join(root, "tests/zoo"), samples: join(root, "src/omnic_stream/samples"), films };
      const running = await serveZoo("", {
        OMNIC_FILE_ROOTS: Object.entries(roots)
          .map(([name, folder]) => `${name}=${folder}`)
          .join(","),
      });
      await use(running);
      await running.stop();
      rmSync(films, { recursive: true, force: true });
    },
    { scope: "worker", timeout: 60_000 },
  ],
});

/** The decoded frame that a player shows, at a point given as parts of width and height: [red, green, blue]. */
export const frameAt = (player: Locator, x: number, y: number): Promise<number[]> =>
  player.evaluate(
    (video, { x, y }) => {
      const film = video as HTMLVideoElement;
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [film.videoWidth, film.videoHeight];
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      context.drawImage(film, 0, 0);
      return [...context.getImageData(x * canvas.width, y * canvas.height, 1, 1).data.slice(0, 3)];
    },
    { x, y },
  );

/** One of a player's facts. */
export const of = <Name extends keyof HTMLVideoElement>(player: Locator, name: Name): Promise<HTMLVideoElement[Name]> =>
  player.evaluate((one, name) => (one as HTMLVideoElement)[name as Name], name as string);
