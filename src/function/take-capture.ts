/**
 * Taking a capture of a machine through the port: every register of configuration space read once. Nothing is written
 * but addresses of vital product data, where that is wanted, the host has no other way, and nobody has the function.
 */
import { bytesReader, OpenslotError, reasonOf, visibleText, type PciAddress } from '../pci/index.js';
import type { Capture, CapturedFunction } from './capture.js';
import type { ConfigSpace } from './function.js';
import { FunctionNotFoundError, isRefusal } from './errors.js';
import { NO_HOST_FACTS } from './host-facts.js';
import type { FunctionSummary, Machine } from './machine.js';
import { NO_PRODUCT_DATA, productData } from './product-data.js';

export interface CaptureOptions {
  /** All functions where absent. */
  readonly addresses?: readonly PciAddress[];
  /** False: without vital product data, which may take a second each to be read. */
  readonly vpd?: boolean;
  /** Who uses a function, in words (`driver nvme`), undefined where nobody does; where absent its host driver does. */
  readonly user?: (summary: FunctionSummary) => string | undefined;
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
  { addresses, pool, vpd = true, user = hostDriver }: CaptureOptions = {},
): Capture {
  const { saved } = machine;
  if (saved !== undefined) {
    const functions = chosen(saved.functions, addresses, machine.name);
    return addresses === undefined ? saved : { ...saved, functions };
  }
  const taken = new Date();
  const refusals: Error[] = [];
  const functions = chosen(machine.list(), addresses, machine.name).map((summary) =>
    captureFunction(
      machine,
      summary,
      { pool: pool?.(summary.address), vpd, user: vpd ? user(summary) : undefined },
      (refusal) => refusals.push(refusal),
    ),
  );
  const [first] = refusals;
  if (first !== undefined && refusals.length === functions.length) throw first;
  return { machine: machine.name, taken, functions };
}

function hostDriver({ driver }: FunctionSummary): string | undefined {
  return driver === undefined ? undefined : `driver ${driver}`;
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
type Told = Pick<CapturedFunction, 'config' | 'regions' | 'resetMethods' | 'interruptLine' | 'vpd'>;

const NOTHING_TOLD: Told = {
  config: new Uint8Array(),
  regions: undefined,
  resetMethods: undefined,
  interruptLine: undefined,
  vpd: undefined,
};

/** What is asked of one function, and known of it. */
interface Asked extends Pick<CapturedFunction, 'pool'> {
  readonly vpd: boolean;
  readonly user: string | undefined;
}

/** `onRefused`: it could not be opened, or nothing of its configuration space could be read. */
function captureFunction(
  machine: Machine,
  summary: FunctionSummary,
  { pool, vpd, user }: Asked,
  onRefused: (refusal: Error) => void,
): CapturedFunction {
  const { address, driver, iommuGroup } = summary;
  const { readVpd, ...facts } = machine.hostFacts?.(address) ?? NO_HOST_FACTS;
  const unreadable = [...summary.unreadable];
  const read = (): Told => {
    using fn = machine.open(address);
    const config = readConfig(fn.config, (offset, refusal) => {
      if (offset === 0) throw refusal;
      unreadable.push({
        what: `configuration space from 0x${offset.toString(16)} on`,
        why: reasonOf(refusal),
      });
    });
    const { regions, resetMethods, interruptLine } = fn;
    const registers = bytesReader(config);
    const data = vpd ? productData(machine, fn, { registers, readVpd, user }) : NO_PRODUCT_DATA;
    unreadable.push(...data.unreadable);
    return { config, regions, resetMethods, interruptLine, vpd: data.bytes };
  };
  let told = NOTHING_TOLD;
  try {
    told = read();
  } catch (refusal) {
    // Somebody else has it, or it went while the others were looked at.
    if (!isRefusal(refusal)) throw refusal;
    unreadable.push({ what: 'the function', why: reasonOf(refusal) });
    onRefused(refusal);
  }
  // Firmware's words: they are shown as they are.
  const label = facts.label === undefined ? undefined : visibleText(facts.label);
  const physicalSlot = facts.physicalSlot === undefined ? undefined : visibleText(facts.physicalSlot);
  return { address, driver, iommuGroup, ...facts, label, physicalSlot, ...told, pool, unreadable };
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
