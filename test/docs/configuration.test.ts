/** docs/reference/configuration.md names every variable that the code reads, and none that it does not. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { CONTROL_PLANE, GATEWAY, ORIGIN } from "../../tools/docs/deployed-variables.ts";
import { LOCAL_LAMBDA, START, TESTS, TOOLS } from "../../tools/docs/local-variables.ts";
import type { VariableGroup } from "../../tools/docs/variable.ts";
import { readSettings as readLambdaSettings } from "../../tools/local-lambda/settings.ts";
import { openToAll, readSettings as readStartSettings } from "../../tools/process/local-settings.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NAME = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;
/** Folders whose variables are documented with others', and names that only hold a value for a child process. */
const NOT_READ_BY_US =
  /^(WRANGLER_|CLOUDFLARE_CF_|X_LOCAL_|AUTOTEL_|AWS_LAMBDA_|AWS_DEFAULT_|AWS_EXECUTION_|LAMBDA_TASK_)/;

const namesIn = (groups: readonly VariableGroup[]) =>
  groups.flatMap(({ variables }) => variables.map(({ name }) => name));

function sourcesBelow(...folders: string[]): { path: string; text: string }[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", ...folders], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return listed
    .split("\n")
    .filter((path) => /\.(ts|sh)$/.test(path) && !path.startsWith("tools/docs/"))
    .flatMap((path) => {
      try {
        return [{ path, text: readFileSync(ROOT + path, "utf8") }];
      } catch {
        return [];
      }
    });
}

const known = new Map<string, string[]>();

/** Programs share files. */
function variablesReadIn(source: { path: string; text: string }): string[] {
  const read = known.get(source.path) ?? readVariables(source);
  known.set(source.path, read);
  return read;
}

