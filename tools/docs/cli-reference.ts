/** Pure. docs/reference/cli.md: every command, argument and option, from the programs that parse them. */
import type { Argument, Command, Option } from "commander";
import { deployProgram } from "../deploy/program.ts";
import { spillwayProgram } from "../spillway/program.ts";
import { escaped, generatedFrom, item, wrapped } from "./markdown.ts";

const INTRODUCTION = `Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage. Each command has
\`--help\`. In the checkout, run \`spillway\` as \`npx spillway\`.`;

/** @returns the page */
export function cliReference(): string {
  const commands = [
    ...leavesOf(spillwayProgram(), "npx spillway"),
    { command: deployProgram(), name: "npm run deploy --" },
  ];
  const source = "tools/spillway/program.ts and tools/deploy/program.ts";
  return `${["# Command reference", generatedFrom(source), INTRODUCTION, ...commands.map(section)].join("\n\n")}\n`;
}

interface Named {
  command: Command;
  /** As it is typed. */
  name: string;
}

/** The commands that do something; groups only hold others. */
function leavesOf(command: Command, name: string): Named[] {
  if (command.commands.length === 0) return [{ command, name }];
  return command.commands.flatMap((inner) => leavesOf(inner, `${name} ${inner.name()}`));
}

function section({ command, name }: Named): string {
  const title = name.replace(/^npx |^npm run | --$/g, "");
  const parameters = [...command.registeredArguments.map(ofArgument), ...command.options.map(ofOption)].join("\n");
  const parts = [`## ${title}`, wrapped(escaped(command.description())), `    ${name} ${usage(command)}`.trimEnd()];
  return [...parts, ...(parameters === "" ? [] : [parameters])].join("\n\n");
}

/** Arguments and required options; the list below has the others. */
function usage(command: Command): string {
  const options = command.options.filter(isRequired).map(({ flags }) => flags);
  const names = command.registeredArguments.map(argumentName);
  return [...names, ...options].join(" ");
}

function isRequired(option: Option): boolean {
  return option.mandatory && option.defaultValue === undefined;
}

function argumentName(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function ofArgument(argument: Argument): string {
  return item(`\`${argumentName(argument)}\``, withFacts(argument.description, argument));
}

function ofOption(option: Option): string {
  const required = isRequired(option) ? "Required. " : "";
  return item(`\`${option.flags}\``, required + withFacts(option.description, option));
}

function withFacts(
  description: string,
  facts: Pick<Option, "defaultValue" | "defaultValueDescription" | "argChoices">,
) {
  const { defaultValue, defaultValueDescription, argChoices } = facts;
  const hasDefault = defaultValue !== undefined && defaultValue !== false;
  const choices = argChoices === undefined ? [] : [`one of ${argChoices.map((choice) => `\`${choice}\``).join(", ")}`];
  const standard = hasDefault ? [`default ${defaultValueDescription ?? `\`${String(defaultValue)}\``}`] : [];
  const all = [...choices, ...standard];
  return all.length === 0 ? description : `${description} (${all.join("; ")})`;
}
