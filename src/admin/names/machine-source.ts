/** A machine that is open in this process, as names look at it. */
import { captureMachine, type Machine } from '../../function/index.js';
import type { Pool } from '../../pool/index.js';
import { functionUser } from '../function-user.js';
import type { DeviceSource } from './device.js';

/**
 * Product data of a function that a driver or a taker has is left to them, where the host has no way beside them: whether
 * such a function is the named one is not known then.
 */
export function machineSource(machine: Machine, pool: Pick<Pool, 'list'>): DeviceSource {
  return {
    machine: machine.name,
    functions: () => Promise.resolve().then(() => machine.list()),
    capture: (addresses, vpd) =>
      Promise.resolve().then(() =>
        captureMachine(machine, {
          addresses,
          vpd,
          user: ({ address }) => functionUser(machine, membersOf(pool), address),
        }),
      ),
  };
}

function membersOf(pool: Pick<Pool, 'list'>) {
  return pool.list().map((member) => ({
    address: String(member.address),
    state: member.state,
    ...(member.state === 'taken' ? { taker: member.taker } : {}),
  }));
}
