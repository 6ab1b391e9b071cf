/** QEMU's edu as a subject of the compliance suite: the same device is simulated, in QEMU and in the lab. */
import type { PciAddress } from '../../pci/index.js';
import type { PciFunction, Region } from '../function.js';
import type { Machine } from '../machine.js';
import type { ComplianceSubject, DmaStimulus, InterruptStimulus } from './subject.js';

/** Registers of its BAR 0 (QEMU, docs/specs/edu.rst). */
const RAISE = 0x60;
const ACKNOWLEDGE = 0x64;
const DMA_SOURCE = 0x80;
const DMA_DESTINATION = 0x88;
const DMA_COUNT = 0x90;
const DMA_COMMAND = 0x98;
const RUN = 1;
const TO_MEMORY = 2;
/** Where the DMA registers see its buffer. */
const BUFFER = 0x4_0000n;
const BUFFER_BYTES = 4096;
/** Reads of the command register between two turns of the event loop. */
const POLLS = 1_000;
/** A transfer takes 100 ms; one that takes this many turns of the loop does not end. */
const TURNS = 10_000;

function interrupt(fn: PciFunction): InterruptStimulus {
  const region = fn.openRegion(0);
  return {
    raise: () => {
      region.write32(RAISE, 1);
    },
    quiet: () => {
      region.write32(ACKNOWLEDGE, 0xffff_ffff);
    },
  };
}

async function transfer(
  region: Region,
  source: bigint,
  destination: bigint,
  bytes: number,
  command: number,
): Promise<void> {
  region.write64(DMA_SOURCE, source);
  region.write64(DMA_DESTINATION, destination);
  region.write64(DMA_COUNT, BigInt(bytes));
  region.write64(DMA_COMMAND, BigInt(RUN | command));
  for (let turn = 0; turn < TURNS; turn++) {
    for (let poll = 0; poll < POLLS; poll++) if ((region.read32(DMA_COMMAND) & RUN) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error('the transfer of edu does not end');
}

function dma(fn: PciFunction): DmaStimulus {
  const region = fn.openRegion(0);
  return {
    bytes: BUFFER_BYTES,
    copy: async (from, to, bytes) => {
      await transfer(region, from, BUFFER, bytes, 0);
      await transfer(region, BUFFER, to, bytes, TO_MEMORY);
    },
  };
}

/** @param address of a function that is an edu (1234:11e8). */
export function eduSubject(machine: Machine, address: PciAddress): ComplianceSubject {
  return { machine, address, memoryRegion: 0, intx: interrupt, msi: interrupt, dma };
}
