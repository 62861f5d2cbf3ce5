/** `spillway model …`: what is done to a model before isolates load it, in this order. */
import type { Command } from "commander";
import { registerEvaluate } from "./model/evaluate.ts";
import { registerKeygen } from "./model/keygen.ts";
import { registerPack } from "./model/pack.ts";
import { registerPublish } from "./model/publish.ts";
import { registerSign } from "./model/sign.ts";
import { registerVerify } from "./model/verify.ts";

export function registerModel(program: Command): void {
  const model = program.command("model").description("Pack, evaluate, sign, verify and publish models.");
  registerPack(model);
  registerEvaluate(model);
  registerKeygen(model);
  registerSign(model);
  registerVerify(model);
  registerPublish(model);
}
