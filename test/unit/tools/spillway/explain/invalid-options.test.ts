/** Options that the command rejects, each with what is allowed. */
import { describe, expect, it } from "vitest";
import { runExplain, useSmallModel } from "./run-explain.ts";

useSmallModel();

const TEXT = "WIN a free prize";

describe("an invalid option is rejected with what is allowed", () => {
  it.each<[string[], RegExp]>([
    [
      ["--text", " "],
      /--text <text>' argument ' ' is invalid\. It must not be empty: the gateway refuses an empty text with 422\.$/,
    ],
    [
      ["--country", "Germany"],
      /'Germany' is invalid\. It must be a two-letter country code, as in DE; T1 is Tor, XX is unknown\. Did you mean DE\?$/,
    ],
    [["--country", "UK"], /T1 is Tor, XX is unknown\. Did you mean GB\?$/],
    [["--country", "EU"], /The EU is not a country; pass one of its members, as in DE\.$/],
    [["--share", "101"], /It must be a percentage from 0 to 100 with at most two decimals, as in 12\.5\.$/],
    [["--share", "12.345"], /It must be a percentage from 0 to 100 with at most two decimals, as in 12\.5\.$/],
    [["--share", ""], /It must be a percentage from 0 to 100/],
    [["--header", "x-tenant"], /It must be a header's name and value, as in x-tenant=acme\.$/],
    [["--header", "=acme"], /It must be a header's name and value, as in x-tenant=acme\.$/],
    [["--edge", "busy"], /'busy' is invalid\. Allowed choices are ready, loading, cold, rejected\.$/],
    [["--edge-breaker", "half-open"], /Allowed choices are closed, open\.$/],
    [["--queue-ms", "-5"], /It must be a number of milliseconds from 0 up, as in 120\.$/],
    [["--queue-ms", "1e3s"], /It must be a number of milliseconds from 0 up, as in 120\.$/],
    [["--origin-breaker", "us-east-1=ajar"], /It must be closed or open, for one origin as in us-east-1=open\.$/],
    [["--origin-p95-ms", "us-east-1="], /It must be a number of milliseconds, for one origin as in us-east-1=120\.$/],
    [["--origin-paused-from", "us-east-1=1k"], /It must be a number of bytes, for one origin as in us-east-1=80/],
    [["--defaults", "--origin-breaker", "us-east-1=open"], /^The policy has no origin "us-east-1"; it has default\.$/],
    [["--defaults", "--origin-p95-ms", "defualt=5"], /^The policy has no origin "defualt"; did you mean default\?$/],
    [
      ["--env", "production"],
      /^--env production selects an environment of the Cloudflare account; pass --remote with it/,
    ],
    [
      ["--policy", "p.json", "--env", "production"],
      /^--env selects an environment of the Cloudflare account; pass --remote/,
    ],
    [["--defaults", "--remote"], /'--defaults' cannot be used with option '--remote'$/],
    [["--defaults", "--policy", "p.json"], /'--defaults' cannot be used with option '--policy <file>'$/],
    [["--local", "--remote"], /cannot be used with option '--remote'$/],
    [["--policy", "p.json", "--local"], /'--policy <file>' cannot be used with option '--local'$/],
    [["--policy", "p.json", "--remote"], /'--policy <file>' cannot be used with option '--remote'$/],
  ])("%j", async (words, message) => {
    await expect(runExplain("--text", TEXT, ...words)).rejects.toThrow(message);
  });
});
