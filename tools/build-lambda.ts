/** `npm run build:lambda`: makes what Lambda runs, checks its size, and that it answers. */
import { Command, CommanderError, Option } from "commander";
import { stderrProgress } from "../models/pack/progress.ts";
import type { Architecture } from "./build-lambda/artifact-files.ts";
import { type Built, buildLambda } from "./build-lambda/build.ts";
import { LIMITS } from "./build-lambda/limits.ts";
import { buildSummary, nextSteps } from "./build-lambda/summary.ts";
import { oneSentence } from "./spillway/one-sentence.ts";

interface Options {
  package: string;
  out: string;
  arch: Architecture;
  key?: string;
  env?: string;
  signForThisRun?: true;
  zip?: true;
  image?: true;
  json?: true;
}

const THROWN_AWAY = "  Signed with a key that is gone: it shows that the build works, and is not to be deployed.\n";

const command = new Command("npm run build:lambda --")
  .description(
    "Make the Lambda origin's artifact of a signed package: a zip where it fits, else a container image's folder.",
  )
  .option("--package <folder>", "the package, signed by spillway model sign", "models/mail-tagger")
  .option("--out <folder>", "where to put it; an older artifact there is replaced", ".spillway/lambda")
  .addOption(new Option("--arch <arch>", "the function's processor").choices(["x64", "arm64"]).default("x64"))
  .option(
    "--key <public.pem>",
    "the key that the package is signed with, where it is not wrangler.toml's MODEL_PUBLIC_KEY",
  )
  .option("--env <name>", "environment of wrangler.toml")
  .addOption(new Option("--zip", "a zip, and fail where it does not fit").conflicts("image"))
  .option("--image", "the folder of a container image, also where a zip would fit")
  .option("--sign-for-this-run", "sign with a key that is thrown away: to see the build work, not to deploy")
  .option("--json", "print one line of JSON on standard output")
  .exitOverride()
  .showHelpAfterError("Add --help to see what there is.")
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "")) })
  .action(async ({ zip, image, ...options }: Options) => {
    const built = await buildLambda({ ...options, kind: zip ? "zip" : image ? "image" : "auto" }, stderrProgress());
    if (options.json) console.log(JSON.stringify(asJson(built)));
    else {
      console.error(buildSummary(built));
      console.error(options.signForThisRun ? THROWN_AWAY : `${nextSteps(built)}\n`);
      console.log(built.path);
    }
  });

try {
  await command.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(oneSentence(error));
    process.exitCode = 1;
  }
}

function asJson({ files, ...built }: Built) {
  return { ...built, files: files.map(({ name, sizeBytes }) => ({ name, sizeBytes })), limits: LIMITS };
}
