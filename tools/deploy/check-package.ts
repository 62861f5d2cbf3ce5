/** Whether the package that isolates will load is signed by the pinned key, as far as it is at hand. */
import { shortModelId } from "../../models/manifest.ts";
import { verifyFolder } from "../../models/sign/folder.ts";
import type { Policy } from "../../policies/schema.ts";
import { openLocalPackage } from "../start/local-package.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

export interface Named {
  /** MODEL of wrangler.toml. */
  deployed: string;
  /** Null where no policy was looked at. */
  policy: Policy | null;
  publicKeyPem: string;
}

const CHECK = "model package";

export async function checkPackage(folder: string | null, named: Named): Promise<Finding[]> {
  const { deployed, policy } = named;
  const wanted = policy?.model ?? deployed;
  if (folder === null) {
    const says = `whether ${shortModelId(wanted)} is signed by the pinned key was not looked at`;
    return [warning(CHECK, says, "give its folder with --package <folder>")];
  }
  try {
    return await verified(folder, wanted, named);
  } catch (error) {
    const says = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    return [problem(CHECK, says, `npx spillway model sign ${folder} --key <the private key of MODEL_PUBLIC_KEY>`)];
  }
}

async function verified(folder: string, wanted: string, { deployed, policy, publicKeyPem }: Named): Promise<Finding[]> {
  const { modelId, manifest } = await openLocalPackage(folder);
  if (modelId !== wanted && modelId !== deployed) {
    const names =
      policy?.model == null ? `MODEL names ${shortModelId(deployed)}` : `the policy names ${shortModelId(wanted)}`;
    const next = "give the folder of the one that is named, or name this one";
    return [problem(CHECK, `${folder} is ${shortModelId(modelId)}, but ${names}`, next)];
  }
  await verifyFolder(folder, publicKeyPem);
  const findings = [ok(CHECK, `${folder} is ${shortModelId(modelId)}, signed by the pinned key`)];
  if (manifest.edge === null)
    findings.push(problem(CHECK, "is packed for the origin alone", "pack it for the edge too, without --origin-only"));
  if (policy !== null && manifest.version < policy.minVersion) {
    const says = `has version ${manifest.version}, and the policy's minVersion ${policy.minVersion} refuses it`;
    findings.push(problem(CHECK, says, "pack a newer one, or lower minVersion"));
  }
  if (modelId !== wanted) {
    findings.push(
      warning(CHECK, `the policy names ${shortModelId(wanted)} instead`, "give that one's folder with --package"),
    );
  }
  return findings;
}
