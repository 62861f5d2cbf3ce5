/** A candidate of the policy in one isolate, whose number is 5,000 of 10,000: when it runs, and what becomes of one that cannot. */
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { objectKey } from "../../../formats/model-package/names.ts";
import type { ModelBucket } from "../../../gateway/edge/bucket.ts";
import { type EdgeEngine, EdgeRunError } from "../../../gateway/edge/engine.ts";
import type { IsolateEvent } from "../../../gateway/record/events.ts";
import type { Edge } from "../../../gateway/sides.ts";
import { policySchema } from "../../../policies/schema.ts";
import { SHORT } from "../../support/texts.ts";
import { aLifetime, eitherEngine, handClock } from "../support/gateway.ts";
import { anEdge, attempt, realClock, run, tokens, warmed } from "../support/isolate.ts";
import { mailTaggerManifest, publish, tamper } from "../support/packages.ts";

let incumbent: string;
let candidate: string;
beforeAll(async () => {
  incumbent = await publish();
});
beforeEach(async () => {
  candidate = await newer();
});

/** A package of the mail tagger's weights with a higher version. */
const newer = (bend: Parameters<typeof publish>[0] = () => {}) =>
  publish((manifest) => {
    manifest.version = 99;
    bend(manifest);
  });

const trying = (model: string, share: number, more: object = {}) =>
  policySchema.parse({ version: 1, candidate: { model, share }, ...more });

/** A real engine, and how many of its models exist at the same time. */
function countingEngine() {
  const seen = { open: 0, mostOpen: 0, loads: 0 };
  const real = eitherEngine(realClock);
  const engine: EdgeEngine = {
    ...real,
    load: async (opened, stream) => {
      seen.loads += 1;
      const model = await real.load(opened, stream);
      seen.open += 1;
      seen.mostOpen = Math.max(seen.mostOpen, seen.open);
      const release = () => {
        seen.open -= 1;
        model.release();
      };
      return { ...model, release };
    },
  };
  return { seen, engine };
}

/** The real bucket, and the keys that were listed or read. */
function countingBucket() {
  const asked: string[] = [];
  const bucket: ModelBucket = {
    get: (key) => {
      asked.push(key);
      return env.MODELS.get(key);
    },
    list: (options) => {
      asked.push(options.prefix);
      return env.MODELS.list(options);
    },
  };
  const of = (modelId: string) => asked.filter((key) => key.startsWith(objectKey(modelId, ""))).length;
  return { asked, bucket, of };
}

const answeredBy = async (edge: Edge) => {
  const result = await run(edge, (await edge.tokenize(SHORT, aLifetime())) ?? tokens(edge, []));
  return result.ok ? result.answer.model : result.failure.reason;
};

describe("an isolate", () => {
  it("runs the candidate if its number is below the share, keeps it in a larger share, and returns at 0; it never holds two models", async () => {
    const { seen, engine } = countingEngine();
    const edge = await warmed(anEdge(incumbent, { engine }));
    edge.obey(trying(candidate, 50));
    expect(edge.conditions().model).toBe("ready");
    expect(edge.status().candidate).toEqual({ model: candidate, state: "not-selected", reason: null });
    edge.obey(trying(candidate, 50.01));
    await warmed(edge);
    expect(await answeredBy(edge)).toBe(candidate);
    expect(edge.status()).toMatchObject({ model: candidate, candidate: { state: "selected", reason: null } });
    for (const share of [75, 100]) {
      edge.obey(trying(candidate, share));
      expect(edge.conditions().model).toBe("ready");
    }
    edge.obey(trying(candidate, 0));
    await warmed(edge);
    expect(await answeredBy(edge)).toBe(incumbent);
    expect(seen).toEqual({ open: 1, mostOpen: 1, loads: 3 });
  });

  it("reads no weights of the policy's model if it starts with the candidate, and keeps the model when the candidate becomes `model`", async () => {
    const { seen, engine } = countingEngine();
    const { asked, bucket } = countingBucket();
    const edge = anEdge(incumbent, { engine, bucket });
    edge.obey(trying(candidate, 100));
    await warmed(edge);
    expect(await answeredBy(edge)).toBe(candidate);
    expect(asked).not.toContain(objectKey(incumbent, (await mailTaggerManifest()).edge.file));
    edge.obey(policySchema.parse({ version: 2, model: candidate }));
    expect(edge.conditions().model).toBe("ready");
    expect(edge.status().candidate).toBeNull();
    expect(seen.loads).toBe(1);
  });
});

