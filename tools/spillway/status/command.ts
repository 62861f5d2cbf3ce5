/** `spillway status`: what the console shows, in a terminal, and where the two clouds and the policy differ. */
import { type Command, InvalidArgumentError } from "commander";
import { attentionOf, sentencesOf } from "../../../control-plane/console/sentence.ts";
import { runningSystem } from "../../process/running-system.ts";
import { addControlPlaneOptions, type ControlPlaneOptions, controlPlaneOf } from "../control-plane/url.ts";
import { paintFor } from "../terminal/colors.ts";
import { columnsOf } from "../terminal/wrap.ts";
import { driftOf } from "./drift.ts";
import { gather } from "./gather.ts";
import { statusLines } from "./lines.ts";

interface Options extends ControlPlaneOptions {
  gateway?: URL;
  json?: true;
}

/** Adds `spillway status`. */
export function registerStatus(program: Command): void {
  const status = program
    .command("status")
    .description(
      "Show what serves, what it costs, and where edge, origins and policy differ, with the command that fixes it.",
    )
    .option(
      "--gateway <url>",
      "the gateway, whose /readyz is read with OPERATOR_TOKEN (default: that of npm start)",
      urlIn,
    )
    .option("--json", "print JSON");
  addControlPlaneOptions(status).action(printStatus);
}

function urlIn(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new InvalidArgumentError("It must be a URL, as in https://classify.example.com.");
}

async function printStatus({ json, gateway, ...options }: Options): Promise<void> {
  const { remote, env, url } = options;
  const isLocal = remote === undefined && url === undefined;
  const own = isLocal ? (await runningSystem(process.env)).gateway : null;
  const controlPlane = await controlPlaneOf(options, process.env);
  const gathered = await gather(controlPlane, { remote, env, gateway: gateway ?? own }, Date.now());
  const drift = driftOf(gathered.deployed);
  if (json) {
    const { facts, deployed, notes } = gathered;
    const { texts, arms, coverage, costUsd } = facts.report;
    const { policy, rollout, isolates } = facts;
    const day = { texts, coverage, arms, costUsd };
    const summary = { sentences: sentencesOf(facts), attention: attentionOf(facts).map(({ text }) => text) };
    console.log(JSON.stringify({ ...summary, day, policy, rollout, isolates, deployed, drift, notes }, null, 2));
    return;
  }
  const terminal = { paint: paintFor(process.stdout, process.env), columns: columnsOf(process.stdout) };
  for (const line of statusLines(gathered, drift, terminal)) console.log(line);
}
