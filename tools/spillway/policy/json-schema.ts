/** The policy's JSON Schema, for editors: from the schema that parses it. */
import { z } from "zod";
import { policySchema } from "../../../policies/schema.ts";

/** Of the checkout; also what a policy's own `$schema` says. */
export const SCHEMA_FILE = "policies/policy.schema.json";

/** Of what may be written: every key is optional that has a default. */
export function policyJsonSchema(): z.core.JSONSchema.BaseSchema {
  const { $schema, ...rest } = z.toJSONSchema(policySchema, { io: "input" });
  return {
    ...($schema === undefined ? {} : { $schema }),
    $id: "policy.schema.json",
    title: "Spillway policy",
    description: "What a Spillway gateway is allowed to do and prefers: the KV key `policy`. Every key is optional.",
    ...rest,
  };
}

export function policyJsonSchemaText(): string {
  return `${JSON.stringify(policyJsonSchema(), null, 2)}\n`;
}
