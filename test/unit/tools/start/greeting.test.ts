import { describe, expect, it } from "vitest";
import { readSettings } from "../../../../tools/process/local-settings.ts";
import { greeting, LONG_TEXT, SHORT_TEXT } from "../../../../tools/start/greeting.ts";

describe("the greeting of npm start", () => {
  it("has a command for a short and a long text at the gateway's port, and the addresses of traces and logs", () => {
    const text = greeting(readSettings({ SPILLWAY_PORT: "9000", SPILLWAY_OTLP_PORT: "9001" }));
    expect(text).toContain(`curl -i http://127.0.0.1:9000/v1/classify -H 'content-type: application/json' -d`);
    expect(text).toContain(SHORT_TEXT);
    expect(text).toContain(LONG_TEXT.slice(0, 60));
    expect(text).toContain("Traces: http://127.0.0.1:9001/");
    expect(text).toContain("Logs:   .spillway/logs/");
  });

  it("names the side that answers, if the package has no edge model", () => {
    expect(greeting(readSettings({}), false)).toContain(
      "A short text, answered by the origin: the package has no edge model:",
    );
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
});
