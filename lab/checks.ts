/** Named checks: each printed as it is made, counted for the closing line. */
import { lastLines } from './failure.js';

export class Checks {
  passed = 0;
  failed = 0;
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void = console.log) {
    this.#print = print;
  }

  /** @param shown what the reader should see beside a passed check; by default the value. */
  equal(name: string, got: string | undefined, expected: string, shown = expected): void {
    this.#note(name, got === expected, shown, expected, got);
  }

  differs(name: string, got: string | undefined, from: string): void {
    this.#note(
      name,
      got !== undefined && got !== '' && got !== from,
      got ?? '',
      `anything but ${from || 'nothing'}`,
      got,
    );
  }

  /** @returns the match, whose whole text is shown. */
  matches(name: string, text: string | undefined, expected: RegExp): RegExpMatchArray | undefined {
    const match = text?.match(expected) ?? undefined;
    this.#note(name, match !== undefined, match?.[0].trim() ?? '', `a match of ${String(expected)}`, text);
    return match;
  }

  none(name: string, got: readonly string[]): void {
    this.#note(name, got.length === 0, '', 'none', got.join('\n'));
  }

  /** The closing line; exit code 1 belongs to it when a check failed. */
  get closing(): string {
    return `${this.passed} passed, ${this.failed} failed`;
  }

  #note(name: string, good: boolean, quoted: string, expected: string, got: string | undefined): void {
    if (good) {
      this.passed++;
      this.#print(`ok ${name}${quoted === '' ? '' : `: ${quoted}`}`);
      return;
    }
    this.failed++;
    const text = got === undefined || got === '' ? 'nothing' : got;
    const shown = text.includes('\n') ? `, in the end,\n${indented(lastLines(text, 12))}` : ` ${text}`;
    this.#print(`FAILED ${name}: expected ${expected}, got${shown}`);
  }
}

export function indented(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ');
}
