/** The settings that every command line of this checkout shares. */
import { Command } from "commander";
import { ABOUT_VERSION, VERSION } from "../../process/standard-words.ts";
import { columnsOf, wrapped } from "./wrap.ts";

/** In a narrow terminal too, descriptions are wrapped beside their options. Otherwise the terminal would divide words. */
const MIN_DESCRIPTION_COLUMNS = 16;

/**
 * @param helpHint printed after an error: how to see the commands and options
 * @returns a command whose help and errors fit the terminal; errors are thrown instead of ending the process. Its subcommands inherit this
 */
export function plainCommand(name: string, helpHint: string): Command {
  return new Command(name)
    .version(VERSION, "--version", ABOUT_VERSION)
    .exitOverride()
    .showHelpAfterError(helpHint)
    .configureHelp({ minWidthToWrap: MIN_DESCRIPTION_COLUMNS })
    .configureOutput({
      outputError: (text, write) => {
        const lines = text.replace(/^error: /, "").split("\n");
        write(lines.flatMap((line) => wrapped(line, { columns: columnsOf(process.stderr) })).join("\n"));
      },
    });
}
