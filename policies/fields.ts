/** Values that several parts of the policy document have. */
import * as z from "zod";
import { MODEL_ID } from "../formats/model-package/names.ts";

/** Checked on the decimal text: in binary arithmetic 12.34 times 100 is not reliably 1234. */
export const percent = z
  .number()
  .min(0)
  .max(100)
  .refine((value) => value === Number(value.toFixed(2)), "at most two decimals");

export const modelId = z
  .string()
  .regex(MODEL_ID, "must be <name>@<64 hex digits>, as `spillway model publish` prints it");
