/** The command `npm run reset`. */
import { fileURLToPath } from "node:url";
import { readSettings } from "./process/local-settings.ts";
import { resetLocalState } from "./process/reset-local-state.ts";

try {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const lines = await resetLocalState(process.argv.slice(2), root, readSettings(process.env).gatewayPort);
  for (const line of lines) console.log(line);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
