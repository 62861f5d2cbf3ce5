/** `aws logs filter-log-events` and `get-log-events`: one JSON document whose `events` have messages, read object by object. */
import { isObject, parseJson } from "../../../../formats/json.ts";
import { broken, type Format } from "./call.ts";
import { eachObject } from "./json-objects.ts";
import { parseEvent } from "./report-line.ts";

export const logEvents: Format = {
  name: "filter-log-events",
  about: "the JSON of aws logs filter-log-events, or an array of platform events",
  matches: (sample) =>
    (/^\s*\{/.test(sample) && /"events"\s*:\s*\[/.test(sample)) ||
    (/^\s*\[\s*\{/.test(sample) && /"type"\s*:\s*"platform\.|"message"\s*:/.test(sample)),
  read: (chunks, receive) =>
    eachObject(chunks, (text, line) => {
      const value = text === null ? undefined : parseJson(text);
      receive(line, isObject(value) ? parseEvent(value, null) : broken("not a complete JSON object"));
    }),
};
