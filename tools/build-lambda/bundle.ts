/** The handler and all that it imports, ONNX Runtime aside, as one file: an import of hundreds of files is slow in a cold start. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

export async function bundleHandler(outfile: string): Promise<void> {
  await build({
    // Paths in the output are relative to it: the same bytes from every checkout.
    absWorkingDir: root,
    entryPoints: ["lambda-origin/handler.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    // Native: it finds its library beside itself.
    external: ["onnxruntime-node"],
    // Names and lines stay, for the stack trace of a crash; comments go.
    minifySyntax: true,
    legalComments: "none",
    charset: "utf8",
    logLevel: "silent",
  });
}
