/** Whether wrangler has a command and its flags, by the definitions that its own --help is made of. */
import { experimental_getWranglerCommands } from "wrangler";
import { z } from "zod";

const flagSchema = z.object({
  alias: z.union([z.string(), z.array(z.string())]).optional(),
  type: z.string().optional(),
  array: z.boolean().optional(),
  demandOption: z.boolean().optional(),
});
type Flags = Readonly<Record<string, z.infer<typeof flagSchema>>>;

const commandSchema = z.object({
  type: z.literal("command"),
  args: z.record(z.string(), flagSchema).default({}),
  positionalArgs: z.array(z.string()).default([]),
});

const nodeSchema = z.object({
  definition: z.unknown().optional(),
  get subtree() {
    return z.map(z.string(), nodeSchema);
  },
});

const { registry, globalFlags } = experimental_getWranglerCommands();
const root = nodeSchema.parse(registry);
const everywhere: Flags = {
  ...z.record(z.string(), flagSchema).parse(globalFlags),
  help: { type: "boolean", alias: "h" },
};

/** Null where wrangler would understand it; else what it would not. */
export function wranglerProblem(words: readonly string[]): string | null {
  let node = root;
  let rest = [...words];
  for (let next = node.subtree.get(rest[0] ?? ""); next !== undefined; next = node.subtree.get(rest[0] ?? "")) {
    node = next;
    rest = rest.slice(1);
  }
  const command = commandSchema.safeParse(node.definition);
  if (!command.success) return `wrangler has no command "${words.join(" ")}"`;
  return argumentProblem(rest, command.data);
}

function argumentProblem(
  words: readonly string[],
  { args, positionalArgs }: z.infer<typeof commandSchema>,
): string | null {
  const flags = { ...everywhere, ...args };
  const seen = new Set<string>();
  let positionals = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-")) {
      positionals++;
      continue;
    }
    const [typed = "", value] = word.replace(/^-+/, "").split("=");
    const found = flagNamed(typed, flags);
    if (found === null) return `wrangler has no flag ${word} there`;
    seen.add(found);
    if (value === undefined && flags[found]?.type !== "boolean") at++;
  }
  const missing = Object.keys(args).find(
    (name) => args[name]?.demandOption && !seen.has(name) && positionalArgs.indexOf(name) >= positionals,
  );
  if (missing !== undefined && !positionalArgs.includes(missing)) return `wrangler wants --${missing} there`;
  if (missing !== undefined) return `wrangler wants <${missing}> there`;
  const takesMore = positionalArgs.some((name) => args[name]?.array);
  return positionals <= positionalArgs.length || takesMore ? null : "wrangler takes fewer words there";
}

function flagNamed(typed: string, flags: Flags): string | null {
  const found = Object.entries(flags).find(
    ([name, { alias }]) => name === typed || [alias ?? []].flat().includes(typed),
  );
  return found?.[0] ?? null;
}
