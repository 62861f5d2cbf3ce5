/**
 * Access logs of an Application Load Balancer before the function. Addresses, paths and agents are not kept.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
 */
import { broken, type Format, type Parsed, timeOf, UNKNOWN_CALL } from "./call.ts";
import { eachLine, MAX_LINE_CHARACTERS } from "./lines.ts";

const ENTRY = /^(https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT[\d:.]+Z \S+ /;
const FIELD = /"((?:[^"\\]|\\.)*)"|(\S+)/g;

/** Places of the fields, from 0. */
const TIME = 1;
const TARGET_SECONDS = 6;
const STATUS = 8;
const CREATED = 21;
const MIN_FIELDS = 9;

export const albLog: Format = {
  name: "alb-log",
  about: "access logs of an Application Load Balancer",
  matches: (sample) => sample.split("\n", 50).some((line) => ENTRY.test(line)),
  read: (chunks, receive) =>
    eachLine(
      chunks,
      (line, number) => receive(number, parsedOf(line)),
      (number) => receive(number, broken(`longer than ${MAX_LINE_CHARACTERS} characters`)),
    ),
};

function parsedOf(line: string): Parsed {
  if (!ENTRY.test(line)) return broken("it does not begin with a type, a time and a load balancer");
  const fields = Array.from(line.matchAll(FIELD), ([, quoted, plain]) => quoted ?? plain ?? "");
  if (fields.length < MIN_FIELDS) return broken(`${fields.length} fields; an entry has more`);
  const seconds = Number(fields[TARGET_SECONDS]);
  const status = Number(fields[STATUS]);
  if (!Number.isFinite(seconds) || !Number.isInteger(status)) return broken("no target_processing_time or status");
  const answeredAtMs = timeOf(fields[TIME]);
  if (answeredAtMs === null) return broken("no time");
  // -1: the target did not answer.
  const runMs = seconds < 0 ? null : seconds * 1000;
  const atMs = timeOf(fields[CREATED]) ?? answeredAtMs - (runMs ?? 0);
  return { kind: "call", call: { ...UNKNOWN_CALL, atMs, runMs, failed: status >= 500 || runMs === null } };
}
