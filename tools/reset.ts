/** The command `npm run reset`. */
import { CHECKOUT_FOLDER } from "./process/checkout.ts";
import { localSettings } from "./process/local-settings.ts";
import { dropUnreadOutput } from "./process/quiet-pipes.ts";
import { RESET_USAGE, resetLocalState } from "./process/reset-local-state.ts";
import { answerWithoutOptions, endWith } from "./process/standard-words.ts";
import { makeConsoleSafe } from "./spillway/terminal/safe-console.ts";

dropUnreadOutput();
makeConsoleSafe(console, process);
endWith(answerWithoutOptions(process.argv.slice(2), "npm run reset", RESET_USAGE));
try {
  const { stateFolder, gatewayPort } = localSettings(process.env);
  const isOtherFolder = Boolean(process.env["SPILLWAY_STATE_DIR"]);
  const state = { root: CHECKOUT_FOLDER, stateFolder, isOtherFolder, gatewayPort };
  for (const line of await resetLocalState(state)) console.log(line);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
