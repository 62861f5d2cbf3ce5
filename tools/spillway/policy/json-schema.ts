/** The policy's JSON Schema for editors, generated from the zod schema that parses it. */
import { z } from "zod";
import { policySchema } from "../../../policies/schema.ts";

/** @returns the schema of the input: every key that has a default is optional */
export function policyJsonSchema(): z.core.JSONSchema.BaseSchema {
  const { $schema, ...rest } = z.toJSONSchema(policySchema, { io: "input" });
  return {
    ...($schema === undefined ? {} : { $schema }),
    $id: "policy.schema.json",
    title: "Spillway policy",
    description: "The policy of a Spillway gateway: the KV key `policy`. Every key is optional.",
    ...rest,
  };
}

/** @returns the text of `policies/policy.schema.json` */
export function policyJsonSchemaText(): string {
  return `${JSON.stringify(policyJsonSchema(), null, 2)}\n`;
}
