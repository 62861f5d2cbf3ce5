/** An OTLP receiver for the tests of one file: empty and accepting before each test, closed after the last. */
import { afterAll, beforeEach } from "vitest";
import { OtlpReceiver } from "../../../worker/telemetry/otlp-receiver.ts";

/** To be awaited once at the top of a file. */
export async function listeningReceiver() {
  const receiver = new OtlpReceiver();
  const endpoint = await receiver.listen();
  afterAll(() => receiver.close());
  beforeEach(() => {
    receiver.manner = "accept";
    receiver.mannerFor = {};
    receiver.forget();
  });
  const named = (name: string) => receiver.spans.find((span) => span.name === name);
  return { receiver, endpoint, named };
}
