/** The command line of `npm run traffic`: options, the check of the address, the live line, the summary. */
import { type Command, InvalidArgumentError } from "commander";
import { runningSystem } from "../process/running-system.ts";
import { Interrupted, STOP_SIGNALS } from "../process/signals.ts";
import { plainCommand } from "../spillway/terminal/plain-command.ts";
import { columnsOf } from "../spillway/terminal/wrap.ts";
import { renderTable } from "../table.ts";
import { schedule } from "./schedule.ts";
import { type Answer, send } from "./send.ts";
import { liveLine, type Summary, summarize, summaryTable } from "./summary.ts";

const MAX_RATE = 100;
const MAX_DURATION_SECONDS = 4 * 3600;
const MAX_CALLERS = 10_000;
const MAX_SEED = 2 ** 31 - 1;
const LIVE_LINE_EVERY_MS = 1000;
/** In a file, where no line replaces the one before it. */
const LOGGED_LINE_EVERY_MS = 10_000;

interface Options {
  rate: number;
  long: number;
  duration: number;
  callers: number;
  seed: number;
  url?: string;
  allowRemote?: true;
  key?: string;
  json?: true;
}

/** The command; its action sets the exit code: 1 if nothing was answered, 130 if Ctrl-C ended it. */
export function trafficProgram(): Command {
  return plainCommand("npm run traffic --", "Run npm run traffic -- --help to see the options.")
    .usage("[options]")
    .description(
      "Send a realistic mix of requests to the system of npm start, for trying a policy, a migration or a dashboard.\nThe same seed sends the same requests. Ctrl-C ends it early, with the summary.",
    )
    .option("--rate <number>", "requests per second, on average", within(0.1, MAX_RATE), 5)
    .option("--long <percent>", "share of texts that are too long for the edge", within(0, 100), 10)
    .option("--duration <seconds>", "how long to send", within(1, MAX_DURATION_SECONDS), 60)
    .option("--callers <number>", "callers, as the header x-caller names them", wholeWithin(1, MAX_CALLERS), 40)
    .option("--seed <number>", "another seed sends other requests", wholeWithin(0, MAX_SEED), 1)
    .option("--url <url>", "the gateway (default: that of npm start)")
    .option("--allow-remote", "send to another machine than this one; each request is billed there")
    .option("--key <key>", "an API key, where the gateway requires one")
    .option("--json", "print one JSON object instead of the table")
    .action(run);
}

async function run(options: Options): Promise<void> {
  const target = targetOf({ ...options, url: options.url ?? (await runningSystem(process.env)).gateway.origin });
  const ended = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => ended.abort(new Interrupted("Stopped.", signal));
  for (const signal of STOP_SIGNALS) process.once(signal, onSignal);
  await mustAnswer(target.url, ended.signal);
  const answers: Answer[] = [];
  const requests = schedule({ ...options, longPercent: options.long, durationMs: options.duration * 1000 });
  const startedAtMs = performance.now();
  const show = () => printLive(liveLine(answers, performance.now() - startedAtMs, options.duration * 1000));
  const timer = setInterval(show, process.stderr.isTTY ? LIVE_LINE_EVERY_MS : LOGGED_LINE_EVERY_MS);
  const { notSent } = await send(requests, target, {
    signal: ended.signal,
    answered: (answer) => answers.push(answer),
  });
  clearInterval(timer);
  show();
  if (process.stderr.isTTY) process.stderr.write("\n");
  printSummary(summarize(answers, notSent), options.json === true);
  const { reason } = ended.signal;
  if (reason instanceof Interrupted) process.exitCode = reason.exitCode;
  else if (answers.every(({ status }) => status === 0)) process.exitCode = 1;
}

/** @throws Error with one sentence for an address that is not this machine's, unless `--allow-remote` is given */
export function targetOf({ url, allowRemote, key }: Pick<Options, "allowRemote" | "key"> & { url: string }): {
  url: string;
  headers: Record<string, string>;
} {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new Error(`--url is "${url}"; it must be a URL, as in http://127.0.0.1:8787.`);
  }
  const isLoopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(parsed.hostname);
  if (!isLoopback && !allowRemote) {
    throw new Error(`${parsed.hostname} is not this machine. Pass --allow-remote if its owner wants this traffic.`);
  }
  return { url: parsed.origin, headers: key === undefined ? {} : { authorization: `Bearer ${key}` } };
}

/** @throws Error with one sentence, unless `ended` is aborted */
async function mustAnswer(url: string, ended: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([ended, AbortSignal.timeout(10_000)]);
  const answered = await fetch(`${url}/healthz`, { signal }).catch(() => null);
  await answered?.body?.cancel();
  if (answered === null && !ended.aborted)
    throw new Error(`No gateway answers at ${url}. Start the system with npm start, or pass --url.`);
}

function printLive(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
}

function printSummary(summary: Summary, isJson: boolean): void {
  if (isJson) console.log(JSON.stringify(summary));
  else console.log(`\n${renderTable(summaryTable(summary), columnsOf(process.stdout))}`);
}

function within(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };
}

function wholeWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
