/** The function's entry: `handler.handler`, behind a Function URL (payload format 2.0). */
import { handle } from "hono/aws-lambda";
import { createApp } from "./app.ts";
import { type LoadedModel, loadModel } from "./model.ts";
import { Exporter, exportSettings } from "./telemetry/exporter.ts";
import { InitClock } from "./telemetry/init-clock.ts";
import { withTelemetry } from "./telemetry/with-telemetry.ts";

const settings = exportSettings(process.env);
const exporter = new Exporter(settings);
const clock = new InitClock();

// Awaited at the top level: Lambda's INIT phase ends when this module is evaluated. So the load gets the CPU burst of INIT, and an
// instance with provisioned concurrency has its model. It never rejects: Lambda would only run a failed INIT again.
// A function whose telemetry settings cannot be obeyed answers 503: its failures would be seen by no one.
const misconfigured = settings.otlp.problems.map(({ name, message }) => `${name} ${message}`).join("; ");
const loaded: LoadedModel =
  misconfigured !== ""
    ? { ok: false, reason: misconfigured }
    : await loadModel(
        {
          folder: process.env["SPILLWAY_MODEL_DIR"],
          publicKeyPem: process.env["MODEL_PUBLIC_KEY"],
          signatureFile: process.env["SPILLWAY_MODEL_SIGNATURE"],
        },
        clock.timed,
      );
// With a log backend, the first invocation exports a log record instead.
if (!loaded.ok && !exporter.hasLogBackend) {
  console.error(JSON.stringify({ level: "error", error_type: "model-unavailable", reason: loaded.reason }));
}

const app = handle(createApp(loaded));
const init = clock.finish(loaded.ok ? { model: loaded.model.id } : { problem: loaded.reason });
export const handler = withTelemetry(app, { exporter, init });
