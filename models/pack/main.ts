/** `npm run model:pack -- <folder> <package folder>`: packs a model for both sides. */
import { basename } from "node:path";
import { packModel } from "./pack.ts";

const [folder, out] = process.argv.slice(2);
if (folder === undefined || out === undefined) {
  console.error("Usage: npm run model:pack -- <model folder> <package folder>");
  process.exit(2);
}
try {
  const { modelId, manifest } = await packModel(basename(out), folder, out, (line) => console.error(`… ${line}`));
  for (const { name, sizeBytes } of manifest.files)
    console.error(`  ${name.padEnd(24)}${(sizeBytes / 1e6).toFixed(2)} MB`);
  console.error(
    `  heap ${(manifest.edge.heap.maximumBytes / 2 ** 20).toFixed(1)} MiB for up to ${manifest.edge.maxTokens} tokens`,
  );
  console.log(modelId);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
