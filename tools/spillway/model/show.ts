/** `spillway model show`: what a package is, by its manifest. */
import type { Command } from "commander";
import { openLocalPackage } from "./local-package.ts";
import { packageLines } from "./package-summary.ts";

/** Adds the subcommand `show`. */
export function registerShow(model: Command): void {
  model
    .command("show")
    .description("Print what a package is: id, labels, engine, limits, and a gap to FP32 that was accepted.")
    .argument("<package>", "folder that spillway model pack wrote")
    .option("--json", "print the id and the manifest as JSON")
    .action(show);
}

async function show(folder: string, { json }: { json?: true }): Promise<void> {
  const { modelId, manifest } = await openLocalPackage(folder);
  console.log(
    json ? JSON.stringify({ modelId, ...manifest }, null, 2) : [modelId, ...packageLines(manifest)].join("\n"),
  );
}
