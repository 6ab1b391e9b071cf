/** The rules of a kind of boot file: what each is about and what the real reader does, and the findings made from them. */
import type { BootFinding } from './boot-file.js';
import { hideMeaning } from './hide-findings.js';
import type { HideList } from './hide-list.js';

export type BootRule = Pick<BootFinding, 'severity' | 'what' | 'effect'>;

/** A table of rules by their codes: the one place of their texts. */
export type BootRules<Code extends string> = Readonly<Record<Code, BootRule>>;

/** Collects what is wrong with a text. */
export class BootFindings<Code extends string> {
  readonly #rules: BootRules<Code>;
  readonly #found: BootFinding[] = [];

  constructor(rules: BootRules<Code>) {
    this.#rules = rules;
  }

  /** `detail` says which one, where the rule's own words do not. */
  add(code: Code, offset: number, length: number, detail?: string): void {
    const { severity, what, effect } = this.#rules[code];
    const told = detail === undefined ? what : `${what}: ${detail}`;
    this.#found.push({ code, severity, offset, length, what: told, effect });
  }

  /** What is wrong with a hide list. `at` gives the offset in the file of a position in what the list was read from. */
  addHideList(list: HideList, at: (position: number) => number): void {
    for (const { code, severity, position, text } of list.findings) {
      const { what, effect } = hideMeaning(list.dialect, code);
      const [offset, end] = [at(position), at(position + text.length)];
      this.#found.push({
        code,
        severity: severity === 'warning' ? 'warning' : 'error',
        offset,
        length: Math.max(0, end - offset),
        what,
        effect,
      });
    }
  }

  /** By their offsets. */
  inOrder(): readonly BootFinding[] {
    return this.#found.toSorted((a, b) => a.offset - b.offset);
  }
}

/**
 * The same text with every byte beyond ASCII as one DEL: readers of hide lists count bytes, and in a text of one
 * character a byte no such byte may count for two.
 */
export function inAscii(text: string): string {
  return text.replace(/[\x80-\xff]/g, '\x7f');
}
