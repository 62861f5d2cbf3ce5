/** `npm run policy:generate`: writes what the policy's schema gives: the JSON Schema for editors and the reference's tables. */
import { readFile, writeFile } from "node:fs/promises";
import { policyJsonSchemaText, SCHEMA_FILE } from "./json-schema.ts";
import { REFERENCE_FILE, withReference } from "./reference.ts";

const root = new URL("../../../", import.meta.url);
const reference = new URL(REFERENCE_FILE, root);

await writeFile(new URL(SCHEMA_FILE, root), policyJsonSchemaText());
await writeFile(reference, withReference(await readFile(reference, "utf8")));
console.log(`written: ${SCHEMA_FILE}, the tables of ${REFERENCE_FILE}`);
