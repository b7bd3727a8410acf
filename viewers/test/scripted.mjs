// A service of the wire that says what a test tells it to: real HTTP, real sockets, the page under the strict policy, no converters.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { WebSocketServer } from "ws";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const assets = join(root, "src/omnic_stream/web/assets");
export const POLICY = "default-src 'self'; script-src 'self'; style-src 'self'";

const TYPES = { js: "text/javascript", css: "text/css", svg: "image/svg+xml", json: "application/json" };

const FORMATS = [
  ["PNG", "Portable Network Graphics", "raster"],
  ["JPG", "JPEG picture", "raster"],
  ["WEBP", "WebP picture", "raster"],
  ["AVIF", "AV1 picture", "raster"],
  ["GIF", "GIF picture", "raster"],
  ["TIFF", "TIFF picture", "raster"],
  ["thumb.webp", "Thumbnail as WEBP", "raster"],
  ["thumb.jpg", "Thumbnail as JPG", "raster"],
  ["thumb.png", "Thumbnail as PNG", "raster"],
  ["SVG", "Scalable vector picture", "vector"],
  ["PDF", "Portable document", "page"],
  ["DOCX", "Word document", "office"],
  ["ODT", "OpenDocument text", "office"],
  ["RTF", "Rich text", "office"],
  ["EPUB", "Electronic book", "ebook"],
  ["HTML", "Web page", "markup"],
  ["MD", "Markdown", "markup"],
  ["RST", "reStructuredText", "markup"],
  ["LaTeX", "LaTeX source", "markup"],
  ["TXT", "Plain text", "text"],
  ["metadata.json", "What is known of the file", "fact"],
  ["checksum", "Checksums", "fact"],
  ["strings", "Readable strings", "fact"],
].map(([name, title, category]) => ({
  name,
  title,
  category,
  arguments:
    category === "raster"
      ? [
          { name: "width", kind: "int", low: 1, high: 8192 },
          { name: "height", kind: "int", low: 1, high: 8192 },
          { name: "fit", kind: "choice", choices: ["fit", "crop", "pad", "smart"] },
          { name: "page", kind: "int", low: 1, high: 100000 },
        ]
      : [],
}));

const SAMPLES = ["photo.jpg", "report.docx", "slides.pdf", "drawing.svg", "readme.md", "letter.odt"].map((name) => ({
  name,
  title: "",
  address: `file://samples/${name}`,
}));

/** A picture that is easy to know again: a soft gradient with a grid. */
export function png(width = 960, height = 600) {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (width * 3 + 1) + 1 + x * 3;
      const grid = x % 60 === 0 || y % 60 === 0 ? 30 : 0;
      rows[at] = 24 + (x / width) * 120 + grid;
      rows[at + 1] = 96 + (y / height) * 90 + grid;
      rows[at + 2] = 110 + (1 - x / width) * 90 + grid;
    }
  }
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const chunk = (type, body) => {
    const data = Buffer.concat([Buffer.from(type), body]);
    let crc = 0xffffffff;
    for (const byte of data) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
    const out = Buffer.alloc(body.length + 12);
    out.writeUInt32BE(body.length, 0);
    data.copy(out, 4);
    out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 8);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

const PICTURE = png();
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const key = (url, type) => createHash("sha256").update(`${type} ${url}`).digest("hex");

/** What comes of a type when a script does not say otherwise. */
function content(type) {
  const name = type.split(":")[0].toLowerCase();
  if (name === "pdf") return ["application/pdf", Buffer.from("%PDF-1.4\n%%EOF\n")];
  if (name === "html")
    return [
      "text/html; charset=utf-8",
      Buffer.from("<h1>Report</h1><p>Hello.</p><script>parent.document.title='ran'</script>"),
    ];
  if (["txt", "md", "rst"].includes(name))
    return ["text/plain; charset=utf-8", Buffer.from("# Report\n\nLine two, äöü.\n")];
  if (name.endsWith("json")) return ["application/json", Buffer.from('{"pages": 3}\n')];
  if (["docx", "odt", "epub", "rtf"].includes(name)) return ["application/octet-stream", Buffer.from("PK")];
  return ["image/png", PICTURE];
}

/**
 * A job's default life; a test gives its own as `service.script`. `tell(name, params)` numbers and sends, `ready()` ends well.
 */
