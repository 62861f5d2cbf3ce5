/** Servers of this machine that refuse connections and listen again at the same port. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";

export interface Listening {
  port: number;
  /** Ends every connection; new ones are refused. */
  refuse(): Promise<void>;
  /** Accepts connections again. */
  listen(): Promise<void>;
}

export const HOST = "127.0.0.1";

/** Listens on a free port. */
export async function startServer(answer: RequestListener): Promise<Listening> {
  const begin = async (port: number) => {
    const server = createServer(answer);
    server.listen(port, HOST);
    await once(server, "listening");
    return server;
  };
  let server = await begin(0);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const { port } = address;
  return {
    port,
    refuse: async () => {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await ended;
    },
    listen: async () => {
      server = await begin(port);
    },
  };
}
