/** The base of every refusal of openslot, and the refusals that the PCI vocabulary itself makes. */

/** What an error says besides its text: plain data, printed by `--json` and read by tests. */
export type Evidence = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** An error as data: what `--json` prints, logs hold and the owner's socket sends. */
export interface ErrorData {
  readonly code: string;
  readonly message: string;
  readonly evidence: Evidence;
  readonly next: string;
}

/**
 * A refusal with a stable `code`, what was seen (`evidence`) and what to do next (`next`).
 * One subclass per cause; the text is made by the subclass and nowhere else.
 */
export abstract class OpenslotError extends Error {
  abstract readonly code: string;
  readonly evidence: Evidence;
  /** A command or an action that helps, empty where there is none. */
  readonly next: string;

  protected constructor(message: string, evidence: Evidence, next = '', options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.evidence = evidence;
    this.next = next;
  }

  toJSON(): ErrorData {
    return { code: this.code, message: this.message, evidence: this.evidence, next: this.next };
  }
}

/** A remedy in a message, on a line of its own below what it helps against; nothing where there is none. */
export function remedyLine(next: string): string {
  return next === '' ? '' : `\n${REMEDY_INDENT}${next}`;
}

/** Columns before it: no other line of a message begins with as many. */
const REMEDY_INDENT = ' '.repeat(6);

/** The message with each of its remedies as `change` makes it. */
export function withRemedies(message: string, change: (next: string) => string): string {
  return message
    .split('\n')
    .map((line) =>
      line.startsWith(REMEDY_INDENT) ? REMEDY_INDENT + change(line.slice(REMEDY_INDENT.length)) : line,
    )
    .join('\n');
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same behind the code, where it is a refusal. */
export function reasonOf(error: unknown): string {
  return error instanceof OpenslotError ? `${error.code}: ${error.message}` : messageOf(error);
}

/** Whatever was thrown, as data. What is no refusal is a fault of ours. */
export function errorData(error: unknown): ErrorData {
  if (error instanceof OpenslotError) return error.toJSON();
  return { code: 'INTERNAL', message: messageOf(error), evidence: {}, next: '' };
}

/** A text is not an address in the notation that its place demands. */
export class MalformedAddressError extends OpenslotError {
  readonly code = 'ADDRESS_MALFORMED';
  constructor(text: string, notation: string, expected: string, position: number) {
    super(
      `"${text}" is not a PCI address in ${notation} notation: expected ${expected} at character ${position + 1}`,
      { text, notation, expected, position },
      notation === 'hex' ? 'write it as BB:DD.F or DDDD:BB:DD.F, for example 0a:00.0' : '',
    );
  }
}

/** A text is no specification in xl's grammar. */
export class MalformedSpecError extends OpenslotError {
  readonly code = 'SPEC_MALFORMED';
  constructor(text: string, expected: string, position: number) {
    super(
      `"${text}" is no function specification: expected ${expected} at character ${position + 1}`,
      { text, expected, position },
      'write it as xl does: BB:DD.F, BB:DD.F@SLOT, or BB:DD.*,option=value',
    );
  }
}

/** A number given for a part of an address is outside what PCI can carry. */
export class AddressRangeError extends OpenslotError {
  readonly code = 'ADDRESS_RANGE';
  constructor(part: 'domain' | 'bus' | 'device' | 'function', value: number, limit: number) {
    super(`PCI ${part} ${value} is not a whole number from 0 to ${limit}`, { part, value, limit });
  }
}

/** A size that no BAR (or expansion ROM) of its kind can have. */
export class BarSizeError extends OpenslotError {
  readonly code = 'BAR_SIZE';
  constructor(what: string, size: bigint, smallest: bigint, largest: bigint) {
    super(
      `${size} is not a size that a ${what} can have: a power of two from ${smallest} to ${largest} bytes`,
      {
        what,
        size: String(size),
        smallest: String(smallest),
        largest: String(largest),
      },
    );
  }
}
