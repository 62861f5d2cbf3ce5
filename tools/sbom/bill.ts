/** The bill of materials of one artifact: the part of npm's bill that the artifact contains. Pure. */
import { z } from "zod";
import type { Bill, Component } from "./npm-bill.ts";

/** What is deployed, and what of node_modules is in it. */
export interface Artifact {
  name: string;
  /** SHA-256 over its files: `digestOfFiles`. */
  sha256: string;
  /** Folders of npm packages, as package-lock.json names them: `node_modules/a/node_modules/b`. */
  packages: readonly string[];
}

/** Licences of what ships, in SPDX: permissive, and compatible with Apache-2.0. */
export const ALLOWED_LICENCES: readonly string[] = [
  "MIT",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "0BSD",
  "(MIT OR CC0-1.0)",
];

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ name: z.string().optional(), version: z.string().optional() })),
});
export type Lock = z.infer<typeof lockSchema>;

/** @param text of package-lock.json */
export function readLock(text: string): Lock {
  return lockSchema.parse(JSON.parse(text));
}

/**
 * @param everything npm's bill of the same lock file
 * @throws Error if the artifact contains a package that is not locked
 */
export function billOf({ name, sha256, packages }: Artifact, everything: Bill, lock: Lock): Bill {
  const refs = new Set(packages.map((path) => refOf(path, lock)));
  const components = everything.components.filter((one) => refs.has(one["bom-ref"])).map(shipped);
  const missing = [...refs].find((ref) => !components.some((one) => one["bom-ref"] === ref));
  if (missing !== undefined) throw new Error(`npm's bill of materials does not contain ${missing}; run npm ci.`);
  const whole = everything.metadata.component;
  const dependencies = everything.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map((one) => ({ ...one, dependsOn: one.dependsOn.filter((ref) => refs.has(ref)) }));
  const indirect = new Set(dependencies.flatMap(({ dependsOn }) => dependsOn));
  const direct = [...refs].filter((ref) => !indirect.has(ref)).sort();
  const component = {
    ...whole,
    name,
    "bom-ref": `${name}@${whole.version}`,
    purl: undefined,
    hashes: [{ alg: "SHA-256", content: sha256 }],
  };
  return {
    ...everything,
    metadata: { ...everything.metadata, lifecycles: [{ phase: "build" }], component },
    components,
    dependencies: [{ ref: component["bom-ref"], dependsOn: direct }, ...dependencies],
  };
}

function refOf(path: string, { packages }: Lock): string {
  const locked = packages[path];
  if (locked?.version === undefined) throw new Error(`package-lock.json has no ${path}, which the artifact contains.`);
  return `${locked.name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)}@${locked.version}`;
}

const DEVELOPMENT = "cdx:npm:package:development";

/** What npm installs for development only, and a build puts into the artifact, ships. */
function shipped({ properties = [], ...component }: Component): Component {
  return { ...component, scope: "required", properties: properties.filter((one) => one.name !== DEVELOPMENT) };
}

/** @returns a sentence for each component whose licence is missing or not of the list */
export function licenceProblems({ components }: Bill): string[] {
  return components.flatMap((component) => {
    const licences = (component.licenses ?? []).map(
      ({ license, expression }) => license?.id ?? license?.name ?? expression ?? "unknown",
    );
    const isAllowed = licences.length > 0 && licences.every((one) => ALLOWED_LICENCES.includes(one));
    if (isAllowed) return [];
    const listed = licences.join(", ") || "no licence";
    return [`${component["bom-ref"]} has ${listed}; what ships has one of ${ALLOWED_LICENCES.join(", ")}.`];
  });
}
