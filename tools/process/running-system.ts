/** Where the system on this machine answers: at the ports of this shell's variables, or else of `npm start`, which another shell may have started. */
import { localSettings } from "./local-settings.ts";
import { lockHolder } from "./state-lock.ts";

export interface RunningSystem {
  gateway: URL;
  controlPlane: URL;
}

/**
 * A port that the environment names is used. Otherwise the lock of the state folder has the addresses of what runs there; without one, the
 * default ports.
 * @throws Error with one sentence for a variable that cannot be obeyed
 */
export async function runningSystem(env: NodeJS.ProcessEnv): Promise<RunningSystem> {
  const { stateFolder, gatewayPort, controlPort } = localSettings(env);
  const areBothGiven = Boolean(env["SPILLWAY_PORT"] && env["SPILLWAY_CONTROL_PORT"]);
  const holder = areBothGiven ? null : await lockHolder(stateFolder);
  const addressOf = (variable: string, port: number, running: string | null) =>
    new URL(env[variable] || running === null ? `http://127.0.0.1:${port}` : running);
  return {
    gateway: addressOf("SPILLWAY_PORT", gatewayPort, holder?.url ?? null),
    controlPlane: addressOf("SPILLWAY_CONTROL_PORT", controlPort, holder?.controlUrl ?? null),
  };
}
