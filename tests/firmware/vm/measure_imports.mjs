// Bytes that the firmware's imports take on a machine with words as wide as the board's (POW-R56).
// node measure_imports.mjs MICROPYTHON_MJS FOLDER...    The collector works only between two calls from outside.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [machine, ...folders] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(machine).href);
const vm = await loadMicroPython({ heapsize: 192 * 1024, stdout: (line) => console.log(line), linebuffer: true });
for (const folder of folders)
  for (const file of readdirSync(folder).filter((name) => /\.m?py$/.test(name)))
    vm.FS.writeFile("/" + file, readFileSync(join(folder, file)));

const allocated = () => {
  for (let i = 0; i < 2; i++) vm.runPython("gc.collect()");
  vm.runPython("allocated = gc.mem_alloc()");
  return vm.globals.get("allocated");
};
vm.runPython("import gc, machine");
const before = allocated();
vm.runPython("import board");
console.log(allocated() - before);
