/** The recipes of docs/guide/telemetry-backends.md, as they are written: only the host is this machine's. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startFixtureWorker } from "./fixture-worker.ts";
import { OtlpReceiver } from "./otlp-receiver.ts";

const page = readFileSync(fileURLToPath(import.meta.resolve("../../../docs/guide/telemetry-backends.md")), "utf8");

/** The variables of each recipe, by title; in a section with several blocks each has a number. */
function recipes(): [string, Record<string, string>][] {
  const sections = page.split(/^### /m).slice(1);
  return sections.flatMap((section) => {
    const title = section.split("\n", 1)[0] ?? "";
    const blocks = [...section.matchAll(/```sh\n(.*?)```/gs)].map(([, lines = ""]) => lines.trim().split("\n"));
    return blocks.map((lines, index): [string, Record<string, string>] => [
      blocks.length > 1 ? `${title} ${index + 1}` : title,
      Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)])),
    ]);
  });
}

/** What each backend requires. */
const WANTED: Record<string, { base: string; headers?: Record<string, string>; contentType?: string }> = {
  "OpenTelemetry Collector": { base: "" },
  Jaeger: { base: "" },
  "Grafana Tempo 1": { base: "" },
  "Grafana Tempo 2": { base: "/otlp", headers: { authorization: "Basic MTIzNDU2OmdsY190b2tlbg==" } },
  Honeycomb: {
    base: "",
    headers: { "x-honeycomb-team": "your-ingest-key", "x-honeycomb-dataset": "spillway-metrics" },
    contentType: "application/x-protobuf",
  },
};

describe("a recipe", () => {
  it("is written for each backend", () => {
    expect(recipes().map(([title]) => title)).toEqual(Object.keys(WANTED));
  });

  it.each(recipes())(
    "%s: sends to the backend's path, with its headers and in its protocol",
    async (title, variables) => {
      const { base, headers = {}, contentType = "application/json" } = WANTED[title] ?? { base: "" };
      const receiver = new OtlpReceiver(base);
      const local = new URL(await receiver.listen());
      const endpoint = new URL(variables["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "");
      const worker = await startFixtureWorker({
        ...variables,
        OTEL_EXPORTER_OTLP_ENDPOINT: `${local.origin}${endpoint.pathname}`,
      });
      try {
        expect((await worker.fetch("/v1/classify")).status).toBe(200);
        await receiver.until((spans) => spans.length === 1);
        expect(receiver.arrivals[0]?.headers).toMatchObject({ ...headers, "content-type": contentType });
        expect(receiver.calls).toEqual([]);
      } finally {
        await worker.close();
        await receiver.close();
      }
    },
    60_000,
  );
});
