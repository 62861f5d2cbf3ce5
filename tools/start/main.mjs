/**
 * The command `npm start`. Loading its code takes most of a second, and Ctrl-C is obeyed meanwhile. This file is JavaScript: before the first
 * TypeScript file, Node loads what removes types, which takes longer than Node's own start.
 */
import { constants } from "node:os";

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** There is nothing to stop yet. The line and the exit code are those of processes.ts. */
function endAtOnce(signal) {
  process.stderr.write(`${process.stderr.isTTY ? "\n" : ""}Stopping …\n`);
  process.exit(128 + constants.signals[signal]);
}

for (const signal of STOP_SIGNALS) process.on(signal, endAtOnce);
const { keepCompiledCode } = await import("../process/compile-cache.ts");
keepCompiledCode();
const { startSystem } = await import("./start.ts");
await startSystem(process.argv.slice(2), () => {
  for (const signal of STOP_SIGNALS) process.off(signal, endAtOnce);
});
