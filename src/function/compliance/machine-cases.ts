/** Cases of enumeration and of functions as such. */
import { Header, PciAddress } from '../../pci/index.js';
import { decodeBits } from '../command.js';
import { equal, holds, refuses, withFunction } from './checks.js';
import type { ComplianceCase } from './subject.js';

export const machineCases: readonly ComplianceCase[] = [
  {
    name: 'machine: lists the function once, in order of address, as config space has it',
    needs: [],
    wants: [],
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
    name: 'machine: tells the IOMMU group of the function, each time the same',
    needs: ['iommuGroups'],
    wants: [],
    changes: false,
    run: ({ machine, address }) => {
      const group = () => machine.list().find((entry) => entry.address.equals(address))?.iommuGroup;
      const first = group();
      holds('it is in a group', first !== undefined);
      equal('its group', group(), first);
    },
  },
  {
    name: 'function: is on an interrupt line only where it has a pin',
    needs: [],
    wants: [],
    changes: false,
    run: (subject) => {
      withFunction(subject, (fn) => {
        const pin = fn.config.read(Header.interruptPin, 1);
        if (pin === 0) equal('interrupt line', fn.interruptLine, undefined);
      });
    },
  },
  {
    name: 'machine: refuses a function that is not there',
    needs: [],
    wants: [],
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
  {
    name: 'function: decoding follows setEnabled',
    needs: ['configWrite'],
    wants: [],
    changes: true,
    run: (subject) => {
      withFunction(subject, (fn) => {
        fn.setEnabled(true);
        const wanted = decodeBits(fn.regions);
        equal('decode bits', fn.config.read(Header.command, 2) & wanted, wanted);
        fn.setEnabled(false);
      });
    },
  },
  {
    name: 'function: closing ends access, and twice does no harm',
    needs: [],
    wants: [],
    changes: false,
    run: ({ machine, address }) => {
      const fn = machine.open(address);
      fn.close();
      fn.close();
      refuses('read after close', 'CONFIG_REFUSED', () => fn.config.read(0, 2));
    },
  },
  {
    name: 'function: closing one view leaves another one open',
    needs: [],
    wants: [],
    changes: false,
    run: (subject) => {
      withFunction(subject, (fn) => {
        const vendor = fn.config.read(0, 2);
        subject.machine.open(subject.address).close();
        equal('vendor', fn.config.read(0, 2), vendor);
      });
    },
  },
];
