/** Pure. A message of Lambda in CloudWatch Logs: a REPORT line, an INIT_REPORT line, or a platform event in JSON. */
import { isObject, type Json, type JsonObject, parseJson } from "../../../../formats/json.ts";
import { billedTodayMs } from "./billed.ts";
import { broken, OTHER, type Parsed, UNKNOWN_CALL } from "./call.ts";

/** With tabs between fields; copies often have spaces. Longer names first, so that each value has its whole name. */
const FIELD =
  /(Billed Restore Duration|Restore Duration|Billed Duration|Init Duration|Max Memory Used|Memory Size|Duration|Status|Phase): +(\S+)/g;

/** @param atMs when the message was written: at the end of the call. Null if it is not known */
export function parseMessage(message: string, atMs: number | null): Parsed {
  if (/^\s*REPORT RequestId:/.test(message)) return reportOf(fieldsOf(message), atMs);
  if (/^\s*INIT_REPORT /.test(message)) return initOf(fieldsOf(message).get("Status") ?? "success");
  if (!/^\s*\{/.test(message)) return OTHER;
  const value = parseJson(message);
  return isObject(value) ? parseEvent(value, atMs) : OTHER;
}

/** A platform event of the JSON log format or of the Telemetry API, or an event of CloudWatch Logs with a message. */
export function parseEvent(event: JsonObject, atMs: number | null): Parsed {
  const { type, record, time, message, timestamp } = event;
  if (typeof type !== "string" || !type.startsWith("platform."))
    return typeof message === "string" ? parseMessage(message, numberOf(timestamp) ?? atMs) : OTHER;
  if (type === "platform.initReport") return initOf(isObject(record) ? String(record["status"]) : "unknown");
  if (type !== "platform.report") return OTHER;
  const metrics = isObject(record) ? record["metrics"] : undefined;
  if (!isObject(record) || !isObject(metrics)) return broken("platform.report has no record.metrics");
  const fields = new Map<string, string>();
  for (const [name, key] of METRICS) {
    const value = metrics[key];
    if (value !== undefined && value !== null) fields.set(name, String(value));
  }
  const { status } = record;
  if (typeof status === "string") fields.set("Status", status);
  return reportOf(fields, typeof time === "string" ? dateOf(time) : atMs);
}

const METRICS = [
  ["Duration", "durationMs"],
  ["Billed Duration", "billedDurationMs"],
  ["Memory Size", "memorySizeMB"],
  ["Init Duration", "initDurationMs"],
  ["Restore Duration", "restoreDurationMs"],
  ["Billed Restore Duration", "billedRestoreDurationMs"],
] as const;

function fieldsOf(message: string): Map<string, string> {
  return new Map(Array.from(message.matchAll(FIELD), ([, name = "", value = ""]) => [name, value]));
}

function initOf(status: string): Parsed {
  return { kind: "init", failed: status !== "success" };
}

/** @param fields by their names in a REPORT line */
export function reportOf(fields: ReadonlyMap<string, string>, endedAtMs: number | null): Parsed {
  const number = (name: string) => (fields.has(name) ? measured(fields.get(name)) : null);
  const wrong = [...NUMBERS].find((name) => Number.isNaN(number(name)));
  if (wrong !== undefined) return broken(`${wrong} is not a number of at least 0`);
  const durationMs = number("Duration");
  if (durationMs === null) return broken("no Duration");
  const initMs = number("Init Duration");
  const restoreMs = number("Restore Duration");
  const waitMs = initMs ?? restoreMs;
  const status = fields.get("Status") ?? "success";
  return {
    kind: "call",
    call: {
      ...UNKNOWN_CALL,
      atMs: endedAtMs === null ? null : endedAtMs - durationMs,
      runMs: durationMs,
      initMs: waitMs,
      billedMs: billedTodayMs({
        durationMs,
        billedMs: number("Billed Duration"),
        initMs,
        billedRestoreMs: number("Billed Restore Duration"),
      }),
      memoryMiB: number("Memory Size"),
      failed: status !== "success",
    },
  };
}

const NUMBERS = [
  "Duration",
  "Billed Duration",
  "Memory Size",
  "Init Duration",
  "Restore Duration",
  "Billed Restore Duration",
] as const;

/** NaN for anything else. */
function measured(text = ""): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function numberOf(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}

function dateOf(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isFinite(ms) ? ms : null;
}
