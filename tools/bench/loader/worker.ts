/**
 * Times the start of an isolate from inside workerd. A form has a Worker's built modules. A fresh isolate compiles them, evaluates them
 * and answers one request. The time includes neither wrangler nor the start of a process.
 */
interface Settings {
  mainModule: string;
  compatibilityDate: string;
  compatibilityFlags: string[];
  env: Record<string, string>;
}

type Modules = Record<string, { js: string } | { wasm: ArrayBuffer }>;

interface Env {
  LOADER: {
    get(
      name: string,
      code: () => Settings & { modules: Modules },
    ): { getEntrypoint(): { fetch(url: string): Promise<Response> } };
  };
}

export default {
  async fetch(request: Request, { LOADER }: Env): Promise<Response> {
    if (request.method === "GET") return Response.json({ status: "ok" });
    const form = await request.formData();
    const settings: Settings = JSON.parse(String(form.get("settings")));
    const modules: Modules = {};
    for (const [name, part] of form) {
      if (typeof part === "string") continue;
      modules[name] = name.endsWith(".wasm") ? { wasm: await part.arrayBuffer() } : { js: await part.text() };
    }
    const startedAtMs = Date.now();
    // A new name starts a new isolate.
    const loaded = LOADER.get(crypto.randomUUID(), () => ({ ...settings, modules }));
    const response = await loaded.getEntrypoint().fetch("http://worker/healthz");
    await response.arrayBuffer();
    return Response.json({ startUpMs: Date.now() - startedAtMs, ok: response.ok });
  },
};
