import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { readSettings } from "../../../../tools/process/local-settings.ts";
import {
  greeting,
  LONG_TEXT,
  SHORT_TEXT,
  USAGE,
  whileOriginIsDown,
  withoutEffect,
} from "../../../../tools/start/greeting.ts";

/** A command as a shell reads it. */
const asTyped = (text: string) => text.replaceAll("\\\n", " ").replaceAll(/\s+/g, " ");

describe("the greeting of npm start", () => {
  it("has a command for a short and a long text at the gateway's port, and the addresses of traces and logs", () => {
    const text = greeting(readSettings({ SPILLWAY_PORT: "9000", SPILLWAY_OTLP_PORT: "9001" }));
    const [short = "", long = ""] = text.split("A long text").map(asTyped);
    const curl = "curl -i http://127.0.0.1:9000/v1/classify -H 'content-type: application/json' -d";
    expect(short).toContain(`${curl} '{"inputs": "${SHORT_TEXT}"}'`);
    expect(long).toContain(`| ${curl} @-`);
    const [, script = ""] = /node -p '([^']+)'/.exec(text) ?? [];
    expect(JSON.parse(runInNewContext(script))).toEqual({ inputs: LONG_TEXT });
    expect(text).toContain("Traces: http://127.0.0.1:9001/");
    expect(text).toContain("Logs:   .spillway/logs/");
  });

  it("has the console's address, and states whether it asks for a token", () => {
    expect(greeting(readSettings({ SPILLWAY_CONTROL_PORT: "9002" }))).toMatch(
      /Console: http:\/\/127\.0\.0\.1:9002\/\n +open on/,
    );
    const OPERATOR_TOKEN = "an-operators-token-of-this-machine";
    const text = greeting(readSettings({ OPERATOR_TOKEN }));
    expect(text).toContain("sign in with the value of OPERATOR_TOKEN");
    expect(text).not.toContain(OPERATOR_TOKEN);
    expect(greeting(readSettings({ ANONYMOUS_ACCESS: "refused" }))).toContain(
      "closed; set OPERATOR_TOKEN=… to sign in",
    );
  });

  it("names the side that answers, if the package has no edge model", () => {
    expect(greeting(readSettings({}), false)).toContain("A short text, answered by the origin (no edge model):");
  });

  it("creates an API key first, and sends it, if callers need one", () => {
    expect(greeting(readSettings({}))).not.toMatch(/keys create|authorization/);
    const text = greeting(readSettings({ ANONYMOUS_ACCESS: "refused" }));
    expect(text).toContain("KEY=$(npx spillway keys create --name me --local)");
    expect(text.match(/authorization: Bearer \$KEY/g)).toHaveLength(2);
  });

  it("names the other trace backend if there is one", () => {
    expect(greeting(readSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example" }))).toContain(
      "Traces: https://otlp.example\n",
    );
  });

  it.each([{ OTEL_SDK_DISABLED: "TRUE" }, { OTEL_TRACES_EXPORTER: "none" }])(
    "names no trace backend with %j, whatever the endpoint",
    (variables) => {
      const text = greeting(readSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example", ...variables }));
      expect(text).toContain("Traces: not exported\n");
    },
  );
});

describe("variables of OpenTelemetry that a shell exports for other programs", () => {
  const noticesOf = (env: NodeJS.ProcessEnv) => withoutEffect(env, readSettings(env));
  const UNREAD = { OTEL_SERVICE_NAME: "mine", OTEL_RESOURCE_ATTRIBUTES: "team=a", OTEL_PROPAGATORS: " ", PATH: "/bin" };
  const BACKEND = { OTEL_EXPORTER_OTLP_HEADERS: "api-key=secret", OTEL_TRACES_EXPORTER: "none" };

  it("are named where they have no effect, and refuse no start", () => {
    expect(noticesOf(UNREAD)).toEqual([
      "no effect: Spillway does not read OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME",
    ]);
    expect(noticesOf({ ...BACKEND, OTEL_SDK_DISABLED: "false" })).toEqual([
      "no effect: the trace viewer is used without OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_EXPORTER, as OTEL_EXPORTER_OTLP_ENDPOINT is not set",
    ]);
  });

  it("are not named where they are obeyed, or not set", () => {
    expect(noticesOf({ ...BACKEND, OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example" })).toEqual([]);
    expect(noticesOf({ OTEL_SDK_DISABLED: "true" })).toEqual([]);
    expect(noticesOf({ PATH: "/bin", OTEL_SERVICE_NAME: "" })).toEqual([]);
  });
});

it("nothing that npm start prints for people is wider than 60 columns", () => {
  const env = { SPILLWAY_PORT: "65535", SPILLWAY_OTLP_PORT: "65534", ANONYMOUS_ACCESS: "refused" };
  const lines = [USAGE, greeting(readSettings(env)), greeting(readSettings(env), false)].flatMap((text) =>
    text.split("\n"),
  );
  expect(lines.filter((line) => line.length > 60)).toEqual([]);
});

describe("while the origin is down", () => {
  const down = (state: string | null) => whileOriginIsDown(async () => state).whileDown();

  it("the user reads that the edge answers, with both reasons of the fail-over and when the second begins", async () => {
    expect((await down("ready")).join("\n")).toMatch(
      /^The edge answers the texts that fit it; .*503.*\nx-spillway-because is origin-failed, and origin-unavailable once 5 failures/,
    );
  });

  it("the user reads that texts get 503, if the edge has no model", async () => {
    expect(await down("rejected")).toEqual(["The edge is rejected: texts get 503 until the origin is back."]);
    expect(await down(null)).toEqual(["The gateway does not answer yet."]);
  });
});
