/** Pure. What `npm start` prints: its usage, and the first commands for a system that is ready. */
import { otlpSettings } from "../../formats/otlp/settings.ts";
import type { LocalSettings } from "../process/local-settings.ts";

/** Classified at the edge. */
export const SHORT_TEXT = "WIN a free prize now, click here";
/** Repeated until only the origin can classify it. */
const SENTENCE = "Hi Anna, the notes of the meeting are attached, see you at lunch on Thursday. ";
const REPETITIONS = 60;
/** Too long for the edge. */
export const LONG_TEXT = SENTENCE.repeat(REPETITIONS);

/** For `npm start -- --help`. */
export const USAGE = `Usage: npm start

Runs Spillway on this machine: the gateway in workerd with local KV and R2, the Lambda origin, and a trace viewer.
Ctrl-C stops all of them. It has no options; environment variables configure it:

  SPILLWAY_PORT=8787                 port of the gateway
  SPILLWAY_ORIGIN_PORT=8790          port of the local origin
  SPILLWAY_OTLP_PORT=4318            port of the trace viewer
  SPILLWAY_MODEL_DIR=<folder>        model package; default: models/mail-tagger
  SPILLWAY_ORIGIN_URL=<url>          use another origin instead of the local one
  OTEL_EXPORTER_OTLP_ENDPOINT=<url>  use another trace backend instead of the viewer
  ANONYMOUS_ACCESS=refused           require API keys

All variables: docs/reference/configuration.md. To delete the local state: npm run reset`;

/**
 * @param hasEdge whether the package has an edge model
 * @returns the commands for a first request at each side, and where traces and logs are
 */
export function greeting(
  { gatewayPort, viewerPort, otlp, stateFolder, access }: LocalSettings,
  hasEdge: boolean = true,
): string {
  const url = `http://127.0.0.1:${gatewayPort}/v1/classify`;
  const needsKey = access.ANONYMOUS_ACCESS !== "allowed";
  const headers = `-H 'content-type: application/json'${needsKey ? ' -H "authorization: Bearer $KEY"' : ""}`;
  const key = `
  Callers need an API key:
    KEY=$(npx spillway keys create --name me --local)
`;
  return `${needsKey ? key : ""}
  A short text, answered ${hasEdge ? "at the edge" : "by the origin: the package has no edge model"}:
    curl -i ${url} ${headers} -d '{"inputs": "${SHORT_TEXT}"}'

  A long text, answered by the origin:
    node -p 'JSON.stringify({inputs: "${SENTENCE}".repeat(${REPETITIONS})})' | curl -i ${url} ${headers} -d @-

  Traces: ${viewerPort === null ? (otlp["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? otlpSettings(otlp).targets.traces?.url ?? "not exported") : `http://127.0.0.1:${viewerPort}/`}
  Logs:   ${stateFolder}/logs/
`;
}
