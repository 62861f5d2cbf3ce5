/** Faults of what serves operators, which no caller may notice: telemetry, the control plane; and of the clock. */
import type { BackendFault } from "./backend.ts";
import type { Controls, LedgerFault } from "./controls.ts";
import type { Fault } from "./fault.ts";

/** Log records, metrics and the ledger's counts leave 5 s after the first. */
const FLUSH_MS = 5500;
const HOUR_MS = 3_600_000;

const BACKEND: readonly (readonly [fault: BackendFault, isQuick: boolean])[] = [
  ["slow", true],
  ["refusing", true],
  ["full", true],
  ["hang", false],
  ["junk", false],
];

const telemetry: Fault[] = [
  {
    name: "telemetry: down",
    part: "telemetry",
    isQuick: true,
    lastsMs: FLUSH_MS,
    begin: ({ backend }) => backend.refuse(),
    end: ({ backend }) => backend.listen(),
  },
  ...BACKEND.map(
    ([fault, isQuick]): Fault => ({
      name: `telemetry: ${fault}`,
      part: "telemetry",
      isQuick,
      lastsMs: FLUSH_MS,
      begin: ({ backend }) => backend.fail(fault),
      end: ({ backend }) => backend.fail(null),
    }),
  ),
];

const LEDGER: readonly LedgerFault[] = ["down", "slow", "refusing", "full"];

const controlPlane: Fault[] = [
  {
    name: "control plane: its process is ended",
    part: "control plane",
    isQuick: false,
    lastsMs: FLUSH_MS,
    begin: ({ control }) => control.stop(),
    end: ({ control }) => control.start(),
  },
  ...LEDGER.map(
    (fault): Fault => ({
      name: `control plane: ${fault}`,
      part: "control plane",
      isQuick: true,
      lastsMs: FLUSH_MS,
      begin: ({ set }) => set({ ledger: fault }),
      end: ({ set }) => set({}),
    }),
  ),
];

const CLOCK: readonly (readonly [name: string, controls: Partial<Controls>, isQuick?: false])[] = [
  ["clock: an hour forward and back", { clockOffsetMs: HOUR_MS }],
  ["clock: an hour back and forward", { clockOffsetMs: -HOUR_MS }],
  ["clock: a second back and forward", { clockOffsetMs: -1000 }, false],
  ["clock: it stands", { clockStands: true }],
];

const clock = CLOCK.map(
  ([name, controls, isQuick = true]): Fault => ({
    name,
    part: "clock",
    isQuick,
    begin: ({ set }) => set(controls),
    end: ({ set }) => set({}),
  }),
);

/** @returns the faults in the order in which they are run */
export function otherFaults(): Fault[] {
  return [...telemetry, ...controlPlane, ...clock];
}
