/** The value of `pciback.hide=` as NetBSD's pciback(4) reads and takes it. */
import { onlyAddress, patternsOverlap, type HidePattern } from './hide-pattern.js';
import { fittingLength } from './byte-length.js';
import { HideListLimitError } from './errors.js';
import { netbsdFinding, type NetbsdFindingCode } from './hide-findings.js';
import type { HideElement, HideFinding, HideList, HideValue } from './hide-list.js';
import { strtoul16, type ReadNumber } from './strtoul.js';

/** Bytes of the kernel's field. A value that fills it has no end there. */
const FIELD = 64;
/** What the kernel takes for the beginning of a domain. */
const DOMAIN = '0000';

/** Reads as the kernel does: element by element, with a good one claimed at once. */
class Reader {
  readonly elements: HideElement[] = [];
  readonly findings: HideFinding[] = [];
  readonly claims: HidePattern[] = [];
  backEnd = true;
  readonly #text: string;
  readonly #start: number;

  constructor({ value, start }: HideValue) {
    this.#text = value;
    this.#start = start;
  }

  find(code: NetbsdFindingCode, position: number, text: string): void {
    this.findings.push(netbsdFinding(code, this.#start + position, text));
  }

  /** `cut`: the text goes on behind what the kernel has of it. */
  readAll(cut: boolean): void {
    const text = this.#text;
    for (let position = 0; position < text.length;) {
      const end = text.indexOf(')', position + 1);
      if (text.charAt(position) !== '(' || end === -1) {
        this.backEnd = false;
        // Said already where it is the cut that took the end away.
        if (text.charAt(position) !== '(') this.find('ELEMENT_EXPECTED', position, text.slice(position));
        else if (!cut) this.find('ELEMENT_UNCLOSED', position, text.slice(position));
        return;
      }
      if (!this.#element(position, end)) return;
      position = end + 1;
    }
  }

  /** @returns false where the kernel does not live on. */
  #element(position: number, end: number): boolean {
    const text = this.#text.slice(position, end + 1);
    const colon = text.indexOf(':');
    if (colon === -1) {
      this.find('COLON_MISSING', position, text);
      this.elements.push({ text, position: this.#start + position, pattern: undefined });
      this.claims.length = 0;
      this.backEnd = false;
      return false;
    }
    const pattern = this.#location(position, text, colon);
    this.elements.push({ text, position: this.#start + position, pattern });
    if (pattern === undefined) return true;
    if (this.claims.some((claim) => patternsOverlap(claim, pattern))) this.find('DUPLICATE', position, text);
    this.claims.push(pattern);
    return true;
  }

  #location(position: number, text: string, colon: number): HidePattern | undefined {
    const hasDomain = text.startsWith(DOMAIN, 1);
    const numbers: { readonly number: ReadNumber; readonly start: number }[] = [];
    let start = hasDomain ? colon + 1 : 1;
    // The `)` stands where the kernel writes the end of a string.
    for (const closing of [':', '.', ')']) {
      const number = strtoul16(text, start);
      if (text.charAt(number.end) !== closing) {
        this.#bad(position, text, number.end, hasDomain);
        return undefined;
      }
      numbers.push({ number, start });
      start = number.end + 1;
    }
    const domain = text.slice(1, colon);
    if (hasDomain && domain !== DOMAIN) this.find('DOMAIN_INEXACT', position + 1, domain);
    return this.#inRange(position, text, numbers);
  }

  #bad(position: number, text: string, at: number, hasDomain: boolean): void {
    const colons = text.split(':').length - 1;
    const first = text.slice(1, text.indexOf(':'));
    if (hasDomain && colons === 1) this.find('BUS_READ_AS_DOMAIN', position + 1, first);
    else if (!hasDomain && colons === 2 && text.charAt(at) === ':' && at > first.length + 1)
      this.find('DOMAIN_UNREADABLE', position + 1, first);
    else this.find('ELEMENT_BAD', position + at, text.slice(at, -1));
  }

  #inRange(
    position: number,
    text: string,
    numbers: readonly { readonly number: ReadNumber; readonly start: number }[],
  ): HidePattern | undefined {
    const limits = [0xff, 0x1f, 7];
    let possible = true;
    for (const [index, { number, start }] of numbers.entries()) {
      const written = text.slice(start, number.end);
      const find = (code: NetbsdFindingCode) => {
        this.find(code, position + start, written);
      };
      if (written === '') find('NUMBER_EMPTY');
      if (number.spaced) find('NUMBER_SPACED');
      if (number.signed) find('NUMBER_SIGNED');
      if (number.prefixed) find('NUMBER_PREFIXED');
      if (number.wrapped) find('NUMBER_WRAPS');
      if (number.value <= (limits[index] ?? 0)) continue;
      find('NUMBER_RANGE');
      possible = false;
    }
    const [bus = 0, device = 0, fn = 0] = numbers.map(({ number }) => number.value);
    return possible ? { domain: 0, bus, device, function: fn } : undefined;
  }
}

/** Whatever the text is: it is read as the kernel reads it, and what is wrong is among the findings. */
export function parseNetbsdHideList({ value, start }: HideValue): HideList {
  const space = value.indexOf(' ');
  const seen = space === -1 ? value : value.slice(0, space);
  const kept = fittingLength(seen, FIELD);
  const tooLong = fittingLength(seen, FIELD - 1) < seen.length;
  const reader = new Reader({ value: seen.slice(0, kept), start });
  if (space !== -1) reader.find('VALUE_ENDS', space, value.slice(space));
  if (seen === '') reader.find('VALUE_EMPTY', 0, '');
  if (tooLong) reader.find('VALUE_TOO_LONG', kept, seen.slice(kept));
  reader.readAll(tooLong);
  const { elements, claims, findings } = reader;
  return {
    dialect: 'netbsd',
    value,
    elements,
    claims,
    backEnd: reader.backEnd && !tooLong && seen !== '',
    findings: findings.sort((a, b) => a.position - b.position),
  };
}

/**
 * `(bb:dd.f)` for each function: up to 7 of them.
 * @throws {HideListLimitError} NetBSD has no way to name one of them, or not so many.
 */
export function formatNetbsdHideList(patterns: readonly HidePattern[]): string {
  const text = patterns
    .map((pattern) => {
      const address = onlyAddress(pattern);
      if (address === undefined) throw new HideListLimitError('netbsd', pattern, 'it has no wildcards');
      if (address.domain !== 0) throw new HideListLimitError('netbsd', pattern, 'it knows no domain but 0');
      return `(${address.toString().slice(DOMAIN.length + 1)})`;
    })
    .join('');
  if (text.length >= FIELD)
    throw new HideListLimitError(
      'netbsd',
      patterns.length,
      `its list has at most ${FIELD - 1} characters, 7 functions`,
    );
  return text;
}
