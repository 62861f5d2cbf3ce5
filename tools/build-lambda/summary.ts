/** Pure. What was built, for people: sizes against Lambda's limits, how it answered, what to do next. */
import { shortModelId } from "../../models/manifest.ts";
import type { Built } from "./build.ts";
import { LIMITS, megabytes } from "./limits.ts";

const KEY_WIDTH = 12;
const MIB = 2 ** 20;

export function buildSummary(built: Built): string {
  return ["", ...what(built), "", ...sizes(built), "", ...answered(built), ""].join("\n");
}

/** The commands that put it into a stack; docs/deploy-origin.md has the whole way. */
export function nextSteps({ kind, arch, path, digest }: Built): string {
  const tag = `origin-${digest.slice(0, 12)}`;
  const upload =
    kind === "zip"
      ? [`aws s3 cp ${path} s3://<bucket>/`, `then deploy lambda-origin/template.yaml with CodeKey=${tag}.zip`]
      : [
          `docker build --platform linux/${arch === "x64" ? "amd64" : arch} --provenance=false -t <repository>:${tag} ${path}`,
          `docker push <repository>:${tag}`,
          "then deploy lambda-origin/template.yaml with ImageUri=<repository>@<digest>",
        ];
  return ["Next (docs/deploy-origin.md):", ...upload.map((line) => `  ${line}`)].join("\n");
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
    const why = `over the ${megabytes(LIMITS.unzippedBytes)} that a zip may unpack to: a container image`;
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
