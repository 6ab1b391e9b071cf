/** A machine of the lab's in QEMU: its console as lines, and its end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { LabRoot } from './root.js';

export interface QemuOptions {
  readonly root: LabRoot;
  readonly arguments: readonly string[];
  /** For its temporary files. */
  readonly folder: string;
  /** The console is this terminal. */
  readonly interactive: boolean;
}

export interface ConsoleLine {
  /** Milliseconds since QEMU was started. */
  readonly at: number;
  readonly text: string;
}

export class Machine {
  readonly #child: ChildProcess;
  readonly #start = performance.now();
  /** The exit code, undefined when a signal ended it. */
  readonly ended: Promise<number | undefined>;

  constructor(options: QemuOptions, onLine: (line: ConsoleLine) => void) {
    const [program, ...loading] = options.root.command('usr/bin/qemu-system-x86_64');
    this.#child = spawn(program, [...loading, ...options.arguments], {
      stdio: options.interactive ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      // QEMU keeps what is written to a disk in a file here, which it unlinks.
      env: { ...process.env, ...options.root.qemuEnvironment, TMPDIR: options.folder },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null)
        createInterface({ input: stream }).on('line', (text) => {
          onLine({ at: this.elapsed, text: text.replaceAll('\r', '') });
        });
    // The child must not outlive us, however we end.
    const kill = () => this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code) => {
        process.off('exit', kill);
        resolve(code ?? undefined);
      });
    });
  }

  get elapsed(): number {
    return performance.now() - this.#start;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
    await this.ended;
    clearTimeout(deadline);
  }
}
