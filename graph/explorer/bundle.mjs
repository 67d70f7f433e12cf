// Bundles the explorer into the folder given: `node bundle.mjs FOLDER`.
//
// Every file is named by a hash of its content, so that browsers may keep it for ever; manifest.json says which is
// which. Text is written compressed only: the server unpacks it for the rare client that doesn't take gzip.
import { build } from "esbuild";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node bundle.mjs FOLDER");

const { metafile, outputFiles } = await build({
  entryPoints: {
    main: "src/main.jsx",
    icon: "src/icon.svg",
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
  },
  outdir: folder,
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".svg": "copy", ".ttf": "file" },
  legalComments: "none", // licenses.txt holds the whole texts
  metafile: true,
  write: false,
  logLevel: "warning",
});

mkdirSync(folder, { recursive: true });
const files = [];
const outputs = Object.entries(metafile.outputs).map(([path, output]) => ({ name: basename(path), ...output }));
const byEntry = (entryPoint) => outputs.find((output) => output.entryPoint?.endsWith(entryPoint)).name;
const main = outputs.find((output) => output.entryPoint === "src/main.jsx");
const style = basename(main.cssBundle);

for (const { path, contents } of outputFiles) {
  // What is loaded late would bring its style sheet along, but all of them are in the first one already.
  if (!path.endsWith(".css") || basename(path) === style) write(basename(path), contents);
}
write("licenses.txt", licenses());

const manifest = {
  main: main.name,
  style,
  icon: byEntry("icon.svg"),
  workers: {
    editor: byEntry("editor.worker.js"),
    json: byEntry("json.worker.js"),
    graphql: byEntry("graphql.worker.js"),
  },
  preload: main.imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => basename(path)),
  files: files.sort(),
};
writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

function write(name, contents) {
  files.push(name);
  const compressed = /\.(css|js|svg|txt)$/.test(name);
  writeFileSync(join(folder, compressed ? `${name}.gz` : name), compressed ? gzipSync(contents, { level: 9 }) : contents);
}

/** The licences of all packages with code in the bundle: they ask to go along with every copy. */
function licenses() {
  const packages = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const folder = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1];
    if (folder) packages.add(folder);
  }
  return [...packages].sort().map(notice).join("\n\n" + "-".repeat(78) + "\n\n") + "\n";
}

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    .map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${name} ${version} (${license})`, ...texts].join("\n\n");
}
