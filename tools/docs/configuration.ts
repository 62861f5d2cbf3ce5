/** docs/reference/configuration.md: the variables of every program, and the parameters of the origin's stack. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { CONTROL_PLANE, GATEWAY, ORIGIN } from "./deployed-variables.ts";
import { LOCAL_LAMBDA, START, TESTS, TOOLS } from "./local-variables.ts";
import { generatedFrom, item } from "./markdown.ts";
import { NOT_SET, type Variable, type VariableGroup } from "./variable.ts";

const TEMPLATE = new URL("../../lambda-origin/template.yaml", import.meta.url);

const INTRODUCTION = `Settings of each program. Routing, limits and models are settings of the [policy](policy.md), which needs no deployment.`;

/** @returns the page */
export function configurationReference(): string {
  const programs = [
    program("Gateway", GATEWAY),
    program("Control plane", CONTROL_PLANE),
    program("Origin", [...ORIGIN, stackParameters()]),
    program("npm start", START),
    program("Local origin", LOCAL_LAMBDA),
    program("Commands and scripts", TOOLS),
    program("Tests", TESTS),
  ];
  const source = "tools/docs/*-variables.ts and lambda-origin/template.yaml";
  return `${["# Configuration reference", generatedFrom(source), INTRODUCTION, ...programs].join("\n\n")}\n`;
}

function program(title: string, groups: readonly VariableGroup[]): string {
  return [`## ${title}`, ...groups.map(section)].join("\n\n");
}

function section({ title, about, variables }: VariableGroup): string {
  return [`### ${title}`, about, variables.map(line).join("\n")].join("\n\n");
}

function line({ name, default: fallback, meaning }: Variable): string {
  const presence = fallback === null ? "required" : fallback === NOT_SET ? "optional" : `default: ${fallback}`;
  return item(`\`${name}\` (${presence})`, meaning);
}

const templateSchema = z.object({
  Parameters: z.record(
    z.string(),
    z.object({
      Default: z.union([z.string(), z.number()]).optional(),
      AllowedValues: z.array(z.string()).optional(),
      Description: z.string(),
    }),
  ),
});

function stackParameters(): VariableGroup {
  // CloudFormation's tags (!Ref and the like) are not read: the parameters have none.
  const { Parameters } = templateSchema.parse(parse(readFileSync(TEMPLATE, "utf8"), { logLevel: "silent" }));
  return {
    title: "Parameters of the stack",
    about:
      "Set with `aws cloudformation deploy --parameter-overrides`. Parameters that are not named keep their value.",
    variables: Object.entries(Parameters).map(([name, { Default, AllowedValues, Description }]) => ({
      name,
      default: Default === undefined ? null : Default === "" ? "empty" : String(Default),
      meaning: AllowedValues === undefined ? Description : `${Description} One of ${AllowedValues.join(", ")}.`,
    })),
  };
}
