/** `spillway keys …`: who may call the gateway. */
import type { Command } from "commander";
import { registerCreate } from "./keys/create.ts";
import { registerList } from "./keys/list.ts";
import { registerRevoke } from "./keys/revoke.ts";

export function registerKeys(program: Command): void {
  const keys = program.command("keys").description("Make, list and revoke the API keys of the gateway's callers.");
  registerCreate(keys);
  registerList(keys);
  registerRevoke(keys);
}
