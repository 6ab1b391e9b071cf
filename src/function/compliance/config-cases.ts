/** Cases of configuration space. */
import { CommandBit, Header } from '../../pci/index.js';
import type { ConfigWidth, PciFunction } from '../function.js';
import { equal, holds, refuses, withFunction } from './checks.js';
import type { ComplianceCase } from './subject.js';

const WIDTHS: readonly ConfigWidth[] = [1, 2, 4];

function config(name: string, changes: boolean, run: (fn: PciFunction) => void): ComplianceCase {
  return {
    name: `config: ${name}`,
    needs: changes ? ['configWrite'] : [],
    wants: [],
    changes,
    run: (subject) => {
      withFunction(subject, run);
    },
  };
}

export const configCases: readonly ComplianceCase[] = [
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
    const before = config.read(Header.command, 2);
    config.write(Header.command, 2, before ^ CommandBit.busMaster);
    const after = config.read(Header.command, 2);
    config.write(Header.command, 2, before);
    equal('changed bits', after ^ before, CommandBit.busMaster);
    equal('restored', config.read(Header.command, 2), before);
  }),
];
