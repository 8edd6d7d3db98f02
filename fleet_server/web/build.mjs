// Bundle the console's scripts and styles into assets/; nothing is loaded from elsewhere at run time.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  entryPoints: [here("static/console.js"), here("static/console.css"), here("static/icon.svg")],
  outdir: here("assets"),
  bundle: true,
  minify: true,
  target: ["es2020"],
  loader: { ".png": "dataurl", ".svg": "copy" },
  logLevel: "info",
});
