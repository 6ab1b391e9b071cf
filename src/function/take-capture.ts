/** Taking a capture of a machine through the port: every register of configuration space read once, nothing written. */
import { OpenslotError, reasonOf, visibleText, type PciAddress } from '../pci/index.js';
import type { Capture, CapturedFunction } from './capture.js';
import type { ConfigSpace } from './function.js';
import { FunctionNotFoundError } from './errors.js';
import { NO_HOST_FACTS } from './host-facts.js';
import type { FunctionSummary, Machine } from './machine.js';

export interface CaptureOptions {
  /** All functions where absent. */
  readonly addresses?: readonly PciAddress[];
  /** False: without vital product data, which may take a second each to be read. */
  readonly vpd?: boolean;
  /** State in the pool, and the guest, where somebody keeps a pool. */
  readonly pool?: (address: PciAddress) => CapturedFunction['pool'];
}

/**
 * Of functions that cannot be read it has what the host knows, with the reason. Of a saved machine it is what was saved.
 * @throws {FunctionNotFoundError} one of the addresses is not there.
 * @throws {OpenslotError} or an errno error: no configuration space can be read at all; the first one's reason.
 */
export function captureMachine(
  machine: Machine,
  { addresses, pool, vpd = true }: CaptureOptions = {},
): Capture {
  const { saved } = machine;
  if (saved !== undefined) {
    const functions = chosen(saved.functions, addresses, machine.name);
    return addresses === undefined ? saved : { ...saved, functions };
  }
  const taken = new Date();
  const refusals: Error[] = [];
  const functions = chosen(machine.list(), addresses, machine.name).map((summary) =>
    captureFunction(machine, summary, pool?.(summary.address), vpd, (refusal) => refusals.push(refusal)),
  );
  const [first] = refusals;
  if (first !== undefined && refusals.length === functions.length) throw first;
  return { machine: machine.name, taken, functions };
}

/** In order of address, each once. @throws {FunctionNotFoundError} */
function chosen<Entry extends { readonly address: PciAddress }>(
  all: readonly Entry[],
  addresses: readonly PciAddress[] | undefined,
  machine: string,
): readonly Entry[] {
  if (addresses === undefined) return all;
  const wanted = new Set(addresses.map(({ sbdf }) => sbdf));
  for (const address of addresses)
    if (!all.some((entry) => entry.address.equals(address)))
      throw new FunctionNotFoundError(address, machine);
  return all.filter(({ address }) => wanted.has(address.sbdf));
}

/** What a function tells once it is open. */
type Told = Pick<CapturedFunction, 'config' | 'regions' | 'resetMethods' | 'interruptLine'>;

const NOTHING_TOLD: Told = {
  config: new Uint8Array(),
  regions: undefined,
  resetMethods: undefined,
  interruptLine: undefined,
};

/** `onRefused`: it could not be opened, or nothing of its configuration space could be read. */
function captureFunction(
  machine: Machine,
  summary: FunctionSummary,
  pool: CapturedFunction['pool'],
  withVpd: boolean,
  onRefused: (refusal: Error) => void,
): CapturedFunction {
  const { address, driver, iommuGroup } = summary;
  const { readVpd, ...facts } = machine.hostFacts?.(address) ?? NO_HOST_FACTS;
  const unreadable = [...summary.unreadable];
  const attempt = <Result>(what: string, action: () => Result): Result | Error => {
    try {
      return action();
    } catch (refusal) {
      if (!isRefusal(refusal)) throw refusal;
      unreadable.push({ what, why: reasonOf(refusal) });
      return refusal;
    }
  };
  const told = attempt('the function', () => {
    using fn = machine.open(address);
    const config = readConfig(fn.config, (offset, refusal) => {
      if (offset === 0) throw refusal;
      unreadable.push({
        what: `configuration space from 0x${offset.toString(16)} on`,
        why: reasonOf(refusal),
      });
    });
    const { regions, resetMethods, interruptLine } = fn;
    return { config, regions, resetMethods, interruptLine };
  });
  // Somebody else has it, or it went while the others were looked at.
  if (told instanceof Error) onRefused(told);
  const vpd = readVpd === undefined || !withVpd ? undefined : attempt('vital product data', readVpd);
  return {
    address,
    driver,
    iommuGroup,
    ...facts,
    // Firmware's words: they are shown as they are.
    label: facts.label === undefined ? undefined : visibleText(facts.label),
    physicalSlot: facts.physicalSlot === undefined ? undefined : visibleText(facts.physicalSlot),
    ...(told instanceof Error ? NOTHING_TOLD : told),
    vpd: vpd instanceof Error || vpd?.length === 0 ? undefined : vpd,
    pool,
    unreadable,
  };
}

/** A refusal of openslot, or an errno of what the machine asked. All else is a fault of ours. */
function isRefusal(cause: unknown): cause is Error {
  return cause instanceof OpenslotError || (cause instanceof Error && 'errno' in cause);
}

/**
 * By 4 bytes, as every bus carries them out in one cycle, and as far as it can be read.
 * `onRefused` is told where it ends before its size.
 */
export function readConfig(
  config: ConfigSpace,
  onRefused: (offset: number, refusal: OpenslotError) => void,
): Uint8Array {
  const { size } = config;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (let offset = 0; offset < size;) {
    // What was saved in a dump may end anywhere.
    const width = offset + 4 <= size ? 4 : 1;
    try {
      const value = config.read(offset, width);
      if (width === 4) view.setUint32(offset, value, true);
      else view.setUint8(offset, value);
    } catch (refusal) {
      if (!(refusal instanceof OpenslotError)) throw refusal;
      onRefused(offset, refusal);
      return bytes.slice(0, offset);
    }
    offset += width;
  }
  return bytes;
}
