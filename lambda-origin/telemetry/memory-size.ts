import { totalmem } from "node:os";

const MIB = 1_048_576;

/** What AWS bills by. Off Lambda, where it bills nothing: as much as this process can get. */
export function memoryMiB(env: NodeJS.ProcessEnv): number {
  const configured = Number(env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]);
  if (Number.isInteger(configured) && configured > 0) return configured;
  // Zero where nothing constrains it.
  const mostBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.max(1, Math.round(mostBytes / MIB));
}
