/** The value of `xen-pciback.hide=` as Linux's xen-pciback reads and takes it. */
import { hexDigits } from '../pci/index.js';
import { fittingLength } from './byte-length.js';
import { HideListLimitError } from './errors.js';
import { linuxFinding, type LinuxFindingCode } from './hide-findings.js';
import type { HideElement, HideFinding, HideList, HideValue } from './hide-list.js';
import { patternsOverlap, type HidePattern } from './hide-pattern.js';
import { scanHex, skipSpace, type ScannedNumber } from './scanf.js';

/** Bytes of the longest string parameter (kernel/params.c). */
const MOST_BYTES = 1024;

type Part = 'd' | 'b' | 's' | 'f';

/** Each letter a number; the others stand for themselves, without white space. An element has the first form that fits. */
const FORMS = ['(d:b:s.f)', '(d:b:s.*)', '(d:b:*.*)', '(b:s.f)', '(b:s.*)', '(b:*.*)'] as const;

/** An element that fits a form to its end, or where the text leaves the form. */
type Scan = {
  readonly stop: number;
  readonly numbers: ReadonlyMap<Part, ScannedNumber>;
  readonly fits: boolean;
};

function isPart(character: string): character is Part {
  return 'dbsf'.includes(character);
}

function scanForm(text: string, start: number, form: string): Scan {
  const numbers = new Map<Part, ScannedNumber>();
  let position = start;
  for (const expected of form) {
    if (!isPart(expected)) {
      if (text.charAt(position) !== expected) return { stop: position, numbers, fits: false };
      position++;
      continue;
    }
    const number = scanHex(text, position);
    if (number === undefined) return { stop: position, numbers, fits: false };
    numbers.set(expected, number);
    position = number.end;
  }
  return { stop: position, numbers, fits: true };
}

/** Reads as the driver does when it starts: all or nothing. */
class Reader {
  readonly elements: HideElement[] = [];
  readonly findings: HideFinding[] = [];
  readonly claims: HidePattern[] = [];
  readonly #text: string;
  readonly #start: number;

  constructor({ value, start }: HideValue) {
    this.#text = value;
    this.#start = start;
  }

  find(code: LinuxFindingCode, position: number, text: string): void {
    this.findings.push(linuxFinding(code, this.#start + position, text));
  }

  /** @returns false where the driver does not start. */
  readAll(): boolean {
    const text = this.#text;
    let position = skipSpace(text, 0);
    do {
      const scans = FORMS.map((form) => scanForm(text, position, form));
      const scan = scans.find(({ fits }) => fits);
      if (scan === undefined) {
        this.#misfit(position, Math.max(...scans.map(({ stop }) => stop)));
        return false;
      }
      if (!this.#element(position, scan)) return false;
      position = skipSpace(text, scan.stop);
    } while (position < text.length);
    return true;
  }

  #misfit(position: number, stop: number): void {
    const text = this.#text;
    const rest = text.slice(position);
    if (!rest.startsWith('(')) this.find('ELEMENT_EXPECTED', position, rest);
    else if (stop === text.length) this.find('ELEMENT_UNCLOSED', stop, '');
    else this.find('ELEMENT_BAD', stop, text.slice(stop));
  }

  #element(position: number, { stop, numbers }: Scan): boolean {
    const text = this.#text.slice(position, stop);
    const pattern = this.#pattern(numbers);
    this.elements.push({ text, position: this.#start + position, pattern });
    if (pattern === undefined) return false;
    if (this.claims.some((claim) => patternsOverlap(claim, pattern))) this.find('DUPLICATE', position, text);
    this.claims.push(pattern);
    return true;
  }

  #pattern(numbers: ReadonlyMap<Part, ScannedNumber>): HidePattern | undefined {
    for (const number of numbers.values()) {
      if (number.prefixed && !number.empty) this.#about('NUMBER_PREFIXED', number);
      if (number.empty) this.#about('NUMBER_EMPTY', number);
      if (number.wrapped) this.#about('NUMBER_WRAPS', number);
    }
    const domain = this.#number(numbers.get('d'), 0xffff);
    const bus = this.#number(numbers.get('b'), 0xff);
    const device = this.#numberOrAll(numbers.get('s'), 0x1f);
    const fn = this.#numberOrAll(numbers.get('f'), 7);
    if (domain === 'none' || bus === 'none' || device === 'none' || fn === 'none') return undefined;
    return {
      domain: domain ?? 0,
      bus: bus ?? 0,
      device,
      function: fn,
    };
  }

  /** `none`: no function has the number. Undefined where nothing is written. */
  #number(number: ScannedNumber | undefined, limit: number): number | undefined | 'none' {
    if (number === undefined) return undefined;
    if (number.value >= 0 && number.value <= limit) return number.value;
    this.#about('NUMBER_RANGE', number);
    return 'none';
  }

  /** The driver writes -1 for a `*`, and takes every negative number for one. */
  #numberOrAll(number: ScannedNumber | undefined, limit: number): number | undefined | 'none' {
    if (number === undefined || number.value >= 0) return this.#number(number, limit);
    this.#about('NUMBER_IS_WILDCARD', number);
    return undefined;
  }

  #about(code: LinuxFindingCode, { start, end }: ScannedNumber): void {
    this.find(code, start, this.#text.slice(start, end));
  }
}

/** Whatever the text is: it is read as the driver reads it, and what is wrong is among the findings. */
export function parseLinuxHideList({ value, start }: HideValue): HideList {
  const reader = new Reader({ value, start });
  const fitting = fittingLength(value, MOST_BYTES);
  let starts = true;
  // A parameter that is refused is one that was not given: the driver starts, and hides nothing.
  if (value === '') reader.find('VALUE_EMPTY', 0, '');
  else if (fitting < value.length) reader.find('VALUE_TOO_LONG', fitting, value.slice(fitting));
  else starts = reader.readAll();
  const { elements, claims, findings } = reader;
  return {
    dialect: 'linux',
    value,
    elements,
    claims: starts ? claims : [],
    backEnd: starts,
    findings: findings.sort((a, b) => a.position - b.position),
  };
}

function elementText({ domain, bus, device, function: fn }: HidePattern): readonly string[] {
  const slot = `${domain === 0 ? '' : `${hexDigits(domain, 4)}:`}${hexDigits(bus, 2)}`;
  if (device !== undefined) return [`(${slot}:${hexDigits(device, 2)}.${fn ?? '*'})`];
  if (fn === undefined) return [`(${slot}:*.*)`];
  // `*.f` is no form: one element for each device.
  return Array.from({ length: 32 }, (_, each) => `(${slot}:${hexDigits(each, 2)}.${fn})`);
}

/** `(bb:dd.f)`, with the domain where it is not 0. @throws {HideListLimitError} more than the kernel takes. */
export function formatLinuxHideList(patterns: readonly HidePattern[]): string {
  const text = patterns.flatMap(elementText).join('');
  if (text.length > MOST_BYTES)
    throw new HideListLimitError('linux', patterns.length, `its list has at most ${MOST_BYTES} characters`);
  return text;
}
