/** The kinds of input, and which one a file is. */
import { isObject, parseJson } from "../../../../formats/json.ts";
import { albLog } from "./alb.ts";
import type { Format } from "./call.ts";
import { sampleHeader } from "./csv-rows.ts";
import { insightsCsv } from "./insights.ts";
import { lambdaLog } from "./lambda-log.ts";
import { logEvents } from "./log-events.ts";
import { textsCsv, textsJsonl } from "./texts.ts";

/** In the order in which they are tried: a wrapping before what it wraps. */
const FORMATS: readonly Format[] = [logEvents, insightsCsv, albLog, lambdaLog, textsJsonl, textsCsv];

export const FORMAT_NAMES: readonly string[] = FORMATS.map(({ name }) => name);

/**
 * @param wanted a name, or `auto`
 * @throws Error that names what was seen and what is allowed, if no format matches or the wanted one does not
 */
export function formatOf(sample: string, wanted: string, path: string): Format {
  const matching = FORMATS.find((format) => format.matches(sample));
  const named = FORMATS.find(({ name }) => name === wanted);
  // A wrapping may be asked for by name where its sample has no call yet.
  if (named !== undefined && (named.matches(sample) || matching === undefined)) return named;
  if (named !== undefined)
    throw new Error(
      `${path} looks like ${matching?.name}, not like ${named.name} (${named.about}). Leave --format out.`,
    );
  if (matching !== undefined) return matching;
  const allowed = FORMATS.map(({ name, about }) => `  ${name}: ${about}`).join("\n");
  throw new Error(
    `${path} is of no known format: ${seenIn(sample)}. It must be one of these, gzip or not:\n${allowed}`,
  );
}

const MAX_NAMES = 8;
/** Names of fields are shown, contents never: a file without a header begins with a text. */
const NAME = /^[@\w.-]{1,30}$/;

function seenIn(sample: string): string {
  const [first = ""] = sample
    .replace(/^\ufeff/, "")
    .trimStart()
    .split(/\r?\n/, 1);
  const value = parseJson(first) ?? parseJson(sample);
  if (isObject(value)) return `JSON with the fields ${namesOf(Object.keys(value))}`;
  if (/^[[{]/.test(first)) return "JSON without texts, events or reports";
  const columns = sampleHeader(sample);
  if (columns.length > 1 && columns.every((name) => NAME.test(name))) return `CSV with the columns ${namesOf(columns)}`;
  return `lines of text, the first one with ${first.length} characters`;
}

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).map((name) => (NAME.test(name) ? name : "…"));
  return shown.join(", ") + (names.length > MAX_NAMES ? " and others" : "");
}
