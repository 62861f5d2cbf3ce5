/** Pure. Two sections of docs/reference/telemetry.md, from the tables that the gateway emits by. */
import { INSTRUMENTS } from "../../gateway/telemetry/instruments.ts";
import { LOG_EVENTS } from "../../gateway/telemetry/log-events.ts";
import { item, markdownTable } from "./markdown.ts";

/** @returns the metrics: a table, and a list of what each means and which attributes its points have */
export function metricsSection(): string {
  const instruments = Object.values(INSTRUMENTS);
  const rows = instruments.map(({ name, type, unit }) => [`\`${name}\``, type, `\`${unit}\``]);
  const meanings = instruments.map(({ name, meaning, attributes }) =>
    item(`\`${name}\``, described(meaning, attributes)),
  );
  return `${markdownTable(["metric", "type", "unit"], rows)}\n\n${meanings.join("\n")}`;
}

/** @returns the log events of the gateway, in the same form */
export function logsSection(): string {
  const events = Object.values(LOG_EVENTS);
  const rows = events.map(({ name, severities }) => [`\`${name}\``, severities.join(", ")]);
  const meanings = events.map(({ name, meaning, attributes }) => item(`\`${name}\``, described(meaning, attributes)));
  return `${markdownTable(["event", "severity"], rows)}\n\n${meanings.join("\n")}`;
}

function described(meaning: string, attributes: readonly string[]): string {
  if (attributes.length === 0) return `${meaning} No attributes.`;
  const names = attributes.map((name) => (name.includes(" ") ? name : `\`${name}\``));
  return `${meaning} Attributes: ${names.join(", ")}.`;
}
