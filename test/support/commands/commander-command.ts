/** Whether one of our commands accepts its arguments: parsed by the real program, with the actions removed. */
import { type Command, CommanderError } from "commander";

/** Null where it would be carried out; else what is wrong with it. */
export async function commanderProblem(program: Command, words: readonly string[]): Promise<string | null> {
  disarm(program);
  try {
    await program.parseAsync([...words], { from: "user" });
    return null;
  } catch (error) {
    if (error instanceof CommanderError) return error.message;
    throw error;
  }
}

function disarm(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {}, outputError: () => {} });
  if (command.commands.length === 0) command.action(() => {});
  for (const each of command.commands) disarm(each);
}
