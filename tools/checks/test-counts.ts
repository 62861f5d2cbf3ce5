/** Prints the counts of the last `npm test` as one plain line, for CI logs. */
import { readFile } from "node:fs/promises";

const results = JSON.parse(await readFile(".spillway/test-results.json", "utf8"));
console.log(`${results.numPassedTests} passed, ${results.numFailedTests} failed`);
