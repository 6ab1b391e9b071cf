/** Devices that tests hand over, on the root bus of a simulated machine: a disk that has everything, QEMU's edu and testdev. */
import { PciAddress } from '../../src/pci/index.js';
import {
  SimMachine,
  type FunctionShape,
  type OwnRegister,
  type SlotDescription,
} from '../../src/machines/sim/index.js';
import { ProbeKind, type Probe } from '../machines/sim/probe.js';

/** One function of the machine. */
export interface Device {
  readonly address: PciAddress;
  /** Undefined: it is the simulator's own edu. */
  readonly shape: FunctionShape | undefined;
  /** Where firmware puts its regions, by BAR. */
  readonly regions: Readonly<Record<number, { readonly address: number }>>;
  /** The host driver that has it at the start. */
  readonly driver?: string;
}

/**
 * A line is 16 plus the device number: the disk has line 24, edu 21 (0x15), as in QEMU. Device 18h shares the disk's.
 */
const LINES = 16;

/** Offsets of the disk's capabilities. */
export const DISK_AT = { pm: 0x40, msi: 0x48, msix: 0x58, vpd: 0x64, express: 0x6c } as const;
export const DISK_LINE = 24;
export const EDU_LINE = 21;
export const DISK_VECTORS = 17;

/**
 * More than the simulator does, so that a policy has something to hide: every bit of Command, wake-up events from every
 * state with one that is pending, D1 and D2.
 */
const DISK_OWN: readonly OwnRegister[] = [
  { name: 'command', offset: 4, width: 2, writable: 0x07ff },
  { name: 'pmc', offset: DISK_AT.pm + 2, width: 2, initial: 0xfe03 },
  { name: 'pmcsr', offset: DISK_AT.pm + 4, width: 2, initial: 0x8000, writable: 0x1f03, clearable: 0x8000 },
];

const DISK_SHAPE: FunctionShape = {
  vendor: 0x1b36,
  device: 0x0010,
  subsystemVendor: 0x1af4,
  subsystemDevice: 0x1100,
  classCode: 0x010802,
  revision: 1,
  regions: [
    { index: 0, kind: 'memory', size: 0x4000, wide: true },
    { index: 2, kind: 'io', size: 0x20 },
  ],
  pin: 1,
  msi: { vectors: 1 },
  msix: { vectors: DISK_VECTORS, region: 0, table: 0x2000, pending: 0x3000 },
  powerManagement: true,
  vpd: Uint8Array.of(0x82, 4, 0, 0x64, 0x69, 0x73, 0x6b, 0x78),
  registers: DISK_OWN,
};

/** A storage controller with every capability; conventional, reset by its power state, unless `change` says otherwise. */
export function disk(address = new PciAddress(0, 0, 8, 0), change: Partial<FunctionShape> = {}): Device {
  return {
    address,
    shape: { ...DISK_SHAPE, ...change },
    regions: address.devfn === 0x40 ? { 0: { address: 0xfebd_0000 }, 2: { address: 0xc100 } } : {},
  };
}

/** The same with PCI Express: 4096 bytes of configuration space with an extended capability, and function level reset. */
export function expressDisk(): Device {
  return disk(undefined, {
    express: { flr: true },
    registers: [...DISK_OWN, { name: 'aer.header', offset: 0x100, width: 4, initial: 0x1402_0001 }],
  });
}

/** Where the recording of Linux's own back end shows it: one BAR of 1 MiB, MSI at 40h. No reset. */
export function edu(): Device {
  return { address: new PciAddress(0, 0, 5, 0), shape: undefined, regions: { 0: { address: 0xfea0_0000 } } };
}

/** QEMU's pci-testdev, of the same recording: a memory and an I/O BAR, no capability, no interrupt, no reset. */
export function testdev(
  address = new PciAddress(0, 0, 6, 0),
  regions: Device['regions'] = { 0: { address: 0xfeb8_b000 }, 1: { address: 0xc000 } },
  change: Partial<FunctionShape> = {},
): Device {
  const shape: FunctionShape = {
    vendor: 0x1b36,
    device: 0x0005,
    subsystemVendor: 0x1af4,
    subsystemDevice: 0x1100,
    classCode: 0x00ff00,
    revision: 0,
    regions: [
      { index: 0, kind: 'memory', size: 0x1000 },
      { index: 1, kind: 'io', size: 0x100 },
    ],
    ...change,
  };
  return { address, shape, regions };
}

/** One write that reached a function's registers, whoever made it. */
export interface HardwareWrite {
  readonly offset: number;
  readonly width: number;
  readonly value: number;
}

/** The machine with what a test wants to see of its devices. */
export class DeviceMachine {
  readonly machine: SimMachine;
  readonly devices: readonly Device[];
  readonly #probes = new Map<number, Probe>();
  readonly #writes = new Map<number, HardwareWrite[]>();

  constructor(devices: readonly Device[]) {
    this.devices = devices;
    const shaped = devices.flatMap(({ address, shape }) => (shape === undefined ? [] : [{ address, shape }]));
    const kind = new ProbeKind(
      Object.fromEntries(shaped.map(({ address, shape }) => [String(address), [shape]])),
    );
    const slots = devices.map(({ address, shape, regions, driver }): SlotDescription => {
      const { device, function: fn } = address;
      return {
        slot: `${device.toString(16).padStart(2, '0')}.${fn}`,
        ...(shape === undefined ? { model: 'edu' } : { model: 'probe', options: { shape: String(address) } }),
        regions,
        ...(driver === undefined ? {} : { driver }),
      };
    });
    this.machine = new SimMachine(
      { lines: LINES, drivers: ['nvme'], roots: [{ slots }] },
      { kinds: [kind], clock: 'manual' },
    );
    for (const [index, { address }] of shaped.entries()) this.#probes.set(address.sbdf, kind.probe(index));
    for (const { address } of devices) {
      const writes: HardwareWrite[] = [];
      this.#writes.set(address.sbdf, writes);
      this.machine.watchConfig(address, (offset, width, value) => writes.push({ offset, width, value }));
    }
  }

  /** The model behind a function: raises its interrupts, and counts its resets. */
  probe(address: PciAddress): Probe {
    const probe = this.#probes.get(address.sbdf);
    if (probe === undefined) throw new Error(`${address} is no probe`);
    return probe;
  }

  /** Every write to its configuration space since the start, or since the test emptied the list. */
  writes(address: PciAddress): HardwareWrite[] {
    return this.#writes.get(address.sbdf) ?? [];
  }

  /** What a register of the hardware holds. */
  held(address: PciAddress, offset: number, width: 1 | 2 | 4): number {
    using fn = this.machine.open(address);
    return fn.config.read(offset, width);
  }
}
