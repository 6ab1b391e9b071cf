/** `pcictl list`: a line for each function that its scan finds. */
import { hexDigits, hexNumber, type PciNames } from '../../pci/index.js';
import { ANY } from './arguments.js';
import type { PcictlBus } from './bus.js';
import { classWords } from './class-words.js';

export interface ListChoice {
  /** {@link ANY} for all. */
  readonly bus: number;
  readonly device: number;
  readonly fn: number;
  /** `-n`: registers instead of names. */
  readonly numbers: boolean;
  /** `-N`: the driver behind each function that has one. */
  readonly drivers: boolean;
}

const ID = 0x00;
const CLASS = 0x08;
const HEADER = 0x0c;
const MULTIFUNCTION = 0x0080_0000;
/** Characters of pcictl's buffer for names. */
const LONGEST = 255;

/** Functions 1 to 7 are looked for where function 0 says that there are several. */
export function listText(bus: PcictlBus, choice: ListChoice, names: PciNames): string {
  let text = '';
  for (const busNumber of upTo(choice.bus, 0xff))
    for (const device of upTo(choice.device, 0x1f)) {
      const several = (bus.read(busNumber, device, 0, HEADER) & MULTIFUNCTION) !== 0;
      for (const fn of upTo(choice.fn, several ? 7 : 0)) {
        const id = bus.read(busNumber, device, fn, ID);
        // Nobody answered, or what answers is not there.
        if ((id & 0xffff) === 0xffff || (id & 0xffff) === 0) continue;
        const classRegister = bus.read(busNumber, device, fn, CLASS);
        const driver = choice.drivers ? bus.driver(busNumber, device, fn) : undefined;
        text += [
          `${String(busNumber).padStart(3, '0')}:${String(device).padStart(2, '0')}:${fn}: `,
          choice.numbers
            ? `${hexNumber(id, 8)} (${hexNumber(classRegister, 8)})`
            : deviceText(id, classRegister, names).slice(0, LONGEST),
          driver === undefined ? '\n' : ` [${driver}]\n`,
        ].join('');
      }
    }
  return text;
}

function upTo(chosen: number, last: number): readonly number[] {
  return chosen === ANY ? Array.from({ length: last + 1 }, (_, i) => i) : [chosen];
}

/** Vendor, product, and in parentheses the class, as far as there are names. */
function deviceText(id: number, classRegister: number, names: PciNames): string {
  const [vendor, product] = [id & 0xffff, id >>> 16];
  const [base, subclass] = [classRegister >>> 24, (classRegister >>> 16) & 0xff];
  const [programming, revision] = [(classRegister >>> 8) & 0xff, classRegister & 0xff];
  const words = classWords(base, subclass, programming);
  const kind =
    words.base === undefined
      ? `class ${hexNumber(base, 2)}, subclass ${hexNumber(subclass, 2)}`
      : words.subclass === undefined
        ? `${words.base}, subclass ${hexNumber(subclass, 2)}`
        : `${words.subclass} ${words.base}`;
  const about = [
    kind,
    words.interface ?? (programming === 0 ? '' : `interface ${hexNumber(programming, 2)}`),
    revision === 0 ? '' : `revision ${hexNumber(revision, 2)}`,
  ];
  const maker = names.vendor(vendor) ?? `vendor ${hexDigits(vendor, 4)}`;
  const what = names.device(vendor, product) ?? `product ${hexDigits(product, 4)}`;
  return `${maker} ${what} (${about.filter((part) => part !== '').join(', ')})`;
}
