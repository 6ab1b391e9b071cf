/** The two variables by which FreeBSD's kernel keeps functions from their drivers, each with its own grammar. */
import { hexDigits, notations, PciAddress } from '../../pci/index.js';
import type { ByteText } from '../boot-file.js';

/** Characters of a variable's value that every kernel takes (KENV_MVALLEN). */
export const LONGEST_VALUE = 128;

/** An entry of a list, at its place in the value. */
export interface ListedFunction {
  readonly start: number;
  readonly text: ByteText;
  /** The function that the kernel finds by it; undefined where it finds none. */
  readonly address: PciAddress | undefined;
  /** Why it finds none, or not what is meant. */
  readonly fault: ListFault | undefined;
}

export type ListFault = 'form' | 'range' | 'rest-lost';

export interface FunctionList {
  /** The variables that are read. */
  readonly variables: readonly string[];
  /** What must be loaded by the loader for it. */
  readonly module: string;
  readonly separator: string;
  read(value: ByteText): readonly ListedFunction[];
  /** Undefined where the list has no way to name the function. */
  write(address: PciAddress): string | undefined;
}

function addressOf(numbers: readonly number[]): PciAddress | undefined {
  const [domain = 0, bus = 0, device = 0, fn = 0] = numbers;
  const inRange = domain <= 0xffff && bus <= 0xff && device <= 0x1f && fn <= 7;
  return inRange ? new PciAddress(domain, bus, device, fn) : undefined;
}

/**
 * Of proto(4): names between commas, compared character by character with those of the functions: decimal, not padded
 * (sys/dev/proto). What begins otherwise than with `pci` is of another bus.
 */
export const protoList: FunctionList = {
  variables: ['hw.proto.attach'],
  module: 'proto',
  separator: ',',
  read: (value) =>
    entries(value, ',').flatMap(({ start, text }): ListedFunction[] => {
      if (/^isa:0x[0-9a-f]+$/.test(text) || text === '') return [];
      const decimal = '(0|[1-9][0-9]{0,5})';
      const found = new RegExp(`^pci${[decimal, decimal, decimal, decimal].join(':')}$`).exec(text);
      if (found === null) return [{ start, text, address: undefined, fault: 'form' }];
      const address = addressOf(found.slice(1).map(Number));
      return [{ start, text, address, fault: address === undefined ? 'range' : undefined }];
    }),
  write: (address) => notations.proto.format(address),
};

/**
 * Of bhyve's ppt: `bus/slot/function` between spaces, each read by sscanf (sys/amd64/vmm): what stands behind the three
 * numbers is lost up to the next space. There is no domain.
 */
export const pptList: FunctionList = {
  variables: ['pptdevs', 'pptdevs2', 'pptdevs3'],
  module: 'vmm',
  separator: ' ',
  read: (value) =>
    entries(value, ' ').flatMap(({ start, text }): ListedFunction[] => {
      if (text === '') return [];
      const found = /^[\t-\r]*([+-]?\d+)\/[\t-\r]*([+-]?\d+)\/[\t-\r]*([+-]?\d+)/.exec(text);
      if (found === null) return [{ start, text, address: undefined, fault: 'form' }];
      const numbers = found.slice(1).map(Number);
      const address = numbers.some((number) => number < 0) ? undefined : addressOf([0, ...numbers]);
      const fault = address === undefined ? 'range' : found[0] === text ? undefined : 'rest-lost';
      return [{ start, text, address, fault }];
    }),
  write: (address) => (address.domain === 0 ? notations.ppt.format(address) : undefined),
};

function entries(value: ByteText, separator: string): readonly { start: number; text: ByteText }[] {
  let start = 0;
  return value.split(separator).map((text) => {
    const entry = { start, text };
    start += text.length + separator.length;
    return entry;
  });
}

/** The form that an entry should have, for who wrote another. */
export function expectedForm(list: FunctionList, { text }: ListedFunction): string {
  const hex = /^(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])$/i.exec(text.trim());
  const [, domain = '0', bus, device, fn] = hex ?? [];
  const address =
    bus === undefined || device === undefined || fn === undefined
      ? undefined
      : addressOf([domain, bus, device, fn].map((digits) => Number.parseInt(digits, 16)));
  const example = address === undefined ? undefined : list.write(address);
  if (example !== undefined && address !== undefined)
    return `${hexDigits(address.bus, 2)}:${hexDigits(address.device, 2)}.${address.function} is ${example} here`;
  return list === protoList ? 'pci0:10:0:0, decimal, without zeros in front' : '10/0/0, decimal';
}
