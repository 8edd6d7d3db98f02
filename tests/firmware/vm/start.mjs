// Start of the WebAssembly virtual machine: node start.mjs MICROPYTHON_MJS TEST_MODULE FOLDER...
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [machine, module, ...folders] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(machine).href);
const vm = await loadMicroPython({ heapsize: 4_000_000, stdout: (line) => console.log(line), linebuffer: true });
for (const folder of folders)
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".py")))
    vm.FS.writeFile("/" + file, readFileSync(join(folder, file)));
await vm.runPythonAsync(`
import runner
await runner.run(${JSON.stringify(module)})
`);
process.exit(0); // loops that a test left running would go on
