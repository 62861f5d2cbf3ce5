/** Pure. Where the two clouds and the policy differ: what, why it matters, and the command that fixes it. */
import { shortModelId } from "../../../formats/model-package/names.ts";
import { parsePolicy } from "../../../policies/parse.ts";

export interface Drift {
  what: string;
  why: string;
  fix: string;
}

export interface SeenModel {
  model: string;
  /** Texts of the last hour. */
  texts: number;
}

/** What is known of a deployment. Null where it could not be read. */
export interface Deployed {
  /** Name and text of the version in force, the text null for the defaults; number and problems of the stored one. */
  policy: { name: string; version: number | null; text: string | null; problems: readonly string[] };
  isolates: readonly { policy: number; model: string; candidate: { model: string; state: string } | null }[];
  /** Of the last hour: by side, `edge` or an origin's name. */
  models: Readonly<Record<string, readonly SeenModel[]>>;
  /** Ids of the gateway's Worker that answered texts in the last hour. */
  workers: readonly string[];
  /** The deployment's `MODEL` in wrangler.toml. */
  configuredModel: string | null;
  /** Of the origins, by name: what the gateway's /readyz reports. Null without it. */
  originProblems: Readonly<Record<string, string | null>> | null;
  /** SHA-256 of the pinned keys, the first 16 hex digits; null where it is not known. */
  pinnedKeys: { edge: string | null; origin: string | null };
  /** The options that select it, as they are typed, with a space before them. */
  where: string;
}

/** The most urgent first; empty where nothing differs. */
export function driftOf(deployed: Deployed): Drift[] {
  return [
    ...policyDrift(deployed),
    ...versionDrift(deployed),
    ...isolateModels(deployed),
    ...sideModels(deployed),
    ...originDrift(deployed),
    ...keyDrift(deployed),
    ...workerDrift(deployed),
  ];
}

/** The model that isolates should run: the policy's, otherwise the deployment's. Null where neither is known. */
export function wantedModel({ policy, configuredModel }: Deployed): string | null {
  const parsed = parsePolicy(policy.text ?? "{}");
  return (parsed.ok ? parsed.policy.model : null) ?? configuredModel;
}

function policyDrift({ policy, where }: Deployed): Drift[] {
  if (policy.problems.length === 0) return [];
  return [
    {
      what: `The stored policy is not valid: ${policy.problems[0]}.`,
      why: "Gateways keep the last valid policy, so what is stored is not in force.",
      fix: `npx spillway policy edit${where}`,
    },
  ];
}

function versionDrift({ policy, isolates, where }: Deployed): Drift[] {
  const others = isolates.filter((one) => one.policy !== policy.version);
  if (others.length === 0 || policy.problems.length > 0) return [];
  const versions = [...new Set(others.map((one) => one.policy))].join(", ");
  return [
    {
      what: `${others.length} of ${isolates.length} isolates have version ${versions} of the policy; ${policy.name} is stored.`,
      why: "A version needs up to 95 s to be in force everywhere. After that, callers get different policies.",
      fix: `npx spillway policy history${where}`,
    },
  ];
}

function isolateModels(deployed: Deployed): Drift[] {
  const wanted = wantedModel(deployed);
  const loaded = deployed.isolates.filter(({ model, candidate }) => candidate === null && model !== "");
  const others = wanted === null ? [] : loaded.filter(({ model }) => model !== wanted);
  const [first] = others;
  if (wanted === null || first === undefined) return [];
  return [
    {
      what: `${others.length} of ${deployed.isolates.length} isolates run ${shortModelId(first.model)}; the policy or MODEL names ${shortModelId(wanted)}.`,
      why: "Which model answers a text depends on the isolate. If it lasts, isolates reject the package or cannot read it.",
      fix: `read edge.reason in the gateway's /readyz, then npx spillway model publish <package>${deployed.where}`,
    },
  ];
}

function sideModels({ models, isolates, where }: Deployed): Drift[] {
  const edge = models["edge"]?.[0]?.model ?? isolates.find(({ model }) => model !== "")?.model;
  if (edge === undefined) return [];
  return Object.entries(models).flatMap(([side, seen]) => {
    const [first] = seen;
    if (side === "edge" || first === undefined || first.model === edge) return [];
    return [
      {
        what: `The origin ${side} answers with ${shortModelId(first.model)}; the edge runs ${shortModelId(edge)}.`,
        why: "The label of a text may depend on the side that answers it.",
        fix: `npx spillway policy set model ${first.model}${where}, or build and deploy the origin: docs/guide/deploy-origin.md`,
      },
    ];
  });
}

function originDrift({ originProblems }: Deployed): Drift[] {
  return Object.entries(originProblems ?? {}).flatMap(([name, problem]) =>
    problem === null
      ? []
      : [
          {
            what: `The gateway does not use the origin ${name}: ${problem}.`,
            why: "Texts that the edge cannot take get 503.",
            fix: "deploy the same model to the origin: docs/guide/deploy-origin.md",
          },
        ],
  );
}

function keyDrift({ pinnedKeys: { edge, origin } }: Deployed): Drift[] {
  if (edge === null || origin === null || edge === origin) return [];
  return [
    {
      what: `The gateway pins the key ${edge}, the origin ${origin}.`,
      why: "A package that one side accepts is rejected by the other.",
      fix: "set ModelPublicKey of the stack to MODEL_PUBLIC_KEY of wrangler.toml: docs/guide/deploy-origin.md",
    },
  ];
}

function workerDrift({ workers, where }: Deployed): Drift[] {
  if (workers.length < 2) return [];
  return [
    {
      what: `${workers.length} versions of the gateway answered texts in the last hour: ${workers.map((id) => id.slice(0, 8)).join(", ")}.`,
      why: "Normal while a deployment is gradual or within the hour after one; otherwise callers get different code.",
      fix: `npx wrangler deployments status${where.replace(" --remote", "")}`,
    },
  ];
}
