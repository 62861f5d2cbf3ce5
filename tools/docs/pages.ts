/** Every file that is generated, wholly or between two markers. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SCHEMA_FILE } from "../../policies/versions/document.ts";
import { policyJsonSchemaText } from "../spillway/policy/json-schema.ts";
import { cliReference } from "./cli-reference.ts";
import { configurationReference } from "./configuration.ts";
import { openApiText } from "./openapi/document.ts";
import { policyReference } from "./policy-reference.ts";
import { logsSection, metricsSection } from "./telemetry-reference.ts";
import { thresholdReference } from "./threshold-reference.ts";

export interface GeneratedFile {
  /** From the root of the checkout. */
  path: string;
  /** @returns the file as it should be; `current` is the file as it is */
  make(current: string): string;
}

export const GENERATED_FILES: readonly GeneratedFile[] = [
  { path: SCHEMA_FILE, make: policyJsonSchemaText },
  { path: "docs/reference/policy.md", make: policyReference },
  { path: "docs/reference/configuration.md", make: configurationReference },
  { path: "docs/reference/cli.md", make: cliReference },
  { path: "docs/reference/openapi.yaml", make: openApiText },
  { path: "docs/reference/rollout.md", make: thresholdReference },
  {
    path: "docs/reference/telemetry.md",
    make: (page) => withSection(withSection(page, "metrics", metricsSection()), "logs", logsSection()),
  },
];

/** @returns where a file of the checkout is on this machine */
export function pathOf(file: GeneratedFile): string {
  return fileURLToPath(new URL(`../../${file.path}`, import.meta.url));
}

/** @returns the file as it is; "" if it does not exist */
export function current(file: GeneratedFile): string {
  try {
    return readFileSync(pathOf(file), "utf8");
  } catch {
    return "";
  }
}

/**
 * Puts text between the two markers of a section.
 * @throws Error if the page does not have the markers
 */
export function withSection(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end of generated: ${name} -->`];
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`The page has no "${begin}" followed by "${end}". Restore both lines.`);
  }
  return `${before}${begin}\n\n${text}\n\n${end}${after}`;
}
