/** The text of pci.ids as data: names of vendors, devices, subsystems and classes, and what the file says of itself. */
import { OpenslotError } from '../errors.js';
import { visibleText } from '../visible-text.js';
import { pairOf } from './pair.js';

/** What the comments at the head of a pci.ids say. */
export interface IdsHeading {
  /** As `# Version:` has it, usually the date of the snapshot with dots; undefined where it does not say. */
  readonly version: string | undefined;
  /** As `# Date:` has it. */
  readonly date: string | undefined;
  /** The first comments, up to an empty line and without their marks: who made it, its licence and its copyright. */
  readonly notice: string;
}

/** Each map is from a number to its name; numbers of several parts have the first part in the highest bits. */
export interface IdsText {
  readonly heading: IdsHeading;
  /** By vendor, 16 bits. */
  readonly vendors: ReadonlyMap<number, string>;
  /** By vendor and device, 32 bits. */
  readonly devices: ReadonlyMap<number, string>;
  /** By vendor and device, then by the vendor and the device of the subsystem, 32 bits each. */
  readonly subsystems: ReadonlyMap<number, ReadonlyMap<number, string>>;
  /** Subsystems whatever the device (blocks `S VVVV`), by their vendor and device, 32 bits. */
  readonly anySubsystems: ReadonlyMap<number, string>;
  /** By base class, 8 bits. */
  readonly baseClasses: ReadonlyMap<number, string>;
  /** By base class and subclass, 16 bits. */
  readonly subclasses: ReadonlyMap<number, string>;
  /** By base class, subclass and programming interface, 24 bits. */
  readonly interfaces: ReadonlyMap<number, string>;
}

/** A text is no pci.ids. */
export class MalformedIdsError extends OpenslotError {
  readonly code = 'IDS_MALFORMED';
  constructor(line: number, expected: string, text: string) {
    const shown = visibleText(text.length > 60 ? `${text.slice(0, 60)}…` : text);
    super(
      `line ${line} is no line of a pci.ids: expected ${expected}, not "${shown}"`,
      { line, expected, text: shown },
      'get the file again, from https://pci-ids.ucw.cz/ or from the package pci.ids of the system',
    );
  }
}

const COMMENT = /^\s*#\s*(.*?)\s*$/;
// One blank at the end is no part of a name, more are: so reads lspci, whose text ours is compared with.
const NAME = '[ \\t]+([^ \\t].*?)[ \\t]?$';
const VENDOR = new RegExp(`^([0-9a-f]{4})${NAME}`, 'i');
const DEVICE = new RegExp(`^\\t([0-9a-f]{4})${NAME}`, 'i');
const SUBSYSTEM = new RegExp(`^\\t\\t([0-9a-f]{4})[ \\t]+([0-9a-f]{4})${NAME}`, 'i');
const CLASS = new RegExp(`^C ([0-9a-f]{2})${NAME}`, 'i');
const SUBCLASS = new RegExp(`^\\t([0-9a-f]{2})${NAME}`, 'i');
const INTERFACE = new RegExp(`^\\t\\t([0-9a-f]{2})${NAME}`, 'i');
const ANY_SUBSYSTEMS = /^S ([0-9a-f]{4})[ \t]*$/i;
/** Kinds of entries that a later pci.ids may have: one capital letter and a blank. */
const OTHER_BLOCK = /^[A-Z] /;
const CONTROL = /[\p{Cc}\ufffd]/u;
/** Characters of a name, far more than any has. */
const LONGEST_NAME = 1_000;
/** Characters of the comments at the head that are kept. */
const LONGEST_NOTICE = 10_000;

/** What the lines with tabs belong to. */
type Block =
  | { readonly kind: 'none' | 'other' }
  | { readonly kind: 'vendor'; readonly vendor: number; device: number | undefined }
  | { readonly kind: 'any-subsystems'; readonly vendor: number }
  | { readonly kind: 'class'; readonly base: number; subclass: number | undefined };

class IdsParser {
  readonly vendors = new Map<number, string>();
  readonly devices = new Map<number, string>();
  readonly subsystems = new Map<number, Map<number, string>>();
  readonly anySubsystems = new Map<number, string>();
  readonly baseClasses = new Map<number, string>();
  readonly subclasses = new Map<number, string>();
  readonly interfaces = new Map<number, string>();
  readonly #notice: string[] = [];
  #noticeEnded = false;
  #block: Block = { kind: 'none' };
  #number = 0;
  #line = '';

