/** The notations of PCI addresses: one parser and one formatter for each place where an address is written. */
import { PciAddress } from './address.js';
import { AddressRangeError, MalformedAddressError } from './errors.js';
import { hexDigits } from './hex-digits.js';
import { TextCursor } from './text-cursor.js';

export { xlSpec } from './xl-spec.js';

/** A way to write an address. `parse` takes the whole text: no blanks, nothing before, nothing after. */
export interface Notation<Value = PciAddress> {
  /** As errors call it. */
  readonly name: string;
  /**
   * @throws {MalformedAddressError} the text does not have the form.
   * @throws {AddressRangeError} the form is right but a part is too large.
   */
  parse(text: string): Value;
  /** @throws {AddressRangeError} the notation cannot carry this address (`pcictl` has no domain). */
  format(value: Value): string;
}

/** A root bus of a guest: domain 16 bits, bus 8 bits. */
export interface RootBus {
  readonly domain: number;
  readonly bus: number;
}

function cursorOf(text: string, notation: string): TextCursor {
  return new TextCursor(
    text,
    (expected, position) => new MalformedAddressError(text, notation, expected, position),
  );
}

/** `[DDDD:]BB:DD.F`: after the first colon it shows whether the first number was a domain. */
function parseHex(text: string): PciAddress {
  const cursor = cursorOf(text, 'hex');
  let domain = 0;
  let bus = cursor.hex('domain or bus', 1, 4);
  const firstEnd = cursor.position;
  cursor.literal(':');
  let device = cursor.hex(firstEnd > 2 ? 'bus' : 'bus or device', 1, 2);
  if (cursor.next === ':') {
    cursor.literal(':');
    domain = bus;
    bus = device;
    device = cursor.hex('device', 1, 2);
  } else if (firstEnd > 2) {
    if (cursor.next === '.') cursor.fail('at most 2 digits of the bus', 2);
    cursor.fail('":"');
  }
  cursor.literal('.');
  const fn = cursor.hex('function', 1, 1);
  cursor.end();
  return new PciAddress(domain, bus, device, fn);
}

/** `[DDDD:]BB:DD.F`, how people and sysfs write an address; domain 0 where it is absent. Written in full. */
export const hex: Notation = {
  name: 'hex',
  parse: parseHex,
  format: (address) => address.toString(),
};

/** As {@link hex}, written without the domain where that is 0, as lspci does. */
export const shortHex: Notation = {
  name: 'hex',
  parse: parseHex,
  format(address) {
    const text = address.toString();
    return address.domain === 0 ? text.slice(5) : text;
  },
};

/** `pci<domain>:<bus>:<slot>:<function>` in decimal without padding: the file names of FreeBSD's proto(4). */
export const proto: Notation = {
  name: 'proto',
  parse(text) {
    const cursor = cursorOf(text, 'proto');
    cursor.literal('pci');
    const domain = cursor.decimal('domain');
    cursor.literal(':');
    const bus = cursor.decimal('bus');
    cursor.literal(':');
    const device = cursor.decimal('slot');
    cursor.literal(':');
    const fn = cursor.decimal('function');
    cursor.end();
    return new PciAddress(domain, bus, device, fn);
  },
  format: ({ domain, bus, device, function: fn }) => `pci${domain}:${bus}:${device}:${fn}`,
};

/**
 * `-b <bus> -d <device> -f <function>` in decimal: the arguments of NetBSD's pcictl(8), to be pasted after the bus
 * node. As there, `-f` may be absent and is then 0. The node stands for the domain, so domains other than 0 have
 * no form here.
 */
export const pcictl: Notation = {
  name: 'pcictl',
  parse(text) {
    const cursor = cursorOf(text, 'pcictl');
    cursor.literal('-b ');
    const bus = cursor.decimal('bus');
    cursor.literal(' -d ');
    const device = cursor.decimal('device');
    let fn = 0;
    if (cursor.next !== '') {
      cursor.literal(' -f ');
      fn = cursor.decimal('function');
    }
    cursor.end();
    return new PciAddress(0, bus, device, fn);
  },
  format({ domain, bus, device, function: fn }) {
    if (domain !== 0) throw new AddressRangeError('domain', domain, 0);
    return `-b ${bus} -d ${device} -f ${fn}`;
  },
};

