/** What is passed on of a wrangler command that failed. The outputs are those of wrangler 4.164. */
import { describe, expect, it } from "vitest";
import { errorLine, whatIsMissing } from "../../../../tools/process/run-wrangler.ts";

const NOT_FOUND = (code: number, message: string) => `
\u001b[31m✘ \u001b[41;31m[\u001b[41;97mERROR\u001b[41;31m]\u001b[0m \u001b[1mFailed to fetch /accounts/1/storage/kv/namespaces/2/values/policy - 404: Not Found;\u001b[0m

  {"success":false,"errors":[{"code":${code},"message":"${message}"}],"messages":[],"result":null}

🪵  Logs were written to "/home/me/.config/.wrangler/logs/wrangler-1.log"
`;

describe("the reason", () => {
  it("is whole: the error, its notes and its code, without colours and the log file", () => {
    const stderr = `
✘ [ERROR] A request to the Cloudflare API (/accounts/1/storage/kv/namespaces) failed.

  Authentication error [code: 10000]

  📎 It looks like you are authenticating Wrangler via a custom API token set in an environment variable.
  Please ensure it has the correct permissions for this operation.

  If you think this is a bug, please open an issue at: https://github.com/cloudflare/workers-sdk/issues/new/choose
🪵  Logs were written to "/home/me/.config/.wrangler/logs/wrangler-1.log"
`;
    expect(errorLine({ stdout: "Resource location: remote\n", stderr })).toBe(
      "✘ [ERROR] A request to the Cloudflare API (/accounts/1/storage/kv/namespaces) failed. Authentication error [code: 10000] 📎 It looks like you are authenticating Wrangler via a custom API token set in an environment variable. Please ensure it has the correct permissions for this operation.",
    );
    expect(errorLine({ stdout: "", stderr: NOT_FOUND(10013, "namespace not found") })).toMatch(
      /^✘ \[ERROR\] Failed to fetch .* - 404: Not Found; \{.*"message":"namespace not found".*\}$/,
    );
  });

  it("is the last line without an error, and bounded", () => {
    expect(errorLine({ stdout: "one\ntwo\n", stderr: "" })).toBe("two");
    expect(errorLine({ stdout: "", stderr: "" })).toBe("no output");
    expect(errorLine({ stdout: "", stderr: `✘ [ERROR] ${"x".repeat(5000)}` })).toHaveLength(1000);
  });
});

it.each([
  [NOT_FOUND(10009, "get: 'key not found'"), "key"],
  [NOT_FOUND(10013, "namespace not found"), "store"],
  [NOT_FOUND(10006, "The specified bucket does not exist."), "store"],
  [NOT_FOUND(10007, "The specified key does not exist."), "key"],
  ["✘ [ERROR] Failed to fetch /values/policy - 404: Not Found;", "unknown"],
  ["✘ [ERROR] Authentication error [code: 10000]", null],
])("a 404 of Cloudflare is a missing key, a missing store, or unknown", (stderr, missing) => {
  expect(whatIsMissing({ stdout: "", stderr })).toBe(missing);
});
