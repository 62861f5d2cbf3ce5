/** TCP ports on the loopback address. */
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Checks that a port is free before anything is started.
 * @param what the service that needs the port, for the message
 * @param variable the environment variable that moves the service to another port
 * @throws Error with one sentence when the port is in use
 */
export async function mustBeFree(port: number, what: string, variable: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once("error", () =>
      reject(
        new Error(
          `Port ${port} (${what}) is in use. Stop the process that listens on it, or set ${variable} to another port.`,
        ),
      ),
    );
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}

/** @returns a port that no process listens on, so that tests and benchmarks can run beside a started system */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("The system returned no free port.");
  return address.port;
}