/**
 * `BBB:DD:F` in decimal with zeros before: how the lines of `pcictl list` begin. They do not say the domain, which is
 * that of the bus node.
 */
export const pcictlList: Notation = {
  name: 'pcictl-list',
  parse(text) {
    const cursor = cursorOf(text, 'pcictl-list');
    const bus = cursor.paddedDecimal('bus', 3);
    cursor.literal(':');
    const device = cursor.paddedDecimal('device', 2);
    cursor.literal(':');
    const fn = cursor.paddedDecimal('function', 1);
    cursor.end();
    return new PciAddress(0, bus, device, fn);
  },
  format({ domain, bus, device, function: fn }) {
    if (domain !== 0) throw new AddressRangeError('domain', domain, 0);
    return `${String(bus).padStart(3, '0')}:${String(device).padStart(2, '0')}:${fn}`;
  },
};

/**
 * `bus/slot/function` in decimal without padding: `pptdevs` in FreeBSD's loader.conf, and the arguments of bhyve(8). There
 * is no domain.
 */
export const ppt: Notation = {
  name: 'ppt',
  parse(text) {
    const cursor = cursorOf(text, 'ppt');
    const bus = cursor.decimal('bus');
    cursor.literal('/');
    const device = cursor.decimal('slot');
    cursor.literal('/');
    const fn = cursor.decimal('function');
    cursor.end();
    return new PciAddress(0, bus, device, fn);
  },
  format({ domain, bus, device, function: fn }) {
    if (domain !== 0) throw new AddressRangeError('domain', domain, 0);
    return `${bus}/${device}/${fn}`;
  },
};

/** All four parts in hexadecimal, with their digits when written; `exact` demands them when read, too. */
function fourParts(
  name: string,
  separators: readonly [string, string, string],
  functionDigits: 1 | 2,
  exact: boolean,
  prefix = '',
): Notation {
  const [first, second, third] = separators;
  return {
    name,
    parse(text) {
      const cursor = cursorOf(text, name);
      cursor.literal(prefix);
      const domain = cursor.hex('domain', exact ? 4 : 1, 4);
      cursor.literal(first);
      const bus = cursor.hex('bus', exact ? 2 : 1, 2);
      cursor.literal(second);
      const device = cursor.hex('device', exact ? 2 : 1, 2);
      cursor.literal(third);
      const fn = cursor.hex('function', exact ? functionDigits : 1, functionDigits);
      cursor.end();
      return new PciAddress(domain, bus, device, fn);
    },
    format: ({ domain, bus, device, function: fn }) =>
      prefix +
      hexDigits(domain, 4) +
      first +
      hexDigits(bus, 2) +
      second +
      hexDigits(device, 2) +
      third +
      hexDigits(fn, functionDigits),
  };
}

/** `DDDD:BB:DD.F`, the domain always there: the XenStore keys `key-N` and `dev-N`. Peers read any digit count. */
export const xenstore: Notation = fourParts('xenstore', [':', ':', '.'], 1, false);

/** `DDDD:BB:DD.FF`, two digits of function: the XenStore key `vdev-N`, a quirk of the protocol. */
export const vdev: Notation = fourParts('vdev', [':', ':', '.'], 2, false);

/** `DDDD-BB-DD-F`: a path element under libxl's own nodes, so the digits must be exact and lower case is written. */
export const libxl: Notation = fourParts('libxl', ['-', '-', '-'], 1, true);

/** `pci_DDDD_BB_DD_F`: what libvirt calls the device of the host, in `virsh nodedev-detach` and its relatives. */
export const nodedev: Notation = fourParts('nodedev', ['_', '_', '_'], 1, true, 'pci_');

/** `DDDD:BB`: the XenStore key `root-N`, a root bus of the guest. */
export const root: Notation<RootBus> = {
  name: 'root',
  parse(text) {
    const cursor = cursorOf(text, 'root');
    const domain = cursor.hex('domain', 1, 4);
    cursor.literal(':');
    const bus = cursor.hex('bus', 1, 2);
    cursor.end();
    return { domain, bus };
  },
  format({ domain, bus }) {
    // The constructor holds the limits of both parts.
    const checked = new PciAddress(domain, bus, 0, 0);
    return `${hexDigits(checked.domain, 4)}:${hexDigits(checked.bus, 2)}`;
  },
};
