/** Results of CloudWatch Logs Insights as CSV: with `@message`, or with the fields that Insights finds in REPORT lines. */
import { broken, type Format, type Parsed, timeOf } from "./call.ts";
import { eachRow, type Header, sampleHeader } from "./csv-rows.ts";
import { parseMessage, reportOf } from "./report-line.ts";

/** Fields of Insights by their names in a REPORT line. */
const FIELDS = [
  ["@duration", "Duration"],
  ["@billedduration", "Billed Duration"],
  ["@initduration", "Init Duration"],
] as const;
/** Insights has the memory in bytes of 1,000 × 1,000 per MB: 1.28E8 for 128 MB. */
const BYTES_PER_MB = 1e6;

export const insightsCsv: Format = {
  name: "insights-csv",
  about: "results of CloudWatch Logs Insights as CSV, with @message or @duration",
  matches: (sample) => sampleHeader(sample).some((name) => name === "@message" || name === "@duration"),
  read: (chunks, receive) =>
    eachRow(
      chunks,
      ({ line, values }, header) => receive(line, parsedOf(values, header)),
      (line, why) => receive(line, broken(why)),
    ),
};

function parsedOf(values: readonly string[], header: Header): Parsed {
  const value = (name: string) => values[header.get(name) ?? -1]?.trim() || null;
  const time = value("@timestamp");
  const atMs = timeOf(time);
  if (time !== null && atMs === null) return broken("@timestamp is not a time");
  const message = value("@message");
  if (message !== null) return parseMessage(message, atMs);
  const type = value("@type");
  if (type !== null && type !== "REPORT") return { kind: "other" };
  const fields = new Map<string, string>();
  for (const [column, name] of FIELDS) {
    const found = value(column);
    if (found !== null) fields.set(name, plain(found, 1));
  }
  const memory = value("@memorysize");
  if (memory !== null) fields.set("Memory Size", plain(memory, BYTES_PER_MB));
  return reportOf(fields, atMs);
}

/** Insights writes large numbers with an exponent. Other values stay as they are, to be refused. */
function plain(text: string, divisor: number): string {
  const value = Number(text);
  return Number.isFinite(value) ? String(value / divisor) : text;
}
