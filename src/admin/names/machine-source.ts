/** A machine that is open in this process, as names look at it. */
import { captureMachine, type FunctionSummary, type Machine } from '../../function/index.js';
import type { DeviceSource } from './device.js';

/** `user`: who has a function, in words; product data is then left to him where the host has no way beside him. */
export function machineSource(
  machine: Machine,
  user: (summary: FunctionSummary) => string | undefined,
): DeviceSource {
  return {
    machine: machine.name,
    functions: () => Promise.resolve().then(() => machine.list()),
    capture: (addresses, vpd) =>
      Promise.resolve().then(() => captureMachine(machine, { addresses, vpd, user })),
  };
}
