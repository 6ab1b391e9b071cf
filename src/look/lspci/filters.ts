/** lspci's two filters: of places (`-s`) and of ids (`-d`); what they leave open is undefined. */
import { OpenslotError, type PciAddress } from '../../pci/index.js';

/** `-s`; undefined is any. Domain 31 bits as lspci reads it, bus 8, device 5, function 3. */
export interface SlotFilter {
  readonly domain: number | undefined;
  readonly bus: number | undefined;
  readonly device: number | undefined;
  readonly function: number | undefined;
}

/** `-d`; undefined is any. Vendor and device 16 bits, programming interface 8. */
export interface DeviceFilter {
  readonly vendor: number | undefined;
  readonly device: number | undefined;
  /** Base class and subclass: the bits that matter, and what they must be. */
  readonly classCode: { readonly mask: number; readonly value: number } | undefined;
  readonly programmingInterface: number | undefined;
}

/** What a filter selects functions by. */
export interface Ids {
  readonly vendor: number;
  readonly device: number;
  /** 16 bits. */
  readonly classCode: number;
  readonly programmingInterface: number;
}

const GRAMMAR = {
  '-s': '[[[[DOMAIN]:]BUS]:][DEVICE][.[FUNCTION]], hexadecimal',
  '-d': '[VENDOR]:[DEVICE][:CLASS[:INTERFACE]], hexadecimal; x in CLASS stands for any digit',
} as const;

/** A filter's text is none in lspci's grammar. */
export class FilterMalformedError extends OpenslotError {
  readonly code = 'FILTER_MALFORMED';
  constructor(option: keyof typeof GRAMMAR, text: string, problem: string) {
    super(`${option} "${text}": ${problem}`, { option, text, problem }, `write ${GRAMMAR[option]}`);
  }
}

/** A hexadecimal number of a filter; empty and `*` leave it open. Undefined in `bad` for no number or a larger one. */
function part(text: string, largest: number, bad: () => Error): number | undefined {
  if (text === '' || text === '*') return undefined;
  const digits = /^(?:0[xX])?([0-9a-fA-F]+)$/.exec(text)?.[1];
  const value = Number.parseInt(digits ?? '', 16);
  if (!(value <= largest)) throw bad();
  return value;
}

/** @throws {FilterMalformedError} */
export function parseSlotFilter(text: string): SlotFilter {
  const bad = (problem: string) => () => new FilterMalformedError('-s', text, problem);
  const parts = text.split(':');
  if (parts.length > 3) throw bad('too many parts')();
  const [place = '', bus = '', domain = ''] = parts.reverse();
  const [device = '', fn = '', ...more] = place.split('.');
  if (more.length > 0) throw bad('too many parts')();
  return {
    domain: part(domain, 0x7fffffff, bad(`"${domain}" is no domain`)),
    bus: part(bus, 0xff, bad(`"${bus}" is no bus`)),
    device: part(device, 0x1f, bad(`"${device}" is no device`)),
    function: part(fn, 7, bad(`"${fn}" is no function`)),
  };
}

/** @throws {FilterMalformedError} */
export function parseDeviceFilter(text: string): DeviceFilter {
  const bad = (problem: string) => () => new FilterMalformedError('-d', text, problem);
  const parts = text.split(':');
  if (parts.length < 2) throw bad('a vendor and a device, or one of them, stand around a colon')();
  if (parts.length > 4) throw bad('too many parts')();
  const [vendor = '', device = '', classCode = '', programmingInterface = ''] = parts;
  return {
    vendor: part(vendor, 0xffff, bad(`"${vendor}" is no vendor`)),
    device: part(device, 0xffff, bad(`"${device}" is no device`)),
    classCode: classPart(classCode, bad(`"${classCode}" is no class`)),
    programmingInterface: part(
      programmingInterface,
      0xff,
      bad(`"${programmingInterface}" is no programming interface`),
    ),
  };
}

/** Up to four digits of base class and subclass; no prefix, as its x would stand for a digit. */
function classPart(text: string, bad: () => Error): DeviceFilter['classCode'] {
  if (text === '' || text === '*') return undefined;
  if (!/^[0-9a-fA-FxX]{1,4}$/.test(text)) throw bad();
  const value = Number.parseInt(text.replaceAll(/[xX]/g, '0'), 16);
  const open = Number.parseInt(text.replaceAll(/[^xX]/g, '0').replaceAll(/[xX]/g, 'f'), 16);
  return { mask: 0xffff & ~open, value };
}

const fits = (wanted: number | undefined, is: number) => wanted === undefined || wanted === is;

/** Whether `-s` selects a function at this address. */
export function matchesSlot(filter: SlotFilter, address: PciAddress): boolean {
  return (
    fits(filter.domain, address.domain) &&
    fits(filter.bus, address.bus) &&
    fits(filter.device, address.device) &&
    fits(filter.function, address.function)
  );
}

/** Whether `-d` selects a function with these ids. */
export function matchesDevice(filter: DeviceFilter, ids: Ids): boolean {
  const { classCode } = filter;
  return (
    fits(filter.vendor, ids.vendor) &&
    fits(filter.device, ids.device) &&
    (classCode === undefined || (ids.classCode & classCode.mask) === classCode.value) &&
    fits(filter.programmingInterface, ids.programmingInterface)
  );
}
