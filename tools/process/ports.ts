/** Ports of this machine. */
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Says which port is taken before anything is started, instead of letting a child fail in its own words.
 * @throws Error with one sentence for people when the port cannot be listened on.
 */
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

/** A port that nobody listens on: tests and benchmarks run beside a started system. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("The system gave no free port.");
  return address.port;
}
