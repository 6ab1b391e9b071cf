/** The cases of the compliance suite. Each opens what it needs, checks, and puts back what it changed. */
import { OpenslotError, PciAddress } from '../../pci/index.js';
import type { ConfigWidth, PciFunction, Region } from '../function.js';
import type { Machine, MachineCapabilities } from '../machine.js';

/** One function of a machine that the cases may use. */
export interface ComplianceSubject {
  readonly machine: Machine;
  readonly address: PciAddress;
  /** Index of a memory region whose reads have no side effect, where there is one. */
  readonly memoryRegion?: number;
}

export interface ComplianceCase {
  readonly name: string;
  /** Capabilities that a machine must declare for the case to apply. */
  readonly needs: readonly (keyof MachineCapabilities)[];
  /** Changes the function for a moment; such cases are for functions that nobody uses. */
  readonly changes: boolean;
  readonly run: (subject: ComplianceSubject) => void | Promise<void>;
}

/** A machine does not do what the port demands. */
export class ComplianceFailure extends Error {}

function equal<T>(what: string, actual: T, expected: T): void {
  if (!Object.is(actual, expected)) {
    throw new ComplianceFailure(`${what}: expected ${String(expected)}, got ${String(actual)}`);
  }
}

function holds(what: string, condition: boolean): void {
  if (!condition) throw new ComplianceFailure(what);
}

function refuses(what: string, code: string, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    equal(`${what}: code`, error instanceof OpenslotError ? error.code : String(error), code);
    return;
  }
  throw new ComplianceFailure(`${what}: was not refused with ${code}`);
}

function withFunction<T>({ machine, address }: ComplianceSubject, use: (fn: PciFunction) => T): T {
  const fn = machine.open(address);
  try {
    return use(fn);
  } finally {
    fn.close();
  }
}

const WIDTHS: readonly ConfigWidth[] = [1, 2, 4];
const COMMAND = 0x04;
const BUS_MASTER = 0x0004;
const DECODE = 0x0003;

function config(name: string, changes: boolean, run: (fn: PciFunction) => void): ComplianceCase {
  return {
    name: `config: ${name}`,
    needs: changes ? ['configWrite'] : [],
    changes,
    run: (subject) => {
      withFunction(subject, run);
    },
  };
}

function region(name: string, run: (region: Region, fn: PciFunction) => void): ComplianceCase {
  return {
    name: `region: ${name}`,
    needs: ['memoryRegions'],
    // Decoding is switched on for the access.
    changes: true,
    run: (subject) => {
      const index = subject.memoryRegion;
      if (index === undefined) return;
      withFunction(subject, (decoding) => {
        decoding.setEnabled(true);
        try {
          withFunction(subject, (fn) => {
            run(fn.openRegion(index), fn);
          });
        } finally {
          decoding.setEnabled(false);
        }
      });
    },
  };
}

