/** Cases of regions: memory and ports. */
import type { PciFunction, Region } from '../function.js';
import { equal, holds, refuses, withFunction } from './checks.js';
import type { ComplianceCase, ComplianceSubject } from './subject.js';

/** Runs with decoding on, and an open region. */
function decoding(
  subject: ComplianceSubject,
  index: number,
  run: (region: Region, fn: PciFunction) => void,
): void {
  withFunction(subject, (enabled) => {
    enabled.setEnabled(true);
    try {
      withFunction(subject, (fn) => {
        run(fn.openRegion(index), fn);
      });
    } finally {
      enabled.setEnabled(false);
    }
  });
}

function memory(name: string, run: (region: Region, fn: PciFunction) => void): ComplianceCase {
  return {
    name: `region: ${name}`,
    needs: ['memoryRegions'],
    wants: ['memoryRegion'],
    // Decoding is switched on for the access.
    changes: true,
    run: (subject) => {
      if (subject.memoryRegion !== undefined) decoding(subject, subject.memoryRegion, run);
    },
  };
}

function ports(name: string, run: (region: Region, offset: number) => void): ComplianceCase {
  return {
    name: `ports: ${name}`,
    needs: ['ioRegions'],
    wants: ['ioRegion'],
    changes: true,
    run: (subject) => {
      const { ioRegion } = subject;
      if (ioRegion === undefined) return;
      decoding(subject, ioRegion.region, (region) => {
        run(region, ioRegion.offset);
      });
    },
  };
}

export const regionCases: readonly ComplianceCase[] = [
  {
    name: 'function: regions are powers of two, aligned, each index once',
    needs: [],
    wants: [],
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
    wants: [],
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
  memory('one value, whatever the view it is read through', (opened, fn) => {
    const again = fn.openRegion(opened.info.index);
    equal('32 bits at 0', again.read32(0), opened.read32(0));
    again.close();
    opened.read32(0);
  }),
  memory('refuses accesses that are not aligned or lie outside', (opened) => {
    const { size } = opened.info;
    refuses('read32 at 2', 'REGION_UNALIGNED', () => opened.read32(2));
    refuses('write16 at 1', 'REGION_UNALIGNED', () => {
      opened.write16(1, 0);
    });
    refuses('read32 at the end', 'REGION_OUT_OF_RANGE', () => opened.read32(size));
    refuses('read64 at the end', 'REGION_OUT_OF_RANGE', () => opened.read64(size));
    refuses('read8 at -1', 'REGION_OUT_OF_RANGE', () => opened.read8(-1));
  }),
  memory('refuses everything once it is closed', (opened) => {
    opened.read32(0);
    opened.close();
    opened.close();
    refuses('read', 'REGION_CLOSED', () => opened.read32(0));
    refuses('write', 'REGION_CLOSED', () => {
      opened.write32(0, 0);
    });
  }),
  memory('closing the function closes its regions', (opened, fn) => {
    fn.close();
    refuses('read', 'REGION_CLOSED', () => opened.read32(0));
  }),
  ports('each width reads what another wrote', (opened, offset) => {
    opened.write32(offset, 0x8765_4321);
    equal('32 bits', opened.read32(offset), 0x8765_4321);
    equal('low half', opened.read16(offset), 0x4321);
    equal('high half', opened.read16(offset + 2), 0x8765);
    opened.write16(offset + 2, 0xfedc);
    opened.write8(offset, 0x10);
    for (const [byte, value] of [0x10, 0x43, 0xdc, 0xfe].entries()) {
      equal(`byte ${byte}`, opened.read8(offset + byte), value);
    }
  }),
  ports('refuses accesses of 64 bits, unaligned ones and those outside', (opened) => {
    const { size } = opened.info;
    refuses('read64', 'REGION_REFUSED', () => opened.read64(0));
    refuses('write64', 'REGION_REFUSED', () => {
      opened.write64(0, 0n);
    });
    refuses('read16 at 1', 'REGION_UNALIGNED', () => opened.read16(1));
    refuses('write32 at the end', 'REGION_OUT_OF_RANGE', () => {
      opened.write32(size, 0);
    });
  }),
  ports('refuses everything once it is closed', (opened) => {
    opened.close();
    refuses('read', 'REGION_CLOSED', () => opened.read8(0));
    refuses('write', 'REGION_CLOSED', () => {
      opened.write8(0, 0);
    });
  }),
];
