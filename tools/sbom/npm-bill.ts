/** npm's bill of materials of package-lock.json: https://docs.npmjs.com/cli/commands/npm-sbom, CycloneDX 1.5. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { CHECKOUT_FOLDER } from "../process/checkout.ts";

const COMMAND = ["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application", "--package-lock-only"];
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

/** A licence of SPDX's list, another one by its name, or an expression of several. */
const licenceSchema = z.looseObject({
  license: z.looseObject({ id: z.string().optional(), name: z.string().optional() }).optional(),
  expression: z.string().optional(),
});
const propertySchema = z.object({ name: z.string(), value: z.string() });
const componentSchema = z.looseObject({
  "bom-ref": z.string(),
  name: z.string(),
  version: z.string(),
  licenses: z.array(licenceSchema).optional(),
  properties: z.array(propertySchema).optional(),
});
const billSchema = z.looseObject({
  bomFormat: z.literal("CycloneDX"),
  metadata: z.looseObject({ component: componentSchema }),
  components: z.array(componentSchema),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

/** A bill of materials. Only the fields that are read or changed have a type. */
export type Bill = z.infer<typeof billSchema>;
export type Component = z.infer<typeof componentSchema>;

/** @returns every locked package, those for development included @throws Error if npm fails or prints another form */
export async function npmBill(): Promise<Bill> {
  const { stdout } = await promisify(execFile)("npm", COMMAND, { cwd: CHECKOUT_FOLDER, maxBuffer: MAX_OUTPUT_BYTES });
  return billSchema.parse(JSON.parse(stdout));
}