async function play(job, pace) {
  job.tell("queued", { position: 0 });
  await sleep(pace);
  for (const part of [0.3, 1]) {
    job.tell("downloading", { bytes: Math.round(81_920 * part), total: 81_920 });
    await sleep(pace);
  }
  job.tell("downloaded", { bytes: 81_920, format: "DOCX" });
  const steps = [
    ["DOCX", "PDF"],
    ["PDF", job.type.split(":")[0].toUpperCase()],
  ];
  job.tell("converting", {
    step: 1,
    steps: 2,
    from: "DOCX",
    to: "PDF",
    fraction: null,
    overall: 0,
    estimated: false,
    eta: null,
    waiting: 2,
  });
  await sleep(pace);
  for (let step = 1; step <= 2; step++) {
    for (let part = 1; part <= 8; part++) {
      const [from, to] = steps[step - 1];
      job.tell("converting", {
        step,
        steps: 2,
        from,
        to,
        fraction: part / 8,
        overall: Math.min((step - 1 + part / 8) / 2, 0.99),
        estimated: step === 1,
        eta: (16 - (step - 1) * 8 - part) * pace * 0.001,
      });
      await sleep(pace);
    }
  }
  job.ready();
}

/** Starts the service on a free port (or on the one given). */
export async function serve({ port = 0, pace = 20, policy = POLICY } = {}) {
  const python = join(root, ".venv/bin/python");
  // The manifest as the service makes it: the build's files, and which viewer opens what.
  const listed = execFileSync(
    python,
    [
      "-c",
      "import sys,pathlib\nfrom omnic_stream.plugins import built_in_formats\nfrom omnic_stream.model.formats import Formats\nfrom omnic_stream.viewers import VIEWERS\nfrom omnic_stream.web.bundle import load\nsys.stdout.buffer.write(load(pathlib.Path(sys.argv[1]), VIEWERS, Formats(built_in_formats())).assets['manifest.json'].body)",
      assets,
    ],
    { encoding: "utf8" },
  );
  const manifest = JSON.parse(listed);
  const site = { samples: SAMPLES, common: ["thumb.webp", "PDF", "PNG"], formats: FORMATS, version: "0.1.0" };
  const page = execFileSync(
    python,
    [
      "-c",
      "import json,sys,jinja2\nt=jinja2.Environment(autoescape=True).from_string(open(sys.argv[1]).read())\nsys.stdout.write(t.render(**json.load(sys.stdin)))",
      join(root, "src/omnic_stream/web/templates/page.html"),
    ],
    { input: JSON.stringify({ files: manifest.files, site, base: "/viewer/", script: "page" }), encoding: "utf8" },
  );

  const service = {
    url: "",
    /** Everything that came in, for a test to look at: {method, params} of calls, and paths of requests. */
    calls: [],
    requests: [],
    script: (job) => play(job, service.pace),
    pace,
    /** Extra pages by path. */
    pages: new Map(),
    finished: new Map(),
    refuse: { ws: false, events: false },
    types: () => ({
      format: "DOCX",
      types: FORMATS.map(({ name }, i) => ({ type: name, steps: 1 + (i % 3), cost: i * 10 })),
    }),
    sockets: new Set(),
    jobs: new Map(),
  };

  const artifact = (url, type) => {
    const [mediaType, body] = content(type);
    const id = key(url, type);
    return { mediaType, body, href: `/artifact/${id}/result`, id };
  };

  /** As if it had been made before. */
  service.finish = (url, type) => service.finished.set(key(url, type), artifact(url, type));

  /** Starts or joins; each watcher hears the newest entry at once. */
  const watch = (url, type, hear) => {
    const id = key(url, type);
    let job = service.jobs.get(id);
    if (!job) {
      job = {
        id,
        url,
        type,
        seq: 0,
        latest: null,
        watchers: new Set(),
        tell(name, params = {}) {
          job.seq += 1;
          job.latest = { name, params: { key: id, url, type, seq: job.seq, at: Date.now() / 1000, ...params } };
          if (name === "ready" || name === "failed") service.jobs.delete(id);
          for (const watcher of [...job.watchers]) watcher(job.latest);
        },
        ready() {
          const made = artifact(url, type);
          service.finished.set(id, made);
          job.tell("ready", {
            href: made.href,
            media_type: made.mediaType.split(";")[0],
            bytes: made.body.length,
            etag: id,
          });
        },
        failed: (code, message, extra = {}) => job.tell("failed", { code, message, ...extra }),
      };
      service.jobs.set(id, job);
      const started = job;
      queueMicrotask(() => void service.script(started));
    }
    job.watchers.add(hear);
    if (job.latest) hear(job.latest);
    return job;
  };

  const answer = (socket, { id, method, params }) => {
    service.calls.push({ method, params });
    const say = (message) => socket.readyState === 1 && socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
    if (method === "types") {
      const result = service.types(params.url);
      return say(result.code ? { id, error: { code: -32000, message: result.message, data: result } } : { id, result });
    }
    if (method === "media") {
      const { url, type } = params;
      const done = service.finished.get(key(url, type));
      if (done) {
        say({ id, result: { key: done.id, state: "ready", seq: 1, href: done.href } });
        return say({
          method: "ready",
          params: {
            key: done.id,
            url,
            type,
            seq: 1,
            at: 0,
            href: done.href,
            media_type: done.mediaType.split(";")[0],
            bytes: done.body.length,
          },
        });
      }
      const hear = ({ name, params }) => say({ method: name, params });
      const job = watch(url, type, hear);
      socket.on("close", () => job.watchers.delete(hear));
      return say({ id, result: { key: job.id, state: job.latest?.name ?? "queued", seq: job.seq } });
    }
    return say({ id, result: true });
  };

  const read = async (request) => {
    let text = "";
    for await (const part of request) text += part;
    return text;
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://x");
    service.requests.push(`${request.method} ${url.pathname}`);
    const send = (status, type, body, headers = {}) =>
      response
        .writeHead(status, {
          "Content-Type": type,
          "Cache-Control": "no-store",
          "X-Content-Type-Options": "nosniff",
          ...headers,
        })
        .end(request.method === "HEAD" ? undefined : body);
    if (url.pathname === "/") return send(200, "text/html; charset=utf-8", page, { "Content-Security-Policy": policy });
    if (url.pathname === "/favicon.ico") return send(204, "image/x-icon", "");
    const extra = service.pages.get(url.pathname);
    if (extra) return send(200, "text/html; charset=utf-8", extra, { "Content-Security-Policy": policy });
    if (url.pathname === "/viewer/manifest.json") return send(200, TYPES.json, listed);
    if (url.pathname.startsWith("/viewer/")) {
      const file = join(assets, url.pathname.slice(8));
      if (!existsSync(file)) return send(404, "text/plain", "no");
      return send(200, TYPES[file.split(".").pop()], await readFile(file));
    }
    if (url.pathname === "/media/status") {
      const asked = JSON.parse(await read(request));
      return send(
        200,
        "application/json",
        JSON.stringify(
          asked.map(({ url, type }) => {
            const id = key(url, type);
            const done = service.finished.get(id);
            const state = done ? "ready" : (service.jobs.get(id)?.latest?.name ?? "absent");
            return { url, type, ready: Boolean(done), state, ...(done ? { href: done.href } : {}) };
          }),
        ),
      );
    }
    if (url.pathname === "/events/") {
      if (service.refuse.events) return send(503, "text/plain", "no");
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      watch(url.searchParams.get("url"), url.searchParams.get("type"), ({ name, params }) => {
        response.write(`event: ${name}\nid: ${params.seq}\ndata: ${JSON.stringify(params)}\n\n`);
        if (name === "ready" || name === "failed") response.end();
      });
      return undefined;
    }
    const media = /^\/media\/([^/]+)\/?$/.exec(url.pathname);
    if (media) {
      const type = decodeURIComponent(media[1]);
      const address = url.searchParams.get("url");
      const done = service.finished.get(key(address, type));
      if (done) return send(200, done.mediaType, done.body);
      watch(address, type, () => {});
      return send(202, "image/png", png(1, 1), { "Retry-After": "1" });
    }
    const made = [...service.finished.values()].find((one) => one.href === url.pathname);
    if (made) return send(200, made.mediaType, made.body);
    return send(404, "application/problem+json", '{"code": "not_found"}');
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, raw, head) => {
    if (service.refuse.ws) return raw.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
    return sockets.handleUpgrade(request, raw, head, (socket) => {
      service.sockets.add(socket);
      socket.setMaxListeners(0); // one a job
      socket.on("close", () => service.sockets.delete(socket));
      socket.on("message", (data) => {
        const parsed = JSON.parse(String(data));
        for (const one of Array.isArray(parsed) ? parsed : [parsed]) answer(socket, one);
      });
    });
  });
  const listen = (at) => new Promise((done) => server.listen(at, "127.0.0.1", done));
  await listen(port);
  const bound = server.address().port;
  service.url = `http://127.0.0.1:${bound}/`;
  /** As a crash looks from outside: nothing answers, and jobs are forgotten. */
  service.stop = async () => {
    for (const socket of service.sockets) socket.terminate();
    service.jobs.clear();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  service.start = () => listen(bound);
  return service;
}
