/** Prints what the last `npm test` counted, as one plain line. */
import { readFile } from "node:fs/promises";

const results = JSON.parse(await readFile(".spillway/test-results.json", "utf8"));
console.log(`${results.numPassedTests} passed, ${results.numFailedTests} failed`);
