/**
 * An honest guest: drives each of its functions in rounds, always the same way, and reports a digest of everything that
 * it has seen so far: configuration space, registers, DMA and interrupts.
 */
import { createHash } from 'node:crypto';
import { changeCommand, type InterruptSource, type PciFunction } from 'openslot/function';
import type { Guest } from 'openslot/guest';
import { CapabilityId, capabilityOffsets, CommandBit } from 'openslot/pci';
import { Random } from '../xen/store/comparison/random.js';
import { followRounds } from './rounds.js';

/** One function of a kind that the program knows. */
interface Driver {
  round(random: Random, see: (what: string, value: unknown) => void): Promise<void>;
}

/** Parity error response, in Command. */
const PARITY = 0x0040;
const TRANSFER = 4096;
const LONGEST_WAIT_MS = 60_000;

/** Exactly one interrupt; a second one would be somebody else's. */
function waitForOne(stream: ReturnType<NonNullable<PciFunction['interrupts']>['open']>): number {
  return (stream.wait(LONGEST_WAIT_MS)?.count ?? 0) + (stream.wait(0)?.count ?? 0);
}

function open(fn: PciFunction, source: InterruptSource) {
  if (fn.interrupts === undefined) throw new Error('no interrupts');
  return fn.interrupts.open(source);
}

function allocate(fn: PciFunction, bytes: number) {
  if (fn.dma === undefined) throw new Error('no DMA');
  return fn.dma.allocate(bytes);
}

/** edu: liveness, a factorial, and a transfer to its buffer and back, each told by a message. */
async function edu(fn: PciFunction): Promise<Driver> {
  const region = fn.openRegion(0);
  const stream = open(fn, { kind: 'msi', vector: 0 });
  const [from, to] = [await allocate(fn, TRANSFER), await allocate(fn, TRANSFER)];
  const transfer = (source: bigint, destination: bigint, command: bigint): number => {
    region.write64(0x80, source);
    region.write64(0x88, destination);
    region.write64(0x90, BigInt(TRANSFER));
    region.write64(0x98, command);
    const interrupts = waitForOne(stream);
    region.write32(0x64, region.read32(0x24));
    return interrupts;
  };
  return {
    round: async (random, see) => {
      const number = random.below(0x1_0000_0000);
      region.write32(0x04, number);
      see('liveness', region.read32(0x04));
      region.write32(0x08, random.below(34));
      while ((region.read32(0x20) & 1) !== 0);
      see('factorial', region.read32(0x08));
      for (let index = 0; index < TRANSFER; index++) from.bytes[index] = random.below(256);
      see('interrupts to', transfer(from.iova, 0x4_0000n, 5n));
      see('interrupts from', transfer(0x4_0000n, to.iova, 7n));
      see('bytes', createHash('sha256').update(to.bytes).digest('hex'));
      return Promise.resolve();
    },
  };
}

/** The timer of `multi`: one period, one message. */
function timer(fn: PciFunction): Driver {
  const region = fn.openRegion(0);
  const stream = open(fn, { kind: 'msi', vector: 0 });
  return {
    round: async (random, see) => {
      region.write32(0x00, 1000 + random.below(50_000));
      region.write32(0x04, 5);
      see('interrupts', waitForOne(stream));
      see('periods', region.read32(0x10));
      region.write32(0x0c, 1);
      see('status', region.read32(0x0c));
      return Promise.resolve();
    },
  };
}

/** The copier of `multi`: one copy in memory, told by its first vector. */
async function copier(fn: PciFunction): Promise<Driver> {
  const region = fn.openRegion(0);
  const stream = open(fn, { kind: 'msix', vector: 0 });
  const [from, to] = [await allocate(fn, TRANSFER), await allocate(fn, TRANSFER)];
  return {
    round: async (random, see) => {
      for (let index = 0; index < TRANSFER; index++) from.bytes[index] = random.below(256);
      for (const [offset, address] of [
        [0x00, from.iova],
        [0x08, to.iova],
      ] as const) {
        region.write32(offset, Number(address & 0xffff_ffffn));
        region.write32(offset + 4, Number(address >> 32n));
      }
      region.write32(0x10, TRANSFER);
      region.write32(0x18, 3);
      region.write32(0x14, 3);
      see('interrupts', waitForOne(stream));
      see('status', region.read32(0x18));
      see('bytes', createHash('sha256').update(to.bytes).digest('hex'));
      return Promise.resolve();
    },
  };
}

const DRIVERS: Readonly<Record<string, (fn: PciFunction) => Driver | Promise<Driver>>> = {
  '1234:11e8': edu,
  timer,
  copier,
};

/** Models of this machine's own have identities that say their kind by the class. */
const BY_CLASS: Readonly<Record<number, string>> = { 0x080200: 'timer', 0x080100: 'copier' };

function driverOf(fn: PciFunction): Driver | Promise<Driver> {
  const hex = (offset: number) => fn.config.read(offset, 2).toString(16);
  const name = BY_CLASS[fn.config.read(0x08, 4) >>> 8] ?? `${hex(0)}:${hex(2)}`;
  const make = DRIVERS[name];
  if (make === undefined) throw new Error(`no driver for ${name}`);
  return make(fn);
}

/** Reads all of the header and capabilities, and writes what a driver writes. */
function configuration(
  { config }: PciFunction,
  random: Random,
  see: (what: string, value: unknown) => void,
): void {
  config.write(0x0c, 1, random.below(256));
  changeCommand(config, random.oneIn(2) ? PARITY : 0, PARITY);
  const bar = config.read(0x10, 4);
  config.write(0x10, 4, 0xffff_ffff);
  see('size', config.read(0x10, 4));
  config.write(0x10, 4, bar);
  // Whichever number the hypervisor gave its message depends on what others have.
  const message = capabilityOffsets(config).get(CapabilityId.msi);
  for (let offset = 0; offset < 256; offset += 4)
    if (message === undefined || offset <= message || offset > message + 12)
      see(`at ${offset}`, config.read(offset, 4));
}

export default async function honest({ xpci, store, arguments: [seed = '1'] }: Guest): Promise<void> {
  await xpci.connected();
  const random = new Random(Number(seed));
  const functions: { readonly fn: PciFunction; readonly driver: Driver }[] = [];
  for (const { address } of xpci.list()) {
    const fn = xpci.open(address);
    fn.setEnabled(true);
    changeCommand(fn.config, CommandBit.busMaster);
    functions.push({ fn, driver: await driverOf(fn) });
  }
  const digest = createHash('sha256');
  await followRounds(store, async () => {
    for (const { fn, driver } of functions) {
      const see = (what: string, value: unknown) => {
        digest.update(`${String(fn.address)} ${what} ${String(value)}\n`);
      };
      configuration(fn, random, see);
      await driver.round(random, see);
    }
    return digest.copy().digest('hex');
  });
}
