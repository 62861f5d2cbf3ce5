/** `npm run docs:generate` writes the generated pages; `npm run docs:words -- <folder…>` lists the words that Spillway avoids. */

import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { dropUnreadOutput } from "../process/quiet-pipes.ts";
import { filesToRead, findWords } from "./find-words.ts";

dropUnreadOutput();
const program = new Command("docs").description("Generate pages and check the language of the repository.");

program
  .command("generate")
  .description("Write every generated page and file.")
  .action(async () => {
    // The pages need nearly all of the code; the words need none of it.
    const { current, GENERATED_FILES, pathOf } = await import("./pages.ts");
    for (const file of GENERATED_FILES) {
      const [before, after] = [current(file), file.make(current(file))];
      if (before !== after) writeFileSync(pathOf(file), after);
      console.log(`${before === after ? "unchanged" : "written  "} ${file.path}`);
    }
  });

program
  .command("words")
  .description("List the words of tools/docs/words.ts, with file and line.")
  .argument("[folders...]", "folders or files to read; all when none is named")
  .option("--count", "print one number per folder instead")
  .action((folders: string[], { count }: { count?: true }) => {
    const findings = filesToRead(folders).flatMap(findWords);
    if (count) {
      for (const [folder, of] of Object.entries(Object.groupBy(findings, ({ path }) => folderOf(path)))) {
        console.log(`${String(of?.length ?? 0).padStart(5)}  ${folder}`);
      }
    } else {
      for (const { path, line, word, instead } of findings) console.log(`${path}:${line}: "${word}" → ${instead}`);
    }
    console.log(`${findings.length} words to replace`);
    if (findings.length > 0) process.exitCode = 1;
  });

/** The part of the repository that a file belongs to: two folders deep, or the file itself at the top. */
function folderOf(path: string): string {
  return path.split("/").slice(0, -1).slice(0, 2).join("/") || path;
}

await program.parseAsync();
