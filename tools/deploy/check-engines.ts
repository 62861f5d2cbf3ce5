/** Pure. Which inference engines a deployment uploads, and whether they are in its bundle. */
import type { EdgeEngineId } from "../../formats/model-package/manifest.ts";
import { type Finding, ok, problem, quoted } from "./finding.ts";
import type { Target } from "./target.ts";

/** In the table `define` of an environment. gateway/index.ts reads it, and the bundler drops what it excludes. */
export const ENGINE_SWITCH = "INCLUDE_ONNXRUNTIME_WEB";

/** Whether the deployment includes onnxruntime-web. Only "false" leaves it out. */
export function includesOnnx({ config }: Target): boolean {
  return config.define?.[ENGINE_SWITCH] !== "false";
}

/** The switch is text that the bundler inserts as code. */
export function checkEngineSwitch({ config }: Target): Finding[] {
  const value = config.define?.[ENGINE_SWITCH];
  if (value === undefined || value === "true" || value === "false") return [];
  return [problem(ENGINE_SWITCH, `is ${quoted(value)}; it must be "true" or "false"`, "Change it in wrangler.toml.")];
}

/** @param engines those whose WebAssembly is in the bundle */
export function checkEngines(engines: readonly EdgeEngineId[], isOnnxIncluded: boolean): Finding[] {
  const wanted: EdgeEngineId[] = ["spillway-engine", ...(isOnnxIncluded ? (["onnxruntime-web"] as const) : [])];
  const missing = wanted.filter((engine) => !engines.includes(engine));
  if (missing.length > 0) {
    const message = `${missing.join(" and ")} is not in the bundle: packages for it cannot run at the edge`;
    return [problem("engine", message, "Run `npm ci` and retry.")];
  }
  const unwanted = engines.filter((engine) => !wanted.includes(engine));
  if (unwanted.length > 0) {
    const message = `${unwanted.join(" and ")} is in the bundle although ${ENGINE_SWITCH} is "false"`;
    return [problem("engine", message, "Remove its import from gateway/, which must be in gateway/index.ts only.")];
  }
  const leftOut = isOnnxIncluded ? "" : `; ${ENGINE_SWITCH} leaves onnxruntime-web out`;
  return [ok("engine", `${engines.join(" and ")} in the bundle${leftOut}`)];
}
