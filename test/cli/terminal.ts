/** A command on a terminal of its own, by script(1): what it shows is waited for with a bound, and it ends with the test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** No wait that goes well lasts nearly as long, on a loaded machine too; the whole file is given five minutes. */
const PATIENCE_MS = 60_000;

/** So much of the output is told by a failure. */
const TOLD = 2000;

/** So much of it is searched; what is waited for is some lines long. */
const KEPT = 20_000;

export class Terminal implements AsyncDisposable {
  readonly #child;
  readonly #exit: Promise<unknown>;
  #all = '';
  /** What was shown since the last that was waited for. */
  #seen = '';
  #changed = (): void => undefined;

  constructor(command: string, env: NodeJS.ProcessEnv) {
    // A shell that stays above the command would end by the Ctrl-C that was meant for the command, and some stay.
    this.#child = spawn('script', ['-qec', `exec ${command}`, '/dev/null'], {
      env: { ...env, TERM: 'dumb' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#exit = once(this.#child, 'close');
    this.#exit.catch(() => undefined);
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      // Of a flood only the end: all of it would be searched again with each piece.
      this.#seen = (this.#seen + text).slice(-KEPT);
      this.#all = (this.#all + text).slice(-TOLD);
      this.#changed();
    });
    this.#child.on('close', () => {
      this.#changed();
    });
    // It has ended: whoever waits for what it shows is told.
    this.#child.stdin.on('error', () => undefined);
  }

  types(text: string): void {
    this.#child.stdin.write(text);
  }

  /** @throws {Error} it does not come in time, or the command has ended; with what was shown at last. */
  async shows(expected: RegExp): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!expected.test(this.#seen)) {
      const left = deadline - performance.now();
      if (this.#hasEnded()) throw this.#failure(`it ended before it showed ${String(expected)}`);
      if (left <= 0) throw this.#failure(`it does not show ${String(expected)}`);
      await this.#change(left);
    }
    this.#seen = '';
  }

  /** @returns its exit status; null by a signal. @throws {Error} it goes on. */
  async ended(): Promise<number | null> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!this.#hasEnded()) {
      const left = deadline - performance.now();
      if (left <= 0) throw this.#failure('it does not end');
      await this.#change(left);
    }
    return this.#child.exitCode;
  }

  /** The command itself ends with its terminal. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded()) this.#child.kill('SIGKILL');
    await this.#exit;
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #failure(what: string): Error {
    return new Error(`${what}; it showed at last:\n${JSON.stringify(this.#all)}`);
  }

  async #change(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#changed = resolve;
      timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
  }
}
