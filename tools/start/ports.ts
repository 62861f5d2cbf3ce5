/** Says which port is taken before anything is started, instead of letting a child fail in its own words. */
import { createServer } from "node:net";

/** @throws Error with one sentence for people when the port cannot be listened on. */
export async function mustBeFree(port: number, what: string, variable: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once("error", () =>
      reject(
        new Error(`Port ${port} (${what}) is in use. Stop what listens there, or choose another with ${variable}.`),
      ),
    );
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}
