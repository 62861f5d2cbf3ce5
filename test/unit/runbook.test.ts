import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { BECAUSE } from "../../gateway/decide/route.ts";
import { MISMATCHES } from "../../gateway/origin/mismatch.ts";
import { REFUSAL_CODES } from "../../gateway/refusal.ts";

const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");

it.each([...BECAUSE, ...MISMATCHES, ...REFUSAL_CODES])("the runbook says what `%s` means and what to check", (code) => {
  expect(runbook).toContain(`\`${code}\``);
});