describe("a candidate that the isolate rejects", () => {
  const real = eitherEngine(realClock);
  const full: EdgeEngine = {
    ...real,
    load: (opened, stream) =>
      opened.manifest.version === 99
        ? Promise.reject(new EdgeRunError("out-of-memory", "heap is full"))
        : real.load(opened, stream),
  };
  const without = (file: string) => async () => env.MODELS.delete(objectKey(candidate, file));
  const cases: [string, () => Promise<unknown>, RegExp, EdgeEngine?][] = [
    ["a bad signature", () => tamper(candidate, "model.sig", 200), /^signature: /],
    ["flipped weights", async () => tamper(candidate, (await mailTaggerManifest()).edge.file, 9), /^sha256 of /],
    ["a missing object", without("tokenizer.json"), /^tokenizer.json is missing$/],
    ["no package at all", async () => (candidate = `mail-tagger@${"0".repeat(64)}`), /^model.sig is missing$/],
    [
      "other golden logits",
      async () => {
        candidate = await newer(({ edge }) => edge.golden[0]?.logits.fill(9));
      },
      /^golden-logits$/,
    ],
    [
      "other labels",
      async () => {
        candidate = await newer((manifest) => Object.assign(manifest, { labels: ["no", "yes"] }));
      },
      /^labels-differ from mail-tagger@[0-9a-f]{12}$/,
    ],
    ["more memory than there is", async () => {}, /^heap is full$/, full],
  ];

  it.each(cases)(
    "because of %s gives way to the policy's model, is reported once and not tried again",
    async (_, bend, reason, engine) => {
      await bend();
      const events: IsolateEvent[] = [];
      const { bucket, of } = countingBucket();
      const clock = handClock();
      const report = (event: IsolateEvent) => events.push(event);
      const edge = await warmed(anEdge(incumbent, { bucket, clock, report, ...(engine && { engine }) }));
      edge.obey(trying(candidate, 100));
      await warmed(edge);
      expect(edge.status()).toMatchObject({
        state: "ready",
        reason: null,
        model: incumbent,
        candidate: { model: candidate, state: "rejected", reason: expect.stringMatching(reason) },
      });
      expect(await answeredBy(edge)).toBe(incumbent);
      const asked = of(candidate);
      for (const version of [2, 3]) {
        clock.moveMs(600_000);
        edge.obey(trying(candidate, 100, { version }));
        await warmed(edge);
      }
      expect([edge.conditions().model, of(candidate)]).toEqual(["ready", asked]);
      const rejections = events.filter(({ kind }) => kind === "candidate-rejected");
      expect(rejections).toEqual([
        { kind: "candidate-rejected", model: candidate, reason: expect.stringMatching(reason), policyVersion: 1 },
      ]);
    },
  );

  it("because of minVersion is tried again when minVersion allows it", async () => {
    const edge = await warmed(anEdge(await newer()));
    const older = incumbent;
    edge.obey(trying(older, 100, { minVersion: 99 }));
    await warmed(edge);
    expect(edge.status()).toMatchObject({ state: "ready", candidate: { state: "rejected" } });
    edge.obey(trying(older, 100, { version: 2 }));
    await warmed(edge);
    expect(await answeredBy(edge)).toBe(older);
  });

  it("is tried again after it was withdrawn, as a repaired package is", async () => {
    const edge = await warmed(anEdge(incumbent));
    await tamper(candidate, "model.sig", 200);
    edge.obey(trying(candidate, 100));
    await warmed(edge);
    expect(edge.status().candidate?.state).toBe("rejected");
    await newer();
    edge.obey(policySchema.parse({ version: 2 }));
    edge.obey(trying(candidate, 100, { version: 3 }));
    await warmed(edge);
    expect(await answeredBy(edge)).toBe(candidate);
  });

  it("fails no text that only the edge may answer: it waits, and the policy's model answers it", async () => {
    await tamper(candidate, (await mailTaggerManifest()).edge.file, 9);
    const edge = anEdge(incumbent);
    edge.obey(trying(candidate, 100));
    expect(await attempt(edge, SHORT)).toMatchObject({ ok: true, answer: { model: incumbent } });
  });
});

it("a candidate that cannot be read is no rejection: the policy's model runs, and the next version of the policy tries again", async () => {
  let isDown = true;
  const bucket: ModelBucket = {
    get: (key) => env.MODELS.get(key),
    list: (options) =>
      isDown && options.prefix === objectKey(candidate, "")
        ? Promise.reject(new Error("10001: internal error"))
        : env.MODELS.list(options),
  };
  const events: string[] = [];
  const edge = await warmed(anEdge(incumbent, { bucket, report: ({ kind }) => events.push(kind) }));
  edge.obey(trying(candidate, 100));
  await warmed(edge);
  expect(edge.status()).toMatchObject({ state: "ready", model: incumbent, candidate: { state: "unavailable" } });
  isDown = false;
  edge.obey(trying(candidate, 100));
  await warmed(edge);
  expect(await answeredBy(edge)).toBe(incumbent);
  edge.obey(trying(candidate, 100, { version: 2 }));
  await warmed(edge);
  expect(await answeredBy(edge)).toBe(candidate);
  expect(events).not.toContain("candidate-rejected");
});
