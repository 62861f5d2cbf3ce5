/** docs/reference/telemetry.md shows the tables that the code has. What is really emitted is compared with them in test/worker/entry. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { INSTRUMENTS } from "../../gateway/telemetry/instruments.ts";
import { LOG_EVENTS } from "../../gateway/telemetry/log-message.ts";

const page = readFileSync(new URL("../../docs/reference/telemetry.md", import.meta.url), "utf8");

/** The rows below a heading, without the padding that keeps columns straight. */
function rowsBelow(heading: string): string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) => line.replaceAll(/ +/g, " "));
}

const row = (...cells: string[]) => `| ${cells.join(" | ")} |`;
const code = (names: readonly string[]) => names.map((name) => (name.includes(" ") ? name : `\`${name}\``)).join(", ");

describe("docs/reference/telemetry.md", () => {
  it("has the gateway's metrics, word for word", () => {
    const rows = Object.values(INSTRUMENTS).map(({ name, type, unit, attributes, meaning }) =>
      row(`\`${name}\``, type, `\`${unit}\``, code(attributes) || "none", meaning),
    );
    expect(rowsBelow("Metrics")).toEqual(rows);
  });

  it("has the gateway's log events, word for word", () => {
    const rows = Object.values(LOG_EVENTS).map(({ name, severities, attributes, meaning }) =>
      row(`\`${name}\``, severities.join(", "), code(attributes), meaning),
    );
    expect(rowsBelow("Logs")).toEqual(rows);
  });
});
