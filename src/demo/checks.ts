/** Checks of the demonstration: a line for each, and the count in the end. */
export class Checks {
  #passed = 0;
  #failed = 0;
  readonly #print: (line: string) => void;
  readonly #start = performance.now();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  get failures(): number {
    return this.#failed;
  }

  get summary(): string {
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(1);
    return `${this.#passed} checks passed, ${this.#failed} failed, in ${seconds} s`;
  }

  /** Says the value when it is as expected, and both when it is not. */
  equal(what: string, actual: string, expected: string): void {
    if (actual === expected) this.#pass(`${what}: ${actual}`);
    else this.failed(what, `expected ${expected}, got ${actual}`);
  }

  holds(what: string, condition: boolean): void {
    if (condition) this.#pass(what);
    else this.failed(what, 'it does not hold');
  }

  failed(what: string, why: string): void {
    this.#failed++;
    this.#print(`FAILED  ${what}: ${why}`);
  }

  #pass(text: string): void {
    this.#passed++;
    this.#print(`ok  ${text}`);
  }
}
