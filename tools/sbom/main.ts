/** `npm run -s sbom`: prints a CycloneDX bill of materials: of everything that is locked, or of what one artifact contains. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Argument, CommanderError, Option } from "commander";
import type { Architecture } from "../build-lambda/artifact-files.ts";
import { CHECKOUT_FOLDER } from "../process/checkout.ts";
import { dropUnreadOutput } from "../process/quiet-pipes.ts";
import { oneSentence } from "../spillway/terminal/one-sentence.ts";
import { plainCommand } from "../spillway/terminal/plain-command.ts";
import { makeConsoleSafe } from "../spillway/terminal/safe-console.ts";
import { originArtifact, workerArtifact } from "./artifacts.ts";
import { billOf, licenceProblems, readLock } from "./bill.ts";
import { npmBill } from "./npm-bill.ts";

const ARTIFACTS = ["everything", "gateway", "control-plane", "origin"] as const;
type ArtifactName = (typeof ARTIFACTS)[number];

dropUnreadOutput();
makeConsoleSafe(console, process);

const command = plainCommand("npm run -s sbom --", "Run it with --help to see the arguments.")
  .description("Print a CycloneDX bill of materials. That of an artifact has the artifact's SHA-256.")
  .addArgument(new Argument("[artifact]", "what it is of").choices(ARTIFACTS).default("everything"))
  .option("--env <name>", "environment of wrangler.toml that the Worker is built for")
  .addOption(new Option("--arch <arch>", "the function's processor").choices(["x64", "arm64"]).default("x64"))
  .action(async (name: ArtifactName, options: { env?: string; arch: Architecture }) => {
    const bill = await billFor(name, options);
    const problems = name === "everything" ? [] : licenceProblems(bill);
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exitCode = 1;
    console.log(JSON.stringify(bill, null, 2));
  });

async function billFor(name: ArtifactName, { env, arch }: { env?: string; arch: Architecture }) {
  const everything = await npmBill();
  if (name === "everything") return everything;
  const artifact = await (name === "origin" ? originArtifact(arch) : workerArtifact(name, env ?? null));
  const lock = readLock(await readFile(join(CHECKOUT_FOLDER, "package-lock.json"), "utf8"));
  return billOf(artifact, everything, lock);
}

try {
  await command.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(oneSentence(error));
    process.exitCode = 1;
  }
}
