/** Every command on a page exists, with the options and arguments that the page gives it. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defaultPolicy } from "../../policies/parse.ts";
import { IN_FORCE_EVERYWHERE_SECONDS, IN_FORCE_HERE_SECONDS } from "../../policies/store.ts";
import { deployProgram } from "../../tools/deploy/program.ts";
import { spillwayProgram } from "../../tools/spillway/program.ts";
import { commanderProblem } from "../support/commands/commander-command.ts";
import { shellCommands, splitCommands } from "../support/commands/shell-commands.ts";
import { wranglerProblem } from "../support/commands/wrangler-command.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read("package.json")));

/** @returns what is wrong with the command; null if it is right, or of a program that is not checked */
async function problemOf([program, ...words]: readonly string[]): Promise<string | null> {
  if (program === "npx" && words[0] === "spillway") return commanderProblem(spillwayProgram(), words.slice(1));
  if (program === "npx" && words[0] === "wrangler") return wranglerProblem(words.slice(1));
  if (program === "npm" && words[0] === "run")
    return scriptProblem(words.slice(1).filter((word) => !["--silent", "-s"].includes(word)));
  return null;
}

async function scriptProblem([script = "", dashes, ...words]: readonly string[]): Promise<string | null> {
  if (scripts[script] === undefined) return `package.json has no script ${script}`;
  if (dashes !== undefined && dashes !== "--") return `npm would take ${dashes} for itself; write -- before it`;
  if (script === "deploy") return commanderProblem(deployProgram(), words);
  return script === "spillway" ? commanderProblem(spillwayProgram(), words) : null;
}

/** Decisions are records: they may name a command of their time. cli.md is generated from the programs, with placeholders. */
const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(new URL("../../docs", import.meta.url), { recursive: true }).map((name) => `docs/${name}`),
].filter((name) => name.endsWith(".md") && !/^docs\/(decisions\/|reference\/cli\.md)/.test(name));
const commands = PAGES.flatMap((page) => shellCommands(read(page)).map((words) => ({ page, words })));
const ours = commands.filter(({ words }) => words[0] === "npx" || words[0] === "npm");
const unique = [...new Map(ours.map((one) => [one.words.join(" "), one])).values()];

describe("the commands of the pages", () => {
  it("are found on the pages", () => {
    expect(ours.length).toBeGreaterThan(30);
    expect(commands.map(({ words }) => words.slice(0, 3).join(" "))).toContain("npx spillway keys");
  });

  it.each(unique.map(({ page, words }) => [words.join(" "), page, words] as const))("%s (%s)", async (_, __, words) => {
    expect(await problemOf(words)).toBeNull();
  });
});

it("a command on the account names its environment: without one, it would use the ids of the top level", () => {
  const remote = ours.filter(({ words }) => words.includes("spillway") && words.includes("--remote"));
  expect(remote.length).toBeGreaterThan(10);
  expect(remote.filter(({ words }) => !words.includes("--env")).map(({ words }) => words.join(" "))).toEqual([]);
  // The comments of commands too, and the text of the first page.
  const lines = read("README.md").split("\n");
  expect(lines.filter((line) => line.includes("--remote") && !line.includes("--env"))).toEqual([]);
});

it("docs/guide/read-a-trace.md has the failures and the time after which origin-failed becomes origin-unavailable", () => {
  const { consecutive, openMs } = defaultPolicy().breaker.origin;
  expect(read("docs/guide/read-a-trace.md").replaceAll("\n", " ")).toContain(
    `${consecutive} failures in a row the isolate's breaker for the origin opens for ${openMs / 1000} s`,
  );
});

describe("a command that does not exist is noticed", () => {
  it.each([
    ["npx spillway polcy get", "unknown command 'polcy'"],
    ["npx spillway policy get --remot", "unknown option '--remot'"],
    ["npx spillway policy set edge.share", "missing required argument 'value'"],
    ["npm run deploy -- --env staging --dryrun", "unknown option '--dryrun'"],
    ["npm run deploy -- --dry-run", "required option '--env <name>' not specified"],
    ["npm run deploy --env staging", "npm would take --env for itself; write -- before it"],
    ["npm run deplo -- --env staging", "package.json has no script deplo"],
    ["npx wrangler versions deplo", 'wrangler has no command "versions deplo"'],
    ["npx wrangler rollback --force", "wrangler has no flag --force there"],
    ["npx wrangler secret put --env staging", "wrangler wants <key> there"],
    ["npx wrangler versions list now", "wrangler takes fewer words there"],
  ])("%s: %s", async (line, expected) => {
    const [words = []] = splitCommands(line);
    expect(await problemOf(words)).toContain(expected);
  });
});

it("pages are split as a shell does: quotes, pipes, comments, redirections, continuation lines", () => {
  const page = [
    'P="--x --y 1"',
    "z $P $Q",
    `KEY=$(npx a --name "one two") | b 'it is' # no`,
    "c \\",
    "  --d <one of yours> > file",
  ].map((line) => `    ${line}`);
  expect(shellCommands(["text", "", ...page, "", "```sh", "e && f", "```"].join("\n"))).toEqual([
    ["P=--x --y 1"],
    ["z", "--x", "--y", "1", "$Q"],
    ["KEY=$"],
    ["npx", "a", "--name", "one two"],
    ["b", "it is"],
    ["c", "--d", "<one of yours>"],
    ["e"],
    ["f"],
  ]);
});

it("docs/internals/state.md has the times within which a policy is in force, as the code has them", () => {
  expect(read("docs/internals/state.md")).toContain(
    `${IN_FORCE_HERE_SECONDS} s near the write, about ${IN_FORCE_EVERYWHERE_SECONDS} s everywhere`,
  );
});
