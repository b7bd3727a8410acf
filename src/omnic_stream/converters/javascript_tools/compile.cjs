// Compiles one script or style sheet. Standard input: {"text", "source", "target", "ecma"} as JSON; standard output: {"made": text} or
// {"error": message, "line", "column"} (from 1, where they are known). Nothing but the text is read: no imports, no configuration, no
// maps of other files. NODE_PATH names the folder of the packages, so that this file may lie in another.
"use strict";

const { readFileSync } = require("node:fs");

const LEVELS = ["es5", "es2015", "es2016", "es2017", "es2018", "es2019", "es2020", "es2021", "es2022"];
const TYPED = new Set(["TS", "D.TS", "TSX"]);

class Complaint extends Error {
  constructor(message, line, column) {
    super(message);
    Object.assign(this, { line, column });
  }
}

const makers = { "JS": script, "es5.js": script, "min.js": script, "source-map.json": script, "CSS": sheet, "min.css": minifiedSheet };

async function main() {
  const asked = JSON.parse(readFileSync(0, "utf8"));
  try {
    return { made: await makers[asked.target](asked) };
  } catch (error) {
    if (error instanceof Complaint) return { error: error.message, line: error.line, column: error.column };
    throw error;
  }
}

function script({ text, source, target, ecma }) {
  const swc = require("@swc/core");
  const small = target === "min.js" || target === "source-map.json";
  const file = `script.${source.toLowerCase()}`;
  const old = ecma === "es5";
  const parser = TYPED.has(source)
    ? { syntax: "typescript", tsx: source === "TSX", dts: source === "D.TS", decorators: true }
    : { syntax: "ecmascript", jsx: true, decorators: true, allowReturnOutsideFunction: true };
  let made;
  try {
    made = swc.transformSync(text, {
      filename: file,
      swcrc: false,
      configFile: false,
      inputSourceMap: false,
      sourceMaps: target === "source-map.json",
      isModule: "unknown",
      minify: small,
      // what ES5 has instead of modules: a script that defines itself with any loader or none
      ...(old ? { module: { type: "umd" } } : {}),
      jsc: {
        parser,
        target: ecma === "latest" ? "esnext" : ecma,
        transform: { legacyDecorator: TYPED.has(source), react: { runtime: classic(text) ? "classic" : "automatic" } },
        minify: small ? { compress: true, mangle: true, format: { comments: "some" } } : { format: { comments: "all" } },
      },
    });
  } catch (error) {
    throw complaintOfSwc(String(error.message));
  }
  let code = made.code;
  if (old) {
    code = code.replace(/^#!.*\n/, "");
    provenOld(code);
  }
  return target === "source-map.json" ? mapOf(made.map, file) : code;
}

// React.createElement where the file has React or names another function; the automatic runtime of React 17 else.
function classic(text) {
  return /@jsx\s/.test(text) || /\bimport\s+(\*\s+as\s+)?React\b|\b(const|let|var)\s+React\b|\{[^}]*\bdefault\s+as\s+React\b/.test(text);
}

function complaintOfSwc(message) {
  const lines = message.split(/\n\n\nCaused by:/)[0].split("\n");
  const said = lines.find((line) => line.trim() !== "") ?? "";
  const marked = lines.findIndex((line) => /^\s*:.*[\^─┬]/.test(line));
  const shown = marked > 0 ? /^\s*(\d+) \|( ?)/.exec(lines[marked - 1]) : null;
  const at = marked > 0 ? lines[marked].search(/[\^─┬]/) : -1;
  // its own place is where the excerpt starts, which at the end of the file is all that there is
  const place = /,-\[[^\]]*:(\d+):(\d+)\]/.exec(message);
  return new Complaint(
    said.trim().replace(/^[x×]\s+/, ""),
    shown ? Number(shown[1]) : place ? Number(place[1]) : undefined,
    shown && at >= 0 ? at - shown[0].length + 1 : place ? Number(place[2]) : undefined,
  );
}

// swc lowers what can be lowered and lets the rest stand: an ES5 parser has the last word.
function provenOld(code) {
  const acorn = require("acorn");
  const reads = (ecmaVersion, sourceType) => {
    try {
      acorn.parse(code, { ecmaVersion, sourceType, allowReturnOutsideFunction: true, allowAwaitOutsideFunction: ecmaVersion >= 13, allowImportExportEverywhere: ecmaVersion >= 13 });
      return true;
    } catch {
      return false;
    }
  };
  if (reads(5, "script")) return;
  const level = [6, 7, 8, 9, 10, 11, 12, 13].find((version) => reads(version, "script") || (version >= 11 && reads(version, "module")));
  const name = level === undefined ? "" : ` (it is ${LEVELS[level - 5].replace("es", "ES")})`;
  throw new Complaint(`it uses what ES5 has no words for${name}; minified as it is, it is to be had as min.js:latest`);
}

function mapOf(map, file) {
  const told = JSON.parse(map);
  return JSON.stringify({ version: told.version, file: "result.min.js", sources: [file], sourcesContent: told.sourcesContent, names: told.names, mappings: told.mappings });
}

async function sheet({ text, source }) {
  if (source === "SCSS") {
    const sass = require("sass");
    try {
      return sass.compileString(text, { importers: [{ canonicalize: () => null, load: () => null }], logger: sass.Logger.silent }).css + "\n";
    } catch (error) {
      if (error.sassMessage === undefined) throw error;
      const start = error.span?.start;
      throw new Complaint(error.sassMessage, start && start.line + 1, start && start.column + 1);
    }
  }
  if (source === "LESS") {
    const less = require("less");
    class Closed extends less.FileManager {
      supports() { return true; }
      supportsSync() { return true; }
      loadFile(name) { return Promise.reject({ type: "File", message: `other files are not read ('${name}')` }); }
      loadFileSync(name) { return { error: { type: "File", message: `other files are not read ('${name}')` } }; }
    }
    const closing = { install: (_, manager) => manager.addFileManager(new Closed()) };
    try {
      const made = await less.render(text, { disablePluginRule: true, javascriptEnabled: false, plugins: [closing] });
      return made.css;
    } catch (error) {
      if (typeof error.message !== "string" || error.line === undefined) throw error;
      throw new Complaint(error.message, error.line ?? undefined, error.column == null ? undefined : error.column + 1);
    }
  }
  return require("esbuild").transformSync(text, { loader: "css", logLevel: "silent", legalComments: "inline" }).code;
}

function minifiedSheet({ text }) {
  const made = require("esbuild").transformSync(text, { loader: "css", minify: true, logLevel: "silent", legalComments: "inline" });
  if (made.code.trim() === "" && made.warnings.length > 0) {
    const [{ text: said, location }] = made.warnings;
    throw new Complaint(said, location?.line, location && location.column + 1);
  }
  return made.code;
}

main().then((told) => process.stdout.write(JSON.stringify(told)));
