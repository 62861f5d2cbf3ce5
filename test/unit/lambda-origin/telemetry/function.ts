/** The Lambda function in the test's process: the real app and telemetry, a Function URL's events, and a fake model. */
import { handle } from "hono/aws-lambda";
import { type OriginAnswer, originAnswerSchema } from "../../../../formats/origin-wire.ts";
import { otlpSettings } from "../../../../formats/otlp/settings.ts";
import type { Encoding } from "../../../../formats/tokenizer/tokenizer.ts";
import { createApp } from "../../../../lambda-origin/app.ts";
import type { Infer } from "../../../../lambda-origin/infer.ts";
import type { LoadedModel } from "../../../../lambda-origin/model.ts";
import { Exporter, type ExportSettings } from "../../../../lambda-origin/telemetry/exporter.ts";
import { type Init, InitClock } from "../../../../lambda-origin/telemetry/init-clock.ts";
import { withTelemetry } from "../../../../lambda-origin/telemetry/with-telemetry.ts";

export const CANARY = "canary-7d0f5c";
export const TRACE = "0af7651916cd43dd8448eb211c80319c";
export const PARENT = "b7ad6b7169203331";
export const SAMPLED = { traceparent: `00-${TRACE}-${PARENT}-01` };
export const UNSAMPLED = { traceparent: `00-${TRACE}-${PARENT}-00` };

type Answer = { statusCode: number; body: string };

/** A model whose tokenizer makes one token of each word. */
export function modelThat(infer: Infer = (windows) => Promise.resolve(windows.map(() => [1, 2]))): LoadedModel {
  return {
    ok: true,
    model: {
      id: `tiny@${"a".repeat(64)}`,
      labels: ["ham", "spam"],
      problemType: "single_label_classification",
      tokenizer: {
        encode: () => {
          throw new Error("this model's texts are single");
        },
        encodeContent: encodeWords,
        frame: { before: [2], after: [3] },
        framedTypeIds: (contentTokens) => new Array<number>(contentTokens + 2).fill(0),
        specialTokensOf: () => 2,
        acceptsPairs: false,
      },
      windowTokens: 512,
      fullWindow: null,
      infer,
    },
  };
}

/** One token for each word. */
function encodeWords(text: string, maxTokens: number): Encoding {
  const ids = text.split(" ").map(() => 7);
  const isTooMany = ids.length > maxTokens;
  return {
    next: () => (isTooMany ? { kind: "too-many", atLeast: ids.length } : { kind: "tokens", ids, typeIds: ids }),
  };
}

/** Its error quotes the text, as a tokenizer's or a runtime's may. */
export const failing = () => modelThat(() => Promise.reject(new RangeError(`bad ${CANARY}`)));

type Parts = {
  endpoint: string | undefined;
  loaded?: LoadedModel;
  init?: Init;
  settings?: Partial<ExportSettings>;
  protocol?: string;
};

export function functionWith({ endpoint, loaded = modelThat(), init, settings, protocol }: Parts) {
  const otlp = otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
  const exporter = new Exporter({ otlp, flushMs: 5_000, pauseMs: 30_000, ...settings });
  const app = handle(createApp(loaded)) as (event: unknown, context: unknown) => Promise<Answer>;
  return { exporter, handler: withTelemetry(app, { exporter, init: init ?? new InitClock().finish() }) };
}

/** An event whose text repeats the canary `words` times. */
export function event(headers: Record<string, string> = {}, { words = 1, maxTokens = 5_000, path = "/" } = {}) {
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: `q=${CANARY}`,
    headers: { host: "origin.example", "content-type": "application/json", "user-agent": CANARY, ...headers },
    requestContext: {
      http: { method: "POST", path, sourceIp: "192.0.2.1" },
      requestId: "r",
      domainName: "origin.example",
    },
    body: JSON.stringify({ text: Array.from({ length: words }, () => CANARY).join(" "), maxTokens }),
    isBase64Encoded: false,
  };
}

export const INVOCATION_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

export function context(remainingMs = 30_000) {
  return {
    awsRequestId: INVOCATION_ID,
    invokedFunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:spillway-origin-eu",
    getRemainingTimeInMillis: () => remainingMs,
  };
}

/** The answer's body. @throws where it does not follow the wire format */
export function answerOf({ body }: Answer): OriginAnswer {
  return originAnswerSchema.parse(JSON.parse(body));
}
