/**
 * Lambda's log in lines: REPORT and INIT_REPORT, or platform events in JSON; as they are, or as `aws logs tail` and exports to S3 print
 * them, with a time and perhaps the log stream before each. `--format json` of the tail writes an event over several lines.
 */
import { broken, type Format, timeOf } from "./call.ts";
import { eachLine, MAX_LINE_CHARACTERS } from "./lines.ts";
import { parseMessage } from "./report-line.ts";

const TIME = /^\s*(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)\s+/;
/** `2026/10/08/[$LATEST]79b5…` or, of an alias, `2026/10/08/name[12]79b5…` */
const STREAM = /^\d{4}\/\d\d\/\d\d\/[^\s[]*\[[^\]\s]+\]\w+\s+/;
/** An event in several lines has fewer. */
const MAX_EVENT_LINES = 200;

export const lambdaLog: Format = {
  name: "lambda-log",
  about: "REPORT, INIT_REPORT or platform.report lines of Lambda, also as aws logs tail prints them",
  matches: (sample) =>
    /(^|\n|\s)(REPORT RequestId:|INIT_REPORT )/.test(sample) || /"type"\s*:\s*"platform\.\w+"/.test(sample),
  async read(chunks, receive) {
    let event: { text: string; line: number; lines: number; atMs: number | null } | null = null;
    const endEvent = () => {
      if (event !== null) receive(event.line, parseMessage(event.text, event.atMs));
      event = null;
    };
    await eachLine(
      chunks,
      (line, number) => {
        if (event !== null) {
          event = { ...event, text: `${event.text}\n${line}`, lines: event.lines + 1 };
          if (line.startsWith("}") || event.lines > MAX_EVENT_LINES) endEvent();
          return;
        }
        const [prefix = "", time] = TIME.exec(line) ?? [];
        const message = line.slice(prefix.length).replace(STREAM, "");
        const atMs = timeOf(time);
        if (message.trim() === "{") event = { text: message, line: number, lines: 1, atMs };
        else receive(number, parseMessage(message, atMs));
      },
      (number) => receive(number, broken(`longer than ${MAX_LINE_CHARACTERS} characters`)),
    );
    endEvent();
  },
};
