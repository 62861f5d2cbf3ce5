/** The `spillway` command with all of its subcommands. */
import type { Command } from "commander";
import { registerBackup } from "./backup.ts";
import { registerExplain } from "./explain/command.ts";
import { registerCreate, registerList, registerRevoke } from "./keys/commands.ts";
import { registerEvaluate } from "./model/evaluate/command.ts";
import { registerPack } from "./model/pack/command.ts";
import { registerPublish } from "./model/publish/command.ts";
import { registerShow } from "./model/show.ts";
import { registerKeygen, registerSign, registerVerify } from "./model/sign/commands.ts";
import { registerPlan } from "./plan/command.ts";
import { registerApply } from "./policy/apply.ts";
import { registerEdit } from "./policy/edit.ts";
import { registerGet } from "./policy/get.ts";
import { registerDiff, registerHistory } from "./policy/history-commands.ts";
import { registerRollback } from "./policy/rollback.ts";
import { registerSet, registerUnset } from "./policy/set.ts";
import { registerReport } from "./report/command.ts";
import { registerRollout } from "./rollout/command.ts";
import { registerStatus } from "./status/command.ts";
import { plainCommand } from "./terminal/plain-command.ts";

/** @returns a new program; errors are thrown instead of ending the process */
export function spillwayProgram(): Command {
  const program = plainCommand("spillway", "Run it with --help to see the commands and options.").description(
    "Operate a Spillway gateway: its models, its policy and its API keys.",
  );
  registerModel(program);
  registerPolicy(program);
  registerKeys(program);
  registerExplain(program);
  registerBackup(program);
  registerReport(program);
  registerStatus(program);
  registerRollout(program);
  registerPlan(program);
  return program;
}

function registerModel(program: Command): void {
  const model = program.command("model").description("Pack, evaluate, sign, verify and publish models.");
  registerPack(model);
  registerEvaluate(model);
  registerKeygen(model);
  registerSign(model);
  registerVerify(model);
  registerPublish(model);
  registerShow(model);
}

function registerPolicy(program: Command): void {
  const policy = program.command("policy").description("Read, change and roll back the policy of a running gateway.");
  registerGet(policy);
  registerSet(policy);
  registerUnset(policy);
  registerEdit(policy);
  registerApply(policy);
  registerHistory(policy);
  registerDiff(policy);
  registerRollback(policy);
}

function registerKeys(program: Command): void {
  const keys = program.command("keys").description("Create, list and revoke the API keys of the gateway's callers.");
  registerCreate(keys);
  registerList(keys);
  registerRevoke(keys);
}
