/** The notation of xl for a function and how a guest gets it: PCI_SPEC_STRING (xl-pci-configuration(5)). */
import { PciAddress } from './address.js';
import { MalformedSpecError } from './errors.js';
import { hexDigits } from './hex-digits.js';
import type { Notation } from './notations.js';
import { TextCursor } from './text-cursor.js';

/** What a specification names on the host. */
export type SpecTarget =
  | { readonly kind: 'function'; readonly address: PciAddress }
  /** `BB:DD.*`: all functions of one device; the address has function 0. */
  | { readonly kind: 'device'; readonly address: PciAddress }
  /** The name that the function was given when it was made assignable. */
  | { readonly kind: 'name'; readonly name: string };

/**
 * A function, or all of a device, and how a guest gets it. `permissive`, `msitranslate` and `powerManagement` are read,
 * and have no effect in openslot.
 */
export interface XlSpec {
  readonly target: SpecTarget;
  /** Slot on the guest's bus, 0 to 31; undefined: the first that is free. */
  readonly virtualSlot: number | undefined;
  /** Claims the function first where the host has it still. */
  readonly seize: boolean;
  readonly permissive: boolean;
  readonly msitranslate: boolean;
  readonly powerManagement: boolean;
  readonly rdmPolicy: 'strict' | 'relaxed';
}

/** Options where a specification does not say them: a configuration file has its own. */
export type SpecDefaults = Partial<Pick<XlSpec, 'seize' | 'permissive' | 'msitranslate' | 'powerManagement'>>;

type Draft = { -readonly [Key in keyof Omit<XlSpec, 'target'>]: XlSpec[Key] } & {
  target: SpecTarget | undefined;
};

const FLAGS = {
  permissive: 'permissive',
  msitranslate: 'msitranslate',
  seize: 'seize',
  power_mgmt: 'powerManagement',
} as const;
const POLICIES = ['strict', 'relaxed'] as const;
const KEYS: readonly string[] = ['bdf', 'vslot', ...Object.keys(FLAGS), 'rdm_policy', 'name'];

/** Longest name that libxl takes. */
const LONGEST_NAME = 64;

function flagOf(key: string): (typeof FLAGS)[keyof typeof FLAGS] | undefined {
  return Object.hasOwn(FLAGS, key) ? FLAGS[key as keyof typeof FLAGS] : undefined;
}

