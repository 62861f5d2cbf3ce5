/** What an operator learns of a backend that does not accept exports: in the counts that /readyz shows, and in the Worker's log. */
import { describe, expect, it } from "vitest";
import { tracesRequest } from "../../../../formats/otlp/messages.ts";
import { otlpSettings } from "../../../../formats/otlp/settings.ts";
import { Exporter } from "../../../../gateway/telemetry/exporter.ts";

const otlp = otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example/otlp?token=secret" });

function exporterFor(answers: (number | Error)[]) {
  const log: string[] = [];
  const exporter = new Exporter({
    clock: { nowMs: () => 0, wait: async () => {} },
    fetch: async () => {
      const answer = answers.shift() ?? 200;
      if (typeof answer !== "number") throw answer;
      return new Response(null, { status: answer });
    },
    log: (line) => log.push(line),
  });
  return { log, exporter, send: () => exporter.send("traces", tracesRequest([], []), 1, otlp) };
}

describe("a backend that does not accept an export", () => {
  it.each([
    [415, "Set OTEL_EXPORTER_OTLP_PROTOCOL to the encoding that the backend accepts: http/json or http/protobuf."],
    [401, "Check OTEL_EXPORTER_OTLP_HEADERS."],
    [403, "Check OTEL_EXPORTER_OTLP_HEADERS."],
    [404, "Check that OTEL_EXPORTER_OTLP_ENDPOINT is the backend's OTLP/HTTP base URL."],
    [405, "Check that OTEL_EXPORTER_OTLP_ENDPOINT is the backend's OTLP/HTTP base URL."],
    [302, "Check that OTEL_EXPORTER_OTLP_ENDPOINT is the backend's OTLP/HTTP base URL."],
    [500, "See docs/guide/telemetry-backends.md."],
  ])("with %i is named with the next step, once, and without the URL's query", async (status, next) => {
    const { log, exporter, send } = exporterFor([status, status, status]);
    for (let sent = 0; sent < 3; sent++) expect(await send()).toBe(false);
    expect(exporter.counts()).toMatchObject({ failures: { traces: `http-${status}` }, dropped: { traces: 3 } });
    expect(log).toEqual([`OTLP: traces are lost: https://otlp.example/otlp/v1/traces answered ${status}. ${next}`]);
  });

  it("because it cannot be reached is named too", async () => {
    const { log, exporter, send } = exporterFor([new TypeError("connection refused")]);
    await send();
    expect(exporter.counts().failures).toEqual({ traces: "network" });
    expect(log).toEqual([
      "OTLP: traces are lost: https://otlp.example/otlp/v1/traces could not be reached. Check OTEL_EXPORTER_OTLP_ENDPOINT.",
    ]);
  });

  it("has no failure any more once it accepts one", async () => {
    const { log, exporter, send } = exporterFor([401, 503, 200, 200]);
    for (let sent = 0; sent < 4; sent++) await send();
    expect(exporter.counts()).toMatchObject({ failures: {}, exported: { traces: 2 }, dropped: { traces: 2 } });
    expect(log.map((line) => line.replace(/https.*(answered \d+).*/, "$1"))).toEqual([
      "OTLP: traces are lost: answered 401",
      "OTLP: traces are lost: answered 503",
      "OTLP: traces are accepted again.",
    ]);
  });
});
