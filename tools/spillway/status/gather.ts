/** What is deployed, from the control plane, the gateway's /readyz and wrangler.toml. */
import { z } from "zod";
import { type Facts, RANGES } from "../../../control-plane/console/facts.ts";
import type { PresentPolicy } from "../../../control-plane/policy/present-policy.ts";
import { policyFactsOf } from "../../../control-plane/report/policy-facts.ts";
import { reportOf } from "../../../control-plane/report/report.ts";
import { decodeBase64 } from "../../../formats/encodings.ts";
import type { LedgerAnswer } from "../../../formats/ledger/answer.ts";
import { decodeCells } from "../../../formats/ledger/codec.ts";
import { sha256Hex } from "../../../formats/sha256.ts";
import { type LocalSettings, localSettings } from "../../process/local-settings.ts";
import { readGatewayConfig } from "../../process/wrangler-config.ts";
import { askControlPlane, type ControlPlane } from "../control-plane/ask.ts";
import { getLedger } from "../control-plane/get-ledger.ts";
import { hasLocalKey, localSigningKey } from "../model/sign/local-key.ts";
import { listSchema, type Status } from "../rollout/answers.ts";
import { oneSentence } from "../terminal/one-sentence.ts";
import type { Deployed, SeenModel } from "./drift.ts";

const HOUR_MS = 3_600_000;
const MAX_READYZ_MS = 5000;
const FINGERPRINT_HEX_DIGITS = 16;

const policySchema = z.object({
  name: z.string(),
  version: z.number().nullable(),
  text: z.string().nullable(),
  problems: z.array(z.string()),
  /** Absent in an answer of an older control plane. */
  inForce: z.object({ name: z.string().nullable(), version: z.number(), text: z.string().nullable() }).optional(),
  author: z.string().nullable(),
  message: z.string().nullable(),
  time: z.string().nullable(),
});
const readyzSchema = z.looseObject({
  origins: z.record(z.string(), z.looseObject({ problem: z.string().nullable() })).optional(),
});

export interface Place {
  /** Of the Cloudflare account; undefined for this machine. */
  remote: true | undefined;
  env: string | undefined;
  /** Of the gateway; null where it is not known. */
  gateway: URL | null;
}

export interface Gathered {
  facts: Facts;
  deployed: Deployed;
  /** What could not be read, and what follows, in one sentence each. */
  notes: string[];
}

/** @throws Error with one sentence when the control plane does not answer */
export async function gather(controlPlane: ControlPlane, place: Place, nowMs: number): Promise<Gathered> {
  const month = Date.UTC(new Date(nowMs).getUTCFullYear(), new Date(nowMs).getUTCMonth());
  const ledger = (fromMs: number) => getLedger({ ...controlPlane, fromMs, toMs: nowMs });
  const day = RANGES[1];
  const [hour, ofDay, ofMonth, policy, rollouts] = await Promise.all([
    ledger(nowMs - HOUR_MS),
    ledger(nowMs - day.ms),
    ledger(Math.min(month, nowMs - 1)),
    askControlPlane(controlPlane, { method: "GET", path: "/v1/policy" }, policySchema),
    askControlPlane(controlPlane, { method: "GET", path: "/v1/rollouts" }, listSchema),
  ]);
  const present = presentOf(policy);
  const policies = policyFactsOf([present.inForce.text]);
  const facts: Facts = {
    nowMs,
    range: day,
    report: reportOf({ answer: ofDay, nowMs, policies }),
    month: reportOf({ answer: ofMonth, nowMs, policies }),
    isolates: ofDay.isolates,
    policy: present,
    rollout: null,
  };
  const current = rollouts.current ?? rollouts.rollouts[0] ?? null;
  const notes = [...waitsOf(current)];
  const noted = async <T>(what: string, work: Promise<T>): Promise<T | null> =>
    work.catch((error: unknown) => {
      notes.push(`${what}: ${oneSentence(error)}`);
      return null;
    });
  const config = await noted("wrangler.toml could not be read", readGatewayConfig(place.env));
  const settings = place.remote ? null : localSettings(process.env);
  const keys = settings === null ? remoteKeys(config?.publicKeyPem ?? null, notes) : await localKeys(settings);
  const readyz =
    place.gateway === null ? null : await noted("The gateway's /readyz could not be read", readyzOf(place.gateway));
  if (place.gateway === null) notes.push("The gateway's /readyz was not read: pass --gateway <url>.");
  return {
    facts: { ...facts, rollout: current === null ? null : { ...current, pending: null } },
    deployed: {
      policy: { ...policy, name: present.inForce.name ?? policy.name, text: present.inForce.text },
      isolates: hour.isolates,
      ...seenIn(hour),
      configuredModel: place.remote ? (config?.model ?? null) : null,
      originProblems: readyz,
      pinnedKeys: keys,
      where: place.remote ? ` --remote${place.env === undefined ? "" : ` --env ${place.env}`}` : "",
    },
    notes,
  };
}