export const COMPLIANCE_CASES: readonly ComplianceCase[] = [
  {
    name: 'machine: lists the function once, in order of address, as config space has it',
    needs: [],
    changes: false,
    run: (subject) => {
      const list = subject.machine.list();
      const own = list.filter(({ address }) => address.equals(subject.address));
      equal('entries of the function', own.length, 1);
      for (const [index, entry] of list.entries()) {
        const before = list[index - 1];
        if (before !== undefined) holds('addresses ascend', before.address.sbdf < entry.address.sbdf);
      }
      withFunction(subject, (fn) => {
        equal('vendor', own[0]?.vendor, fn.config.read(0, 2));
        equal('class', own[0]?.classCode, fn.config.read(8, 4) >>> 8);
      });
    },
  },
  {
    name: 'machine: refuses a function that is not there',
    needs: [],
    changes: false,
    run: ({ machine }) => {
      const taken = new Set(machine.list().map(({ address }) => address.sbdf));
      for (let devfn = 255; devfn >= 0; devfn--) {
        const address = PciAddress.fromDevfn(0xffff, 0xff, devfn);
        if (taken.has(address.sbdf)) continue;
        refuses('open', 'FUNCTION_NOT_FOUND', () => machine.open(address));
        return;
      }
    },
  },
  config('one value, whatever the width it is read with', false, ({ config }) => {
    // Identification, class and subsystem do not change between two reads.
    for (const offset of [0x00, 0x08, 0x2c]) {
      const whole = config.read(offset, 4);
      for (let byte = 0; byte < 4; byte++) {
        equal(`byte ${offset + byte}`, config.read(offset + byte, 1), (whole >>> (byte * 8)) & 0xff);
      }
      equal('low half', config.read(offset, 2), whole & 0xffff);
      equal('high half', config.read(offset + 2, 2), whole >>> 16);
    }
  }),
  config('refuses accesses that are not aligned, of both directions', false, ({ config }) => {
    for (const [offset, width] of [
      [1, 2],
      [1, 4],
      [2, 4],
      [3, 2],
    ] as const) {
      refuses(`read ${width} at ${offset}`, 'CONFIG_UNALIGNED', () => config.read(offset, width));
      refuses(`write ${width} at ${offset}`, 'CONFIG_UNALIGNED', () => {
        config.write(offset, width, 0);
      });
    }
  }),
  config('refuses accesses past its size, of both directions', false, ({ config }) => {
    holds('size is one that PCI knows', [64, 128, 256, 4096].includes(config.size));
    for (const width of WIDTHS) {
      for (const offset of [config.size, config.size + width, -width]) {
        refuses(`read ${width} at ${offset}`, 'CONFIG_OUT_OF_RANGE', () => config.read(offset, width));
        refuses(`write ${width} at ${offset}`, 'CONFIG_OUT_OF_RANGE', () => {
          config.write(offset, width, 0);
        });
      }
      config.read(config.size - width, width);
    }
  }),
  config('identification ignores writes', true, ({ config }) => {
    const before = config.read(0, 4);
    config.write(0, 4, ~before >>> 0);
    equal('vendor and device', config.read(0, 4), before);
  }),
  config('Command takes a write of its own width and keeps its other bits', true, ({ config }) => {
    const before = config.read(COMMAND, 2);
    config.write(COMMAND, 2, before ^ BUS_MASTER);
    const after = config.read(COMMAND, 2);
    config.write(COMMAND, 2, before);
    equal('changed bits', after ^ before, BUS_MASTER);
    equal('restored', config.read(COMMAND, 2), before);
  }),
  {
    name: 'function: decoding follows setEnabled',
    needs: ['configWrite'],
    changes: true,
    run: (subject) => {
      withFunction(subject, (fn) => {
        fn.setEnabled(true);
        const wanted = fn.regions.reduce(
          (bits, { kind, index }) => (index > 5 ? bits : bits | (kind === 'io' ? 1 : 2)),
          0,
        );
        equal('decode bits', fn.config.read(COMMAND, 2) & DECODE & wanted, wanted);
        fn.setEnabled(false);
      });
    },
  },
  {
    name: 'function: closing ends access, and twice does no harm',
    needs: [],
    changes: false,
    run: ({ machine, address }) => {
      const fn = machine.open(address);
      fn.close();
      fn.close();
      refuses('read after close', 'CONFIG_REFUSED', () => fn.config.read(0, 2));
    },
  },
  {
    name: 'function: regions are powers of two, aligned, each index once',
    needs: [],
    changes: false,
    run: (subject) => {
      withFunction(subject, ({ regions }) => {
        equal('indexes', new Set(regions.map(({ index }) => index)).size, regions.length);
        for (const { index, size, address } of regions) {
          holds(`region ${index} is a power of two`, size > 0 && Number.isInteger(Math.log2(size)));
          equal(`region ${index} is aligned`, address % BigInt(size), 0n);
        }
      });
    },
  },
  {
    name: 'function: refuses regions that it does not have',
    needs: [],
    changes: false,
    run: (subject) => {
      withFunction(subject, (fn) => {
        for (let index = 0; index < 8; index++) {
          if (fn.regions.some((info) => info.index === index)) continue;
          refuses(`region ${index}`, 'REGION_ABSENT', () => fn.openRegion(index));
        }
      });
    },
  },
  region('refuses accesses that are not aligned or lie outside', (opened) => {
    const { size } = opened.info;
    refuses('read32 at 2', 'REGION_UNALIGNED', () => opened.read32(2));
    refuses('write16 at 1', 'REGION_UNALIGNED', () => {
      opened.write16(1, 0);
    });
    refuses('read32 at the end', 'REGION_OUT_OF_RANGE', () => opened.read32(size));
    refuses('read64 before the end', 'REGION_OUT_OF_RANGE', () => opened.read64(size));
    refuses('read8 at -1', 'REGION_OUT_OF_RANGE', () => opened.read8(-1));
  }),
  region('refuses everything once it is closed', (opened) => {
    opened.read32(0);
    opened.close();
    opened.close();
    refuses('read', 'REGION_CLOSED', () => opened.read32(0));
    refuses('write', 'REGION_CLOSED', () => {
      opened.write32(0, 0);
    });
  }),
  region('closing the function closes its regions', (opened, fn) => {
    fn.close();
    refuses('read', 'REGION_CLOSED', () => opened.read32(0));
  }),
  {
    name: 'function: reset uses the first method and keeps the configuration',
    needs: ['reset'],
    changes: true,
    run: async ({ machine, address }) => {
      const fn = machine.open(address);
      try {
        const methods = fn.resetMethods;
        if (methods.length === 0) {
          await fn.reset().then(
            () => holds('reset without a method was done', false),
            (error: unknown) => {
              equal('code', error instanceof OpenslotError ? error.code : String(error), 'RESET_UNAVAILABLE');
            },
          );
          return;
        }
        const before = fn.config.read(0x10, 4);
        equal('method', await fn.reset(), methods[0]);
        equal('BAR0', fn.config.read(0x10, 4), before);
      } finally {
        fn.close();
      }
    },
  },
];
