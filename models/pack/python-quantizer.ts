/** FP32 → INT8 by ONNX Runtime's own quantizer, which exists for Python alone. */
import { spawn } from "node:child_process";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { diskFull, PackError } from "./pack-error.ts";

/** The versions that models/train/requirements.txt has. */
const PACKAGES = "onnx==1.23.2 onnxruntime==1.32.0";
const SCRIPT = fileURLToPath(new URL("quantize.py", import.meta.url));

/** The Python to use, or null where it lacks the quantizer. */
export async function findQuantizer(): Promise<string | null> {
  const python = pythonCommand();
  const { code } = await run(python, ["-B", "-c", "import onnx, onnxruntime.quantization"]);
  return code === 0 ? python : null;
}

/** What to do where there is no Python that can: the very commands. `int8` is where the packer will look for the file. */
export function quantizeByHand(float: string, int8: string): PackError {
  const python = pythonCommand();
  return new PackError(
    `There is no INT8 model beside ${float}, and ${python} has no onnxruntime to make one; run: ` +
      `${python} -m pip install ${PACKAGES} && ${python} ${relative(process.cwd(), SCRIPT)} ${float} ${int8}`,
  );
}

/** `scratch` is for the quantizer's own files. @throws PackError with what Python said last */
export async function quantize(
  python: string,
  float: string,
  int8: string,
  scratch: string,
  signal: AbortSignal,
): Promise<void> {
  const { code, stderr } = await run(python, ["-B", SCRIPT, float, int8], { TMPDIR: scratch }, signal);
  if (code === 0) return;
  const last = stderr.trim().split("\n").at(-1) ?? "";
  if (/No space left|ENOSPC/.test(stderr)) throw diskFull(stderr);
  throw new PackError(`Quantizing ${float} failed (${last}); bring an INT8 file with --quantized.`);
}

function pythonCommand(): string {
  return process.env["SPILLWAY_PYTHON"] || "python3";
}

interface Ended {
  /** Null when it could not be started, or was ended by a signal. */
  code: number | null;
  stderr: string;
}

function run(command: string, args: readonly string[], env = {}, signal?: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
      ...(signal ? { signal } : {}),
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.once("error", (error) => resolve({ code: null, stderr: error.message }));
    child.once("close", (code) => resolve({ code, stderr }));
  });
}