class SpecReader {
  readonly #cursor: TextCursor;
  readonly #seen = new Set<string>();
  readonly #draft: Draft = {
    target: undefined,
    virtualSlot: undefined,
    seize: false,
    permissive: false,
    msitranslate: false,
    powerManagement: false,
    rdmPolicy: 'strict',
  };

  constructor(text: string, defaults: SpecDefaults) {
    Object.assign(this.#draft, defaults);
    this.#cursor = new TextCursor(
      text,
      (expected, position) => new MalformedSpecError(text, expected, position),
    );
    // Only an address has a colon or a point before the first `=` or `,`; a key has neither.
    if (!/^[a-z_]+=/.test(text)) this.#positional();
    else this.#pair();
  }

  read(): XlSpec {
    const cursor: TextCursor = this.#cursor;
    while (!cursor.atEnd) {
      cursor.literal(',');
      this.#pair();
    }
    const { target, ...options } = this.#draft;
    if (target === undefined) cursor.fail('",bdf=" or ",name=": which function it is');
    return { target, ...options };
  }

  #positional(): void {
    this.#seen.add('bdf');
    this.#draft.target = this.#function();
    if (this.#cursor.next !== '@') return;
    this.#cursor.literal('@');
    this.#seen.add('vslot');
    this.#draft.virtualSlot = this.#slot();
  }

  #pair(): void {
    const cursor: TextCursor = this.#cursor;
    const start = cursor.position;
    const key = cursor.until('=,');
    if (!KEYS.includes(key)) cursor.fail(`one of the options ${KEYS.join(', ')}`, start);
    cursor.literal('=');
    if (this.#seen.has(key)) cursor.fail(`${key} at most once`, start);
    this.#seen.add(key);
    this.#value(key);
    if (!cursor.atEnd && cursor.next !== ',') cursor.fail(`"," or the end of the text`);
  }

  #value(key: string): void {
    const cursor: TextCursor = this.#cursor;
    const start = cursor.position;
    if (key === 'bdf' || key === 'name') {
      if (this.#draft.target !== undefined) cursor.fail('bdf or name, not both', start);
      this.#draft.target = key === 'bdf' ? this.#function() : { kind: 'name', name: this.#name() };
      return;
    }
    // An empty value is the option's default.
    if (cursor.atEnd || cursor.next === ',') return;
    if (key === 'vslot') {
      this.#draft.virtualSlot = this.#slot();
      return;
    }
    const value = cursor.until(',');
    const flag = flagOf(key);
    if (flag !== undefined) {
      if (value !== '0' && value !== '1') cursor.fail('0 or 1', start);
      this.#draft[flag] = value === '1';
      return;
    }
    const policy = POLICIES.find((known) => known === value);
    if (policy === undefined) cursor.fail(POLICIES.join(' or '), start);
    this.#draft.rdmPolicy = policy;
  }

  #function(): SpecTarget {
    const cursor: TextCursor = this.#cursor;
    const start = cursor.position;
    const parts = [cursor.hex('domain or bus', 1, 4)];
    cursor.literal(':');
    parts.push(cursor.hex('bus or device', 1, 2));
    if (cursor.next === ':') {
      cursor.literal(':');
      parts.push(cursor.hex('device', 1, 2));
    }
    const device = parts.pop() ?? 0;
    const bus = parts.pop() ?? 0;
    const domain = parts.pop() ?? 0;
    if (bus > 0xff) cursor.fail('a bus up to ff', start);
    if (device > 0x1f) cursor.fail('a device up to 1f before this');
    cursor.literal('.');
    if (cursor.next === '*') {
      cursor.literal('*');
      return { kind: 'device', address: new PciAddress(domain, bus, device, 0) };
    }
    const at = cursor.position;
    const fn = cursor.hex('function, or "*"', 1, 1);
    if (fn > 7) cursor.fail('a function from 0 to 7, or "*"', at);
    return { kind: 'function', address: new PciAddress(domain, bus, device, fn) };
  }

  #slot(): number {
    const start = this.#cursor.position;
    const slot = this.#cursor.hex('virtual slot', 1, 2);
    if (slot > 0x1f) this.#cursor.fail('a virtual slot up to 1f', start);
    return slot;
  }

  #name(): string {
    const start = this.#cursor.position;
    const name = this.#cursor.until(',');
    if (!/^[\x21-\x7e]+$/.test(name) || name.length > LONGEST_NAME)
      this.#cursor.fail(`a name of 1 to ${LONGEST_NAME} printable characters without blanks`, start);
    return name;
  }
}

/** The part of a specification that names the function: `0000:36:00.0`, `0000:36:00.*`, `name=disk`. */
export function formatSpecTarget(target: SpecTarget): string {
  if (target.kind === 'name') return `name=${target.name}`;
  const text = target.address.toString();
  return target.kind === 'device' ? `${text.slice(0, -1)}*` : text;
}

/** As {@link xlSpec} reads it, with other defaults. @throws {MalformedSpecError} */
export function parseXlSpec(text: string, defaults: SpecDefaults): XlSpec {
  return new SpecReader(text, defaults).read();
}

/**
 * `[DDDD:]BB:DD.F|*[@vslot]{,key=value}` or `key=value{,key=value}`, everything hexadecimal but the flags. As the
 * manual has it: each option once, an empty value is its default, `bdf` or `name` but not both.
 *
 * xl's own parser takes more than that. It reads numbers as `scanf` does (blanks, signs and `0x` slip through), takes
 * any number for a flag (`permissive=yes` is 0), ignores what follows the value of `bdf` and `vslot`, lets an option
 * that comes twice win by its last value, and refuses an empty `vslot`. A second positional value (`36:00.0,20`), which
 * the manual shows, it refuses as we do. `vslot=0` is its automatic slot; here it is slot 0.
 *
 * Written with the slot behind `@`, and without options that have their defaults.
 */
export const xlSpec: Notation<XlSpec> = {
  name: 'xl',
  /** @throws {MalformedSpecError} */
  parse: (text) => parseXlSpec(text, {}),
  format(spec) {
    const { target, virtualSlot } = spec;
    const parts = [formatSpecTarget(target)];
    if (virtualSlot !== undefined) {
      const slot = hexDigits(virtualSlot, 2);
      if (target.kind === 'name') parts.push(`vslot=${slot}`);
      else parts[0] = `${parts[0] ?? ''}@${slot}`;
    }
    for (const [key, flag] of Object.entries(FLAGS)) if (spec[flag]) parts.push(`${key}=1`);
    if (spec.rdmPolicy !== 'strict') parts.push(`rdm_policy=${spec.rdmPolicy}`);
    return parts.join(',');
  },
};