function presentOf({ time, inForce, ...stored }: z.infer<typeof policySchema>): PresentPolicy {
  const { name, version, text, problems, author, message } = stored;
  const [problem] = problems;
  const rejected = problem === undefined ? null : { name, problem, isKept: true };
  const used = inForce ?? { name, version: version ?? 0, text };
  const by = rejected === null ? { author, message, timeIso: time } : { author: null, message: null, timeIso: null };
  return { ...stored, sha256: "", timeIso: time, inForce: { ...used, ...by, rejected } };
}

function waitsOf(rollout: Status | null): string[] {
  const pending = rollout?.pending ?? null;
  if (rollout === null || pending === null) return [];
  const why = pending.lastProblem === null ? "" : `: ${pending.lastProblem}`;
  return [`Rollout ${rollout.id} waits to write the policy (${pending.reason})${why}`];
}

/** Models by side, and the versions of the Worker, of answered texts. */
function seenIn({ cells }: LedgerAnswer): Pick<Deployed, "models" | "workers"> {
  const bytes = decodeBase64(cells) ?? new Uint8Array();
  const bySide = new Map<string, Map<string, number>>();
  const workers = new Map<string, number>();
  for (const { series, cell } of bytes.byteLength === 0 ? [] : decodeCells(bytes)) {
    if (series.kind !== "text" || series.outcome !== "ok") continue;
    const side = series.side === "origin" ? series.origin || "default" : series.side;
    const models = bySide.get(side) ?? new Map<string, number>();
    if (series.model !== "") models.set(series.model, (models.get(series.model) ?? 0) + cell.n);
    bySide.set(side, models);
    if (series.worker !== "") workers.set(series.worker, (workers.get(series.worker) ?? 0) + cell.n);
  }
  const sorted = (models: ReadonlyMap<string, number>): SeenModel[] =>
    [...models].map(([model, texts]) => ({ model, texts })).sort((a, b) => b.texts - a.texts);
  const models = Object.fromEntries([...bySide].map(([side, seen]) => [side, sorted(seen)]));
  return { models, workers: sorted(workers).map(({ model }) => model) };
}

/** On this machine both sides pin the key of `npm start`. */
async function localKeys({ stateFolder }: LocalSettings): Promise<Deployed["pinnedKeys"]> {
  if (!(await hasLocalKey(stateFolder))) return { edge: null, origin: null };
  const fingerprint = fingerprintOf((await localSigningKey(stateFolder)).publicKeyPem);
  return { edge: fingerprint, origin: fingerprint };
}

function remoteKeys(pem: string | null, notes: string[]): Deployed["pinnedKeys"] {
  notes.push(
    "The key that the origin pins is in its stack. Compare it: aws lambda get-function-configuration --function-name <name> --query Environment.Variables.MODEL_PUBLIC_KEY",
  );
  return { edge: pem === null ? null : fingerprintOf(pem), origin: null };
}

/** Of a PEM text: without its line ends, which a stack's parameter may lose. */
function fingerprintOf(pem: string): string {
  return sha256Hex(pem.replaceAll(/\s+/g, "")).slice(0, FINGERPRINT_HEX_DIGITS);
}

/** What the gateway holds against each origin. @throws Error when it does not answer, or not with details */
async function readyzOf(gateway: URL): Promise<Record<string, string | null>> {
  const token = process.env["OPERATOR_TOKEN"];
  const response = await fetch(new URL("/readyz", gateway), {
    headers: token ? { authorization: `Bearer ${token}` } : {},
    signal: AbortSignal.timeout(MAX_READYZ_MS),
  });
  const parsed = readyzSchema.safeParse(await response.json());
  if (!parsed.success || parsed.data.origins === undefined) {
    throw new Error("it shows no details; set OPERATOR_TOKEN in the environment to the gateway's token.");
  }
  return Object.fromEntries(Object.entries(parsed.data.origins).map(([name, { problem }]) => [name, problem]));
}
