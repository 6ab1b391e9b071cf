/** Ids in the style that was asked for: names, numbers, or both; each text is made once. */
import type { PciNames } from '../../pci/names/names.js';
import { hex4 } from './number-text.js';
import type { IdStyle } from './options.js';

/** Remembers one text for each key; machines hold few kinds of a thing and many of a kind. */
function remembered(make: (key: number) => string): (key: number) => string {
  const texts = new Map<number, string>();
  return (key) => {
    let text = texts.get(key);
    if (text === undefined) {
      text = make(key);
      texts.set(key, text);
    }
    return text;
  };
}

/** Two ids as one key. */
const pair = (high: number, low: number) => high * 0x10000 + low;
const highOf = (key: number) => Math.floor(key / 0x10000);
const lowOf = (key: number) => key & 0xffff;

export class IdNames {
  readonly #names: PciNames;
  readonly #style: IdStyle;
  /** Vendor and name of the device by the pair of its ids. */
  readonly #full = remembered((key) => {
    const [vendor, device] = [highOf(key), lowOf(key)];
    return this.#pairText(vendor, device, this.#names.device(vendor, device));
  });
  readonly #classes = remembered((classCode) => this.#classText(classCode));
  readonly #interfaces = remembered((code) => this.#interfaceText(code));
  readonly #subsystems = new Map<number, Map<number, string>>();

  constructor(names: PciNames, style: IdStyle) {
    this.#names = names;
    this.#style = style;
  }

  /** A name and its number in the style that was asked for; `kind` stands for a name that is not known. */
  #one(name: string | undefined, kind: string, number: string): string {
    switch (this.#style) {
      case 'numbers':
        return number;
      case 'both':
        return `${name ?? kind} [${number}]`;
      case 'names':
        return name ?? `${kind} ${number}`;
    }
  }

  /** Vendor and device in one text, where an unknown device is told by fewer words than one by itself. */
  #pairText(vendor: number, device: number, name: string | undefined): string {
    const numbers = `${hex4(vendor)}:${hex4(device)}`;
    if (this.#style === 'numbers') return numbers;
    const maker = this.#names.vendor(vendor);
    const words = maker === undefined ? 'Device' : `${maker} ${name ?? 'Device'}`;
    if (this.#style === 'both') return `${words} [${numbers}]`;
    if (maker === undefined) return `Device ${numbers}`;
    return name === undefined ? `${words} ${hex4(device)}` : words;
  }

  #classText(classCode: number): string {
    const number = hex4(classCode);
    const known = this.#names.subclass(classCode);
    if (known !== undefined || this.#style === 'numbers') return this.#one(known, '', number);
    const base = this.#names.baseClass(classCode >>> 8);
    // A base class alone says too little, so its number stands beside it in every style.
    return base === undefined ? this.#one(undefined, 'Class', number) : `${base} [${number}]`;
  }

  #interfaceText(code: number): string {
    return this.#names.programmingInterface(code) ?? ideInterface(code);
  }

  /** `Vendor Name Device Name` of a device. */
  full(vendor: number, device: number): string {
    return this.#full(pair(vendor, device));
  }

  /** `Vendor Name Subsystem Name` of a device's subsystem. */
  subsystemOf(vendor: number, device: number, subVendor: number, subDevice: number): string {
    const key = pair(vendor, device);
    let texts = this.#subsystems.get(key);
    if (texts === undefined) this.#subsystems.set(key, (texts = new Map<number, string>()));
    const sub = pair(subVendor, subDevice);
    let text = texts.get(sub);
    if (text === undefined) {
      text = this.#pairText(subVendor, subDevice, this.#subsystemName(vendor, device, subVendor, subDevice));
      texts.set(sub, text);
    }
    return text;
  }

  #subsystemName(vendor: number, device: number, subVendor: number, subDevice: number): string | undefined {
    // lspci finds no subsystem of a device whose number is 0, only one that has a name whatever the device.
    const [ofVendor, ofDevice] = device === 0 ? [-1, -1] : [vendor, device];
    const name = this.#names.subsystem(ofVendor, ofDevice, subVendor, subDevice);
    // A subsystem with the numbers of its device is the device as its maker sells it.
    if (name !== undefined || subVendor !== vendor || subDevice !== device) return name;
    return this.#names.device(vendor, device);
  }

  subsystemVendorAlone(vendor: number): string {
    return this.#one(this.#names.vendor(vendor), 'Unknown vendor', hex4(vendor));
  }

  vendorAlone(vendor: number): string {
    return this.#one(this.#names.vendor(vendor), 'Vendor', hex4(vendor));
  }

  deviceAlone(vendor: number, device: number): string {
    return this.#one(this.#names.device(vendor, device), 'Device', hex4(device));
  }

  subsystemAlone(vendor: number, device: number, subVendor: number, subDevice: number): string {
    const name = this.#subsystemName(vendor, device, subVendor, subDevice);
    return this.#one(name, 'Device', hex4(subDevice));
  }

  /** By the 16 bits of base class and subclass. */
  classOf(classCode: number): string {
    return this.#classes(classCode);
  }

  /** Name of a programming interface by all 24 bits, whatever the style; empty where it has none. */
  programmingInterface(code: number): string {
    return this.#interfaces(code);
  }
}

const IDE = 0x0101;
/** Bits of an IDE controller's programming interface (PCI IDE Controller Specification 1.0, 2.2) in lspci's order. */
const IDE_WORDS: readonly (readonly [number, string])[] = [
  [0x80, 'Master'],
  [0x08, 'SecP'],
  [0x04, 'SecO'],
  [0x02, 'PriP'],
  [0x01, 'PriO'],
];

function ideInterface(code: number): string {
  if (code >>> 8 !== IDE || (code & 0x70) !== 0) return '';
  return IDE_WORDS.filter(([bit]) => (code & bit) !== 0)
    .map(([, word]) => word)
    .join(' ');
}