  line(text: string, number: number): void {
    this.#line = text;
    this.#number = number;
    const comment = COMMENT.exec(text)?.[1];
    if (comment !== undefined && !this.#noticeEnded) this.#notice.push(visibleText(comment));
    if (comment === undefined && this.#notice.length > 0) this.#noticeEnded = true;
    if (comment !== undefined || text.trim() === '') return;
    if (!text.startsWith('\t')) this.#opening(text);
    else if (text.startsWith('\t\t')) this.#second(text);
    else this.#first(text);
  }

  heading(): IdsHeading {
    const said = (label: string) =>
      this.#notice
        .find((line) => line.startsWith(label))
        ?.slice(label.length)
        .trim();
    const notice = this.#notice.join('\n').trim().slice(0, LONGEST_NOTICE);
    return { version: said('Version:'), date: said('Date:'), notice };
  }

  #fail(expected: string): never {
    throw new MalformedIdsError(this.#number, expected, this.#line);
  }

  /** A line without a tab begins a block. */
  #opening(text: string): void {
    const vendor = VENDOR.exec(text);
    if (vendor !== null) {
      const id = hex(vendor[1]);
      this.#add(this.vendors, id, vendor[2], 'vendor');
      this.#block = { kind: 'vendor', vendor: id, device: undefined };
      return;
    }
    const base = CLASS.exec(text);
    if (base !== null) {
      const id = hex(base[1]);
      this.#add(this.baseClasses, id, base[2], 'class');
      this.#block = { kind: 'class', base: id, subclass: undefined };
      return;
    }
    const any = ANY_SUBSYSTEMS.exec(text);
    if (any !== null) {
      const id = hex(any[1]);
      if (!this.vendors.has(id)) this.#fail('a vendor that stands above');
      this.#block = { kind: 'any-subsystems', vendor: id };
      return;
    }
    if (/^[CS] /.test(text)) this.#fail(text.startsWith('C') ? '"C CC  name"' : '"S VVVV"');
    if (!OTHER_BLOCK.test(text)) this.#fail('"VVVV  name" of a vendor, or "C CC  name" of a class');
    this.#block = { kind: 'other' };
  }

  /** One tab: a device, a subsystem whatever the device, or a subclass. */
  #first(text: string): void {
    const block = this.#block;
    if (block.kind === 'other') return;
    if (block.kind === 'none') this.#fail('a vendor or a class before what belongs to it');
    const [, digits, name] = (block.kind === 'class' ? SUBCLASS : DEVICE).exec(text) ?? [];
    if (digits === undefined)
      this.#fail(block.kind === 'class' ? '"SS  name" of a subclass' : '"DDDD  name" of a device');
    const id = hex(digits);
    switch (block.kind) {
      case 'vendor':
        block.device = pairOf(block.vendor, id);
        this.#add(this.devices, block.device, name, 'device');
        break;
      case 'any-subsystems':
        this.#add(this.anySubsystems, pairOf(block.vendor, id), name, 'subsystem');
        break;
      case 'class':
        block.subclass = (block.base << 8) | id;
        this.#add(this.subclasses, block.subclass, name, 'subclass');
    }
  }

  /** Two tabs: a subsystem of a device, or a programming interface. */
  #second(text: string): void {
    const block = this.#block;
    if (block.kind === 'other') return;
    if (block.kind === 'vendor' && block.device !== undefined) {
      const [, vendor, device, name] = SUBSYSTEM.exec(text) ?? [];
      if (vendor === undefined || device === undefined) this.#fail('"VVVV DDDD  name" of a subsystem');
      const own = this.subsystems.get(block.device) ?? new Map<number, string>();
      this.subsystems.set(block.device, own);
      this.#add(own, pairOf(hex(vendor), hex(device)), name, 'subsystem');
    } else if (block.kind === 'class' && block.subclass !== undefined) {
      const [, id, name] = INTERFACE.exec(text) ?? [];
      if (id === undefined) this.#fail('"PP  name" of a programming interface');
      this.#add(this.interfaces, (block.subclass << 8) | hex(id), name, 'programming interface');
    } else this.#fail('a device or a subclass before what belongs to it');
  }

  #add(names: Map<number, string>, id: number, name: string | undefined, what: string): void {
    if (name === undefined || name.length > LONGEST_NAME || CONTROL.test(name))
      this.#fail(`a readable name of a ${what}, of at most ${LONGEST_NAME} characters`);
    if (names.has(id)) this.#fail(`a ${what} that has no name above`);
    names.set(id, name);
  }
}

function hex(digits: string | undefined): number {
  return Number.parseInt(digits ?? '', 16);
}

/** Reads a pci.ids, in Unicode. @throws {MalformedIdsError} with the first line that is none. */
export function parseIdsText(text: string): IdsText {
  const parser = new IdsParser();
  text.split('\n').forEach((line, index) => parser.line(line.replace(/\r$/, ''), index + 1));
  const { vendors, devices, subsystems, anySubsystems, baseClasses, subclasses, interfaces } = parser;
  const heading = parser.heading();
  return { heading, vendors, devices, subsystems, anySubsystems, baseClasses, subclasses, interfaces };
}
