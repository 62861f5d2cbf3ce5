/** The command `npm start`. */
import { keepCompiledCode } from "../process/compile-cache.ts";

keepCompiledCode();
const { startSystem } = await import("./start.ts");
await startSystem(process.argv.slice(2));
