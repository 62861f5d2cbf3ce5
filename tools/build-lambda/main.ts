/** `npm run build:lambda`: builds the Lambda function, checks its size, and runs it once. */
import { CommanderError, Option } from "commander";
import { shortModelId } from "../../formats/model-package/names.ts";
import { dropUnreadOutput } from "../process/quiet-pipes.ts";
import { oneSentence } from "../spillway/terminal/one-sentence.ts";
import { plainCommand } from "../spillway/terminal/plain-command.ts";
import { stderrProgress } from "../spillway/terminal/progress.ts";
import { makeConsoleSafe } from "../spillway/terminal/safe-console.ts";
import type { Architecture } from "./artifact-files.ts";
import { type Built, buildLambda } from "./build.ts";
import { LIMITS, megabytes } from "./limits.ts";

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

const KEY_WIDTH = 12;
const MIB = 2 ** 20;
const NOT_FOR_DEPLOYMENT = "  Signed with a temporary key: this build is a test. Do not deploy it.\n";

dropUnreadOutput();
makeConsoleSafe(console, process);

const command = plainCommand("npm run build:lambda --", "Run it with --help to see the options.")
  .description(
    "Build the Lambda origin from a signed package: a zip if it fits, otherwise the folder of a container image.",
  )
  .option("--package <folder>", "the package, signed by spillway model sign", "models/mail-tagger")
  .option("--out <folder>", "where to write it; an older artifact there is replaced", ".spillway/lambda")
  .addOption(new Option("--arch <arch>", "the function's processor").choices(["x64", "arm64"]).default("x64"))
  .option("--key <public.pem>", "public key of the signature; default: MODEL_PUBLIC_KEY of wrangler.toml")
  .option("--env <name>", "environment of wrangler.toml")
  .addOption(new Option("--zip", "build a zip, and fail if it does not fit").conflicts("image"))
  .option("--image", "build the folder of a container image, even if a zip would fit")
  .option("--sign-for-this-run", "sign with a temporary key, to try the build; not for deployment")
  .option("--json", "print one line of JSON on standard output")
  .action(async ({ zip, image, ...options }: Options) => {
    const built = await buildLambda({ ...options, kind: zip ? "zip" : image ? "image" : "auto" }, stderrProgress());
    if (options.json) console.log(JSON.stringify(asJson(built)));
    else {
      console.error(buildSummary(built));
      console.error(options.signForThisRun ? NOT_FOR_DEPLOYMENT : `${nextSteps(built)}\n`);
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

/** The built artifact for people: its size against Lambda's limits, and the result of the trial. */
function buildSummary(built: Built): string {
  return ["", ...what(built), "", ...sizes(built), "", ...answered(built), ""].join("\n");
}

/** The commands that put it into a stack; docs/guide/deploy-origin.md has all steps. */
function nextSteps({ kind, arch, path, digest }: Built): string {
  const tag = `origin-${digest.slice(0, 12)}`;
  const upload =
    kind === "zip"
      ? [`aws s3 cp ${path} s3://<bucket>/`, `then deploy lambda-origin/template.yaml with CodeKey=${tag}.zip`]
      : [
          `docker build --platform linux/${arch === "x64" ? "amd64" : arch} --provenance=false -t <repository>:${tag} ${path}`,
          `docker push <repository>:${tag}`,
          "then deploy lambda-origin/template.yaml with ImageUri=<repository>@<digest>",
        ];
  return ["Next (docs/guide/deploy-origin.md):", ...upload.map((line) => `  ${line}`)].join("\n");
}

function what({ kind, arch, modelId, keyFingerprint, path }: Built): string[] {
  return [
    row(kind === "zip" ? "zip" : "image", path),
    row("for", `nodejs24.x on linux/${arch}`),
    row("model", `${shortModelId(modelId)}, signed with the key ${keyFingerprint.slice(0, 12)}…`),
  ];
}

function sizes({ kind, unzippedBytes, zipBytes, files }: Built): string[] {
  const of = (prefix: string) =>
    megabytes(files.filter(({ name }) => name.startsWith(prefix)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  const limit = kind === "zip" ? LIMITS.unzippedBytes : LIMITS.imageBytes;
  const lines = [
    row("unpacked", `${megabytes(unzippedBytes)} of ${megabytes(limit)}`),
    row("", `model ${of("model/")}, ONNX Runtime ${of("node_modules/")}, handler ${of("handler")}`),
  ];
  if (zipBytes === null) {
    const over = unzippedBytes > LIMITS.unzippedBytes;
    const why = `over the ${megabytes(LIMITS.unzippedBytes)} that a zip may unpack to, so this is a container image`;
    return over ? [...lines, row("", why)] : lines;
  }
  const direct = zipBytes > LIMITS.directUploadBytes ? "over" : "within";
  return [
    ...lines,
    row(
      "zipped",
      `${megabytes(zipBytes)}, ${direct} the ${megabytes(LIMITS.directUploadBytes)} of a direct upload; any size by S3`,
    ),
  ];
}

function answered({ tried, arch }: Built): string[] {
  if (tried === null) return [row("answers", `not tried: this machine is not linux/${arch}`)];
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  return [
    row(
      "answers",
      `"${tried.label}" in ${ms(tried.firstMs)}, then in ${ms(tried.warmMs)}; ready after ${ms(tried.initMs)}`,
    ),
    ...(tried.peakMiB === null
      ? []
      : [row("memory", `${megabytes(tried.peakMiB * MIB)} at most, of the template's ${megabytes(3072 * MIB)}`)]),
  ];
}

function row(key: string, value: string): string {
  return `  ${key.padEnd(KEY_WIDTH)}${value}`;
}
