/** One function's registers as a command reaches them: in one way, whoever makes the accesses. */
import { accessRegisters, type RegisterOperation } from '../admin/index.js';
import { functionIdentity, type FunctionIdentity, type RunAccesses } from '../admin/settings/index.js';
import { FunctionNotFoundError, type FunctionSummary, type Machine } from '../function/index.js';
import { bytesReader, notations, type PciAddress, type RegisterMap } from '../pci/index.js';
import { ConfigurationNames } from '../proto/program/index.js';
import { machineOfItsOwn } from './machine-option.js';
import { askSim } from './machine-view.js';
import { registerMachine } from './register-machine.js';
import { chosenMaps, type RegisterOptions } from './register-options.js';

/** What tells a device from another one at its address. */
type Identity = Pick<
  FunctionSummary,
  'vendor' | 'device' | 'subsystemVendor' | 'subsystemDevice' | 'classCode' | 'revision'
>;

export interface RegisterSession extends Disposable {
  readonly address: PciAddress;
  readonly identity: FunctionIdentity;
  readonly maps: readonly RegisterMap[];
  /** Accesses in their order; nothing comes between them. @returns what each found; undefined for writes. */
  readonly run: RunAccesses;
  /** The names of the function's configuration: its capabilities are read for them. */
  configuration(): Promise<ConfigurationNames>;
}

/**
 * @param changes whether the command changes anything: this host is not changed by mistake.
 * @throws {FunctionNotFoundError | SimNotRunningError | MachineAmbiguousError} and what is wrong with a map.
 */
export async function openRegisterSession(
  address: PciAddress,
  options: RegisterOptions,
  changes: boolean,
): Promise<RegisterSession> {
  const reached = await registerMachine(options, address, changes);
  const access = { evenIfUsed: options.evenIfUsed ?? false, enable: options.enable ?? false };
  if (reached === 'sim') {
    const functions = await askSim('functions', {});
    const isIt = ({ address: text }: { address: string }) => notations.hex.parse(text).equals(address);
    const identity = identityIn(functions, isIt, address, 'sim');
    const maps = chosenMaps(options.map, () => identity);
    return {
      address,
      identity: functionIdentity(identity),
      maps,
      configuration: async () => {
        const { config } = await askSim('inspect', { address: String(address) });
        return new ConfigurationNames(bytesReader(Buffer.from(config, 'base64')));
      },
      run: async (operations) => {
        const found = await askSim('registers', {
          address: String(address),
          operations: operations.map(wireOperation),
          ...access,
        });
        return found.map((value) => (value === null ? undefined : BigInt(value)));
      },
      [Symbol.dispose]: () => undefined,
    };
  }
  const { machine, user } = reached;
  try {
    const named = machineOfItsOwn(options) ?? machine.name;
    const identity = identityIn(machine.list(), (each) => each.address.equals(address), address, named);
    const instance = machine.present?.().find((each) => each.address.equals(address))?.instance;
    const maps = chosenMaps(options.map, () => identity);
    return {
      address,
      identity: functionIdentity(identity, instance),
      maps,
      configuration: () =>
        Promise.resolve().then(() => {
          using fn = machine.open(address);
          return new ConfigurationNames(fn.config);
        }),
      run: (operations) =>
        Promise.resolve().then(() => accessRegisters(machine, user, address, operations, access)),
      [Symbol.dispose]: () => {
        machine[Symbol.dispose]();
      },
    };
  } catch (cause) {
    machine[Symbol.dispose]();
    throw cause;
  }
}

function identityIn<Summary extends Identity>(
  functions: readonly Summary[],
  is: (summary: Summary) => boolean,
  address: PciAddress,
  machine: Machine['name'],
): Identity {
  const summary = functions.find(is);
  if (summary === undefined) throw new FunctionNotFoundError(address, machine);
  return summary;
}

/** As a request has it: 64 bits are text. */
function wireOperation(operation: RegisterOperation) {
  const { space, offset, width } = operation;
  const place = { space, offset, width };
  const hex = (value: bigint) => `0x${value.toString(16)}`;
  switch (operation.kind) {
    case 'read':
      return { kind: 'read' as const, ...place, ...(operation.clears === true ? { clears: true } : {}) };
    case 'write':
      return { kind: 'write' as const, ...place, value: hex(operation.value) };
    case 'update':
      return { kind: 'update' as const, ...place, keep: hex(operation.keep), value: hex(operation.value) };
  }
}
