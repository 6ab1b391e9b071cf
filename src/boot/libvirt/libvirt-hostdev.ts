/** The PCI functions of a guest of libvirt: hostdev elements of its definition, as libvirt reads them. */
import { PciAddress } from '../../pci/index.js';
import type { ByteText } from '../boot-file.js';
import {
  attributeOf,
  childrenNamed,
  parseXml,
  XmlMalformedError,
  type XmlAttribute,
  type XmlElement,
} from './xml-document.js';

/** The parts of an address, each with the largest number that it may be. */
export const ADDRESS_PARTS = { domain: 0xffff, bus: 0xff, slot: 0x1f, function: 7 } as const;
export type AddressPart = keyof typeof ADDRESS_PARTS;

/** One function that a definition gives to its guest. */
export interface LibvirtFunction {
  /** `hostdev`, or an `interface` of type hostdev: a network card, whose address libvirt sets up too. */
  readonly kind: 'hostdev' | 'interface';
  readonly element: XmlElement;
  /** In its source. */
  readonly source: XmlElement;
  /** Undefined where libvirt refuses what stands there. */
  readonly address: PciAddress | undefined;
}

/** What a definition says of its guest. */
export interface LibvirtGuest {
  readonly name: string | undefined;
  readonly root: XmlElement;
  /** Undefined where there is none. */
  readonly devices: XmlElement | undefined;
  readonly functions: readonly LibvirtFunction[];
}

/** `source` is the file's name, for errors. @throws {XmlMalformedError} no XML, or not a domain's. */
export function readLibvirtGuest(text: ByteText, source: string): LibvirtGuest {
  const root = parseXml(text, source);
  if (root.name !== 'domain')
    throw new XmlMalformedError(
      source,
      text,
      root.offset,
      `<${root.name}>, and a guest's definition is a <domain>`,
    );
  const [devices] = childrenNamed(root, 'devices');
  const [name] = childrenNamed(root, 'name');
  return {
    name: name === undefined ? undefined : text.slice(name.contentStart, name.contentEnd),
    root,
    devices,
    // libvirt looks into each of them.
    functions: childrenNamed(root, 'devices').flatMap(functionsOf),
  };
}

function functionsOf(devices: XmlElement): readonly LibvirtFunction[] {
  return devices.children.flatMap((element) => {
    const isHostdev = element.name === 'hostdev' && isPciHostdev(element);
    const isInterface = element.name === 'interface' && attributeOf(element, 'type')?.value === 'hostdev';
    if (!isHostdev && !isInterface) return [];
    const [source] = childrenNamed(element, 'source');
    const address = source === undefined ? undefined : childrenNamed(source, 'address')[0];
    if (source === undefined || address === undefined) return [];
    return [
      { kind: isHostdev ? 'hostdev' : 'interface', element, source: address, address: addressOf(address) },
    ];
  });
}

/** Without a mode it is one of the host's devices; of its type PCI is one of several. */
export function isPciHostdev(element: XmlElement): boolean {
  const mode = attributeOf(element, 'mode')?.value ?? 'subsystem';
  return mode === 'subsystem' && attributeOf(element, 'type')?.value === 'pci';
}

/** As strtoul reads numbers with base 0, and nothing around them: `0x` is hexadecimal, a zero before is octal. */
export function libvirtNumber(text: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
}

/** A part of an address; what is not said is 0. */
export function addressNumber(element: XmlElement, part: AddressPart): number | undefined {
  const written: XmlAttribute | undefined = attributeOf(element, part);
  if (written === undefined) return 0;
  const number = libvirtNumber(written.value);
  return number === undefined || number > ADDRESS_PARTS[part] ? undefined : number;
}

function addressOf(element: XmlElement): PciAddress | undefined {
  const domain = addressNumber(element, 'domain');
  const bus = addressNumber(element, 'bus');
  const slot = addressNumber(element, 'slot');
  const fn = addressNumber(element, 'function');
  if (domain === undefined || bus === undefined || slot === undefined || fn === undefined) return undefined;
  return new PciAddress(domain, bus, slot, fn);
}
