/** The rules of a kind of boot file as a table: what is wrong, and what the real reader does with it, said in one place. */
import type { BootFinding } from './boot-file.js';

/** What all findings of one code say. */
export type BootRule = Pick<BootFinding, 'severity' | 'what' | 'effect'>;

/** By code. */
export type BootRules<Code extends string = string> = Readonly<Record<Code, BootRule>>;

/** Bytes of a file: where a finding is. */
export interface TextSpan {
  readonly offset: number;
  readonly length: number;
}

/** Collects the findings of one file by the rules of its kind. */
export class Findings<Code extends string> {
  readonly #rules: BootRules<Code>;
  readonly #findings: BootFinding[] = [];

  constructor(rules: BootRules<Code>) {
    this.#rules = rules;
  }

  /** `detail` is put behind the rule's own words: what it is about, where the text at the place does not show it. */
  add(code: Code, { offset, length }: TextSpan, detail?: string): void {
    const { severity, what, effect } = this.#rules[code];
    const told = detail === undefined ? what : `${what}: ${detail}`;
    this.#findings.push({ code, severity, offset, length, what: told, effect });
  }

  /** What another reader found in a part of the file, at offsets of the file. */
  include(findings: readonly BootFinding[]): void {
    this.#findings.push(...findings);
  }

  /** In order of offset; of one place in the order in which they were found. */
  sorted(): readonly BootFinding[] {
    return this.#findings.toSorted((a, b) => a.offset - b.offset);
  }
}
