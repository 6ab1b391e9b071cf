/** What libvirt makes of the functions in a guest's definition, and the kind of boot file. */
import type { BootFileKind, BootFinding, ByteText } from '../boot-file.js';
import { Findings } from '../boot-rule.js';
import {
  ADDRESS_PARTS,
  addressNumber,
  isPciHostdev,
  libvirtNumber,
  readLibvirtGuest,
  type AddressPart,
  type LibvirtGuest,
} from './libvirt-hostdev.js';
import { LIBVIRT_RULES } from './libvirt-rules.js';
import {
  attributeOf,
  childrenNamed,
  parseXml,
  printXml,
  XmlMalformedError,
  type XmlAttribute,
  type XmlElement,
} from './xml-document.js';

type Rule = keyof typeof LIBVIRT_RULES;

class Linter {
  readonly findings = new Findings(LIBVIRT_RULES);
  readonly #guest: LibvirtGuest;

  constructor(guest: LibvirtGuest) {
    this.#guest = guest;
  }

  lint(): void {
    const { root, functions } = this.#guest;
    const devices = childrenNamed(root, 'devices');
    this.#outside(root, new Set(devices));
    for (const element of devices.flatMap((each) => each.children))
      if (element.name === 'hostdev') this.#hostdev(element);
    for (const { source } of functions) this.#address(source);
    const seen = new Set<string>();
    for (const { source, address } of functions) {
      if (address === undefined) continue;
      const text = String(address);
      if (text === '0000:00:00.0') this.#tag('ADDRESS_ZERO', source);
      else if (seen.has(text)) this.#tag('FUNCTION_AGAIN', source, text);
      seen.add(text);
    }
    this.#guestPlaces(devices.flatMap((each) => each.children));
  }

  #outside(element: XmlElement, devices: ReadonlySet<XmlElement>): void {
    for (const child of element.children) {
      if (devices.has(child)) continue;
      if (child.name === 'hostdev') this.#tag('OUTSIDE_DEVICES', child);
      else this.#outside(child, devices);
    }
  }

  #hostdev(element: XmlElement): void {
    const mode = attributeOf(element, 'mode');
    if (mode !== undefined && mode.value !== 'subsystem' && mode.value !== 'capabilities')
      return void this.#attribute('MODE_UNKNOWN', mode);
    if (mode?.value === 'capabilities') return;
    if (attributeOf(element, 'type') === undefined) return void this.#tag('TYPE_MISSING', element);
    if (!isPciHostdev(element)) return;
    const managed = attributeOf(element, 'managed');
    if (managed === undefined || managed.value === 'no') this.#tag('UNMANAGED', element);
    else if (managed.value !== 'yes') this.#attribute('MANAGED_UNKNOWN', managed);
    for (const driver of childrenNamed(element, 'driver')) {
      const name = attributeOf(driver, 'name');
      if (name !== undefined && !['vfio', 'xen'].includes(name.value))
        this.#attribute('DRIVER_UNKNOWN', name);
    }
    const [source] = childrenNamed(element, 'source');
    if (source === undefined || childrenNamed(source, 'address').length === 0)
      this.#tag('SOURCE_MISSING', source ?? element);
  }

  #address(element: XmlElement): void {
    for (const attribute of element.attributes) {
      const { name, value } = attribute;
      if (name === 'type' || name === 'multifunction') continue;
      if (!isPart(name)) this.#attribute('ATTRIBUTE_UNKNOWN', attribute);
      else if (libvirtNumber(value) === undefined) this.#attribute('NUMBER_MALFORMED', attribute);
      else if (addressNumber(element, name) === undefined) this.#attribute('NUMBER_RANGE', attribute);
      else if (/^[1-9]\d+$/.test(value)) this.#attribute('NUMBER_DECIMAL', attribute);
      else if (/^0+[1-7][0-7]/.test(value)) this.#attribute('NUMBER_OCTAL', attribute);
    }
  }

  /** Places of PCI devices on the guest's buses: of every kind of device, a function of the host or not. */
  #guestPlaces(devices: readonly XmlElement[]): void {
    const seen = new Set<string>();
    for (const device of devices)
      for (const place of childrenNamed(device, 'address')) {
        if (attributeOf(place, 'type')?.value !== 'pci') continue;
        const parts = (Object.keys(ADDRESS_PARTS) as AddressPart[]).map((part) => addressNumber(place, part));
        // Without a place libvirt finds one.
        if (parts.includes(undefined) || parts.every((part) => part === 0)) continue;
        const text = parts.join(':');
        if (seen.has(text)) this.#tag('GUEST_PLACE_AGAIN', place);
        seen.add(text);
      }
  }

  #attribute(code: Rule, { offset, end }: XmlAttribute): void {
    this.findings.add(code, { offset, length: end - offset });
  }

  #tag(code: Rule, { offset, contentStart }: XmlElement, detail?: string): void {
    this.findings.add(code, { offset, length: contentStart - offset }, detail);
  }
}

function isPart(name: string): name is AddressPart {
  return Object.hasOwn(ADDRESS_PARTS, name);
}

function lint(text: ByteText): readonly BootFinding[] {
  try {
    const linter = new Linter(readLibvirtGuest(text, 'definition'));
    linter.lint();
    return linter.findings.sorted();
  } catch (error) {
    if (!(error instanceof XmlMalformedError)) throw error;
    const findings = new Findings(LIBVIRT_RULES);
    const [line = ''] = text.slice(error.offset).split('\n', 1);
    findings.add('SYNTAX', { offset: error.offset, length: line.length }, error.why);
    return findings.sorted();
  }
}

/** Element by element; what cannot be read stays as it is. */
function print(text: ByteText): ByteText {
  try {
    const root = parseXml(text, 'definition');
    return text.slice(0, root.offset) + printXml(text, root) + text.slice(root.end);
  } catch (error) {
    if (error instanceof XmlMalformedError) return text;
    throw error;
  }
}

export const libvirtGuestFile: BootFileKind = {
  name: 'libvirt',
  reader: 'libvirt',
  recognises: (path) => /(^|\/)libvirt\/(qemu|libxl)\/[^/]+\.xml$/.test(path),
  lint,
  print,
};
