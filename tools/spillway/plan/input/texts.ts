/** Texts, as JSON Lines or CSV. Tokens are counted and the text is dropped: it is in no result, no message and no file. */
import { isObject, type Json, type JsonObject, parseJson } from "../../../../formats/json.ts";
import { broken, type CountTokens, type Format, type Parsed, timeOf, UNKNOWN_CALL } from "./call.ts";
import { eachRow, sampleHeader } from "./csv-rows.ts";
import { eachLine, MAX_LINE_CHARACTERS } from "./lines.ts";

/** Where a text is looked for, in this order. */
export const TEXT_FIELDS = ["text", "inputs", "input", "sentence", "content", "body", "message"] as const;
/** A text beside it is the second one of a pair. */
const PAIR_FIELDS = ["text_pair", "textpair"] as const;
/** When the text arrived. */
const TIME_FIELDS = ["time", "timestamp", "@timestamp", "at", "date", "created_at"] as const;

export const textsJsonl: Format = {
  name: "texts-jsonl",
  about: `one JSON object per line, with ${TEXT_FIELDS.join(", ")} and perhaps a time`,
  matches: (sample) => {
    const objects = sample.split("\n", 20).map((line) => parseJson(line));
    return objects.some((value) => isObject(value) && TEXT_FIELDS.some((field) => value[field] !== undefined));
  },
  read: (chunks, receive, count) =>
    eachLine(
      chunks,
      (line, number) => {
        const value = parseJson(line);
        if (value === undefined) receive(number, broken("not JSON"));
        else if (!isObject(value)) receive(number, broken("not a JSON object"));
        else for (const parsed of textsIn(value, count)) receive(number, parsed);
      },
      (number) => receive(number, broken(`longer than ${MAX_LINE_CHARACTERS} characters`)),
    ),
};

export const textsCsv: Format = {
  name: "texts-csv",
  about: `CSV whose first row names a column ${TEXT_FIELDS.join(", ")}`,
  matches: (sample) => !/^\s*[{[]/.test(sample) && TEXT_FIELDS.some((name) => sampleHeader(sample).includes(name)),
  read: (chunks, receive, count) =>
    eachRow(
      chunks,
      ({ line, values }, header) => {
        const fields: JsonObject = {};
        for (const [name, place] of header) {
          const value = values[place];
          if (value !== undefined && value !== "") fields[name] = value;
        }
        for (const parsed of textsIn(fields, count)) receive(line, parsed);
      },
      (line, why) => receive(line, broken(why)),
    ),
};

/** A request may have several texts. */
function textsIn(fields: JsonObject, count: CountTokens): Parsed[] {
  const name = TEXT_FIELDS.find((field) => fields[field] !== undefined);
  if (name === undefined) return [broken(`no field ${TEXT_FIELDS.join(", ")}`)];
  const value = fields[name];
  const time = TIME_FIELDS.map((field) => fields[field]).find((found) => found !== undefined && found !== null);
  const atMs = timeOf(time);
  if (time !== undefined && atMs === null) return [broken("its time is neither ISO 8601 nor a number since 1970")];
  const pair = PAIR_FIELDS.map((field) => fields[field]).find((found) => typeof found === "string");
  const inputs = Array.isArray(value) ? value : [value];
  return inputs.map((input) => parsedOf(input, typeof pair === "string" ? pair : null, { name, atMs, count }));
}

interface Found {
  name: string;
  atMs: number | null;
  count: CountTokens;
}

function parsedOf(input: Json | undefined, pair: string | null, { name, atMs, count }: Found): Parsed {
  if (isObject(input) && typeof input["text"] === "string") {
    const second = input["text_pair"];
    return parsedOf(input["text"], typeof second === "string" ? second : pair, { name, atMs, count });
  }
  if (typeof input !== "string") return broken(`${name} is not a text`);
  if (input.trim() === "") return broken(`${name} is empty`);
  return { kind: "call", call: { ...UNKNOWN_CALL, atMs, tokens: count(input, pair) } };
}
