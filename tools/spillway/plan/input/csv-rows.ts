/** Rows of a CSV file that arrives in pieces, by csv-parse: values may be quoted and may have line ends. */
import { Readable } from "node:stream";
import { parse } from "csv-parse";
import type { Chunks } from "./call.ts";
import { MAX_LINE_CHARACTERS } from "./lines.ts";

/** The names of the first row, with the place of each. */
export type Header = ReadonlyMap<string, number>;

export interface Row {
  /** The first line of the row, from 1. */
  line: number;
  values: readonly string[];
}

/**
 * Calls `onRow` with each row behind the header.
 * @param onBroken receives the line and why a row cannot be read; the message never quotes the row
 */
export async function eachRow(
  chunks: Chunks,
  onRow: (row: Row, header: Header) => void,
  onBroken: (line: number, why: string) => void,
): Promise<void> {
  let header: Header | null = null;
  let nextLine = 1;
  // The parser counts a CRLF inside quotes as two lines.
  let countedTwice = 0;
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: MAX_LINE_CHARACTERS,
    on_skip: (error) => {
      onBroken(nextLine, error === undefined ? "it cannot be read" : (REASONS[error.code] ?? error.code));
      return undefined;
    },
  });
  const source = Readable.from(chunks);
  // An error of the file is an error of the rows.
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  for await (const { record, info } of parser) {
    const values: string[] = record;
    if (header === null) header = headerOf(values);
    else onRow({ line: nextLine, values }, header);
    for (const value of values) countedTwice += value.split("\r\n").length - 1;
    nextLine = info.lines + 1 - countedTwice;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is not closed",
  CSV_INVALID_CLOSING_QUOTE: "text behind a closing quote",
  INVALID_OPENING_QUOTE: "a quote inside a value that is not quoted",
  CSV_MAX_RECORD_SIZE: `longer than ${MAX_LINE_CHARACTERS} characters`,
};

/** Lower case, without the spaces around. */
function headerOf(values: readonly string[]): Header {
  return new Map(values.map((name, place) => [name.trim().toLowerCase(), place]));
}

/** The columns of a sample's first line. @returns names as they are looked for; null if there is no comma and no second line */
export function sampleHeader(sample: string): readonly string[] {
  const [first = ""] = sample.replace(/^\ufeff/, "").split(/\r?\n/, 1);
  return first.split(",").map((name) =>
    name
      .trim()
      .replace(/^"(.*)"$/, "$1")
      .trim()
      .toLowerCase(),
  );
}
