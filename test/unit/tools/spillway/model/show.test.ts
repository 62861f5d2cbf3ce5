import { expect, it, vi } from "vitest";
import { spillwayProgram } from "../../../../../tools/spillway/program.ts";
import { CHECKOUT } from "../../deploy/filled-in.ts";

async function printed(...words: string[]): Promise<string> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await spillwayProgram().parseAsync(["model", "show", ...words], { from: "user" });
  const lines = log.mock.calls.join("\n");
  log.mockRestore();
  return lines;
}

it("model show prints a package's id, labels and engine, and the manifest as JSON", async () => {
  const folder = `${CHECKOUT}/models/mail-tagger`;
  const lines = await printed(folder);
  expect(lines).toMatch(/^mail-tagger@[0-9a-f]{64}\n/);
  expect(lines).toContain("ham, spam");
  expect(lines).toContain("spillway-engine");
  expect(JSON.parse(await printed(folder, "--json"))).toMatchObject({
    modelId: lines.split("\n")[0],
    labels: ["ham", "spam"],
    edge: { engine: "spillway-engine" },
  });
});