/** The names that a file reads from an environment: `env["X"]`, `env.X`, `const { X } = process.env`, `${X:-…}` in a script. */
function readVariables({ path, text }: { path: string; text: string }): string[] {
  if (path.endsWith(".sh")) return [...text.matchAll(/\$\{(\w+):-/g)].map(([, name = ""]) => name);
  const named = [...text.matchAll(/(?<!const )\bSPILLWAY(_[A-Z]+)+\b/g)].map(([name]) => name);
  const found = named.filter((name) => !text.includes(`const ${name} =`));
  if (/\b(env|environment|variables)\b/.test(text)) found.push(...readFromEnvironment(path, text));
  return found.filter((name) => NAME.test(name) || ["VISUAL", "EDITOR", "USER", "PYTHON"].includes(name));
}

function readFromEnvironment(path: string, text: string): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const found: string[] = [];
  const isEnvironment = (node: ts.Node): boolean => {
    const name = ts.isPropertyAccessExpression(node) ? node.name : node;
    return ts.isIdentifier(name) && /^(env|environment|variables)$/.test(name.text);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && isEnvironment(node.expression)) found.push(node.name.text);
    if (ts.isElementAccessExpression(node) && isEnvironment(node.expression)) {
      if (ts.isStringLiteral(node.argumentExpression)) found.push(node.argumentExpression.text);
    }
    if (ts.isVariableDeclaration(node) && node.initializer !== undefined && isEnvironment(node.initializer)) {
      if (ts.isObjectBindingPattern(node.name))
        found.push(...node.name.elements.map(({ propertyName, name }) => (propertyName ?? name).getText(file)));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const PROGRAMS: readonly [string, readonly VariableGroup[], readonly string[]][] = [
  ["the gateway", GATEWAY, ["gateway", "formats", "policies"]],
  ["the control plane", CONTROL_PLANE, ["control-plane", "formats"]],
  ["the origin", ORIGIN, ["lambda-origin", "formats"]],
  ["npm start", START, ["tools/start", "tools/process", "formats"]],
  ["the local origin", LOCAL_LAMBDA, ["tools/local-lambda"]],
  ["commands and scripts", TOOLS, ["tools", "models"]],
  ["the tests", TESTS, ["test/vitest.config.ts"]],
];

/** Named in messages, or handed to a child: each is documented with the program that reads it. */
const documentedAnywhere = new Set(PROGRAMS.flatMap(([, groups]) => namesIn(groups)));

describe("every variable is documented that is read by", () => {
  it.each(PROGRAMS)("%s", (_, groups, folders) => {
    const own = new Set(namesIn(groups));
    const read = new Set(sourcesBelow(...folders).flatMap(variablesReadIn));
    const missing = [...read].filter((name) => !own.has(name) && !documentedAnywhere.has(name));
    expect(missing.filter((name) => !NOT_READ_BY_US.test(name))).toEqual([]);
  });
});

describe("no variable is documented that is not read by", () => {
  it.each(PROGRAMS)("%s", (_, groups, folders) => {
    const text = sourcesBelow(...folders)
      .map((source) => source.text)
      .join("\n");
    const byWrangler = (name: string) => /^CLOUDFLARE_(API_TOKEN|ACCOUNT_ID)$/.test(name);
    const unread = namesIn(groups).filter((name) => !byWrangler(name) && !new RegExp(`\\b${name}\\b`).test(text));
    expect(unread).toEqual([]);
  });
});

it("every member of the gateway's Env is documented, and nothing else", () => {
  const members = new Map<string, { names: string[]; parents: string[] }>();
  for (const { path, text } of sourcesBelow("gateway", "formats")) {
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    for (const node of file.statements.filter(ts.isInterfaceDeclaration)) {
      const names = node.members.flatMap(({ name }) => (name === undefined ? [] : [name.getText(file)]));
      const parents = (node.heritageClauses ?? []).flatMap(({ types }) => types.map((type) => type.getText(file)));
      members.set(node.name.text, { names, parents });
    }
  }
  const allOf = (name: string): string[] => {
    const { names, parents } = members.get(name) ?? { names: [], parents: [] };
    return [...names, ...parents.flatMap(allOf)];
  };
  expect(allOf("Env").toSorted()).toEqual(namesIn(GATEWAY).toSorted());
});

describe("the documented default is the one in the code:", () => {
  const defaultOf = (groups: readonly VariableGroup[], name: string) =>
    groups.flatMap(({ variables }) => variables).find((variable) => variable.name === name)?.default;

  it("npm start", () => {
    const settings = readStartSettings({});
    expect({
      SPILLWAY_PORT: String(settings.gatewayPort),
      SPILLWAY_CONTROL_PORT: String(settings.controlPort),
      SPILLWAY_ORIGIN_PORT: String(settings.originPort),
      SPILLWAY_OTLP_PORT: String(settings.viewerPort),
      SPILLWAY_MODEL_DIR: settings.modelFolder,
      SPILLWAY_STATE_DIR: `${settings.stateFolder} and ${settings.persistFolder}`,
      AWS_REGION: settings.region,
      ...openToAll,
    }).toEqual(
      Object.fromEntries(
        [
          "SPILLWAY_PORT",
          "SPILLWAY_CONTROL_PORT",
          "SPILLWAY_ORIGIN_PORT",
          "SPILLWAY_OTLP_PORT",
          "SPILLWAY_MODEL_DIR",
          "SPILLWAY_STATE_DIR",
          "AWS_REGION",
          ...Object.keys(openToAll),
        ].map((name) => [name, defaultOf(START, name)]),
      ),
    );
  });

  it("the local origin", () => {
    const settings = Object.entries(readLambdaSettings({ AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" }));
    const known = settings.filter(
      ([name, value]) => value !== undefined && value !== null && !/^AWS_(ACCESS|SECRET)/.test(name),
    );
    expect(known.length).toBeGreaterThan(7);
    for (const [name, value] of known) expect([name, defaultOf(LOCAL_LAMBDA, name)]).toEqual([name, String(value)]);
  });
});
