/** `spillway keys list`: what there is, never a key or its hash. */
import type { Command } from "commander";
import { DEFAULT_RATE } from "../../../keys/schema.ts";
import { type Listed, listKeys } from "../../keys/desk.ts";
import { plainName } from "../../keys/plain-name.ts";
import { stateOf } from "../../keys/state.ts";
import { takesWhere, type WhereOptions, withKv } from "../where.ts";

interface Options extends WhereOptions {
  json?: true;
}

export function registerList(keys: Command): void {
  const list = keys
    .command("list")
    .description("List the keys: id, name, scopes, dates, state and rate.")
    .option("--json", "as JSON");
  takesWhere(list).action(async ({ json, ...where }: Options) => {
    const listed = await withKv("KEYS", where, listKeys);
    const rows = listed.map((key) => rowOf(key, new Date()));
    if (json) console.log(JSON.stringify(rows, null, 2));
    else if (rows.length === 0) console.log("There is no key yet; make one with spillway keys create --name <name>.");
    else console.log(table(rows));
  });
}

function rowOf({ id, record }: Listed, now: Date) {
  return {
    id,
    name: record?.name ?? null,
    state: stateOf(record, now),
    scopes: record?.scopes ?? [],
    rate: record === null ? null : (record.limits?.rate ?? DEFAULT_RATE),
    inputs: record?.limits?.inputs ?? null,
    createdAt: record?.createdAt ?? null,
    expiresAt: record?.expiresAt ?? null,
    revokedAt: record?.revokedAt ?? null,
  };
}

type Row = ReturnType<typeof rowOf>;

function table(rows: readonly Row[]): string {
  const cells = rows.map(({ id, name, state, scopes, rate, inputs, createdAt, expiresAt, revokedAt }) => [
    id,
    plainName(name ?? "-"),
    revokedAt === null ? state : `${state} ${day(revokedAt)}`,
    scopes.join(", ") || "-",
    rate ?? "-",
    inputs === null ? "-" : String(inputs),
    createdAt === null ? "-" : day(createdAt),
    expiresAt === null ? "never" : day(expiresAt),
  ]);
  const lines = [["id", "name", "state", "scopes", "rate", "inputs", "created", "expires"], ...cells];
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const day = (iso: string) => iso.slice(0, 10);
