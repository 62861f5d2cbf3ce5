/** The folder of the checkout. Local state and the default package are there, whatever folder a command runs in. */
import { fileURLToPath } from "node:url";

/** Absolute path. */
export const CHECKOUT_FOLDER = fileURLToPath(new URL("../..", import.meta.url).href);
