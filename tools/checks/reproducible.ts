/**
 * Checks that artifacts are reproducible: a copy of this checkout, in another folder, with other temporary folders, builds the same bytes.
 * Usage, after `npm ci`: node tools/checks/reproducible.ts
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { CHECKOUT_FOLDER } from "../process/checkout.ts";

const ARTIFACTS = ["gateway", "control-plane", "origin"];
/** What builds make, and what is not of the sources. */
const NOT_SOURCES = new Set([".git", ".spillway", ".wrangler", "node_modules", "dist"]);
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

const billSchema = z.object({
  metadata: z.object({ component: z.object({ hashes: z.tuple([z.object({ content: z.string() })]) }) }),
});

/** The SHA-256 of an artifact that the checkout in `folder` builds, with its own copy of every tool. */
async function digestBuiltIn(folder: string, artifact: string, temporary: string): Promise<string> {
  await mkdir(temporary, { recursive: true });
  const options = { cwd: folder, env: { ...process.env, TMPDIR: temporary }, maxBuffer: MAX_OUTPUT_BYTES };
  const { stdout } = await promisify(execFile)(process.execPath, ["tools/sbom/main.ts", artifact], options);
  return billSchema.parse(JSON.parse(stdout)).metadata.component.hashes[0].content;
}

const work = await mkdtemp(join(tmpdir(), "spillway-reproducible-"));
try {
  const copy = join(work, "a copy", "of the checkout");
  await mkdir(copy, { recursive: true });
  for (const name of await readdir(CHECKOUT_FOLDER)) {
    if (NOT_SOURCES.has(name)) continue;
    const filter = (path: string) => !NOT_SOURCES.has(path.split("/").at(-1) ?? "");
    await cp(join(CHECKOUT_FOLDER, name), join(copy, name), { recursive: true, filter });
  }
  // Links, not copies: 1.5 GB. Each file has its own path, which is what could get into a build.
  await promisify(execFile)("cp", ["-al", join(CHECKOUT_FOLDER, "node_modules"), join(copy, "node_modules")]);
  for (const artifact of ARTIFACTS) {
    const here = await digestBuiltIn(CHECKOUT_FOLDER, artifact, join(work, "temporary"));
    const there = await digestBuiltIn(copy, artifact, join(work, "other temporary folder"));
    const isSame = here === there;
    console.log(`${artifact}: ${here}${isSame ? ", the same from two folders" : `, but ${there} from another folder`}`);
    if (!isSame) process.exitCode = 1;
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
