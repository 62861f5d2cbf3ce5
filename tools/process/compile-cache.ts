/** Keeps the compiled code of this checkout's modules between processes: without it, a command takes a second longer to start. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { CHECKOUT_FOLDER } from "./checkout.ts";

/** Of the command, and as `NODE_COMPILE_CACHE` of the processes that it starts. */
export const COMPILE_CACHE_FOLDER = join(CHECKOUT_FOLDER, ".spillway/compile-cache");

/** For modules that are imported from now on, unless NODE_COMPILE_CACHE names another folder. A folder that cannot be written is no error. */
export function keepCompiledCode(): void {
  enableCompileCache(COMPILE_CACHE_FOLDER);
}
