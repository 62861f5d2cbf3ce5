/** Ctrl-C and `kill`: which signals end a command, and how a shell learns of it. It imports nothing else, so that an entry can load it first. */
import { constants } from "node:os";

export const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** @returns the exit code of a command that a signal has ended: 130, 143, 129. https://tldp.org/LDP/abs/html/exitcodes.html */
export function exitCodeAfter(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Work that a signal has ended. Its message is for the user. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(message: string, signal: NodeJS.Signals) {
    super(message);
    this.name = "Interrupted";
    this.exitCode = exitCodeAfter(signal);
  }
}
