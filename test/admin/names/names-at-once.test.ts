/** Names that two processes give at once: a device gets one, whichever of them is quicker, or dies meanwhile. */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { KeptNames } from './moved-machines.js';
import type { NamingReport } from './naming-process.js';

/** Its looks before it asks for its turn: at all functions, and at those of the device's kind. */
const LOOKS_BEFORE = 2;

class NamingProcess implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #reports: NamingReport[] = [];
  readonly #ended: Promise<unknown>;

  constructor(folder: string, name: string) {
    this.#process = fork(new URL('./naming-process.js', import.meta.url), [folder, name]);
    this.#ended = once(this.#process, 'exit');
    this.#process.on('message', (report: NamingReport) => this.#reports.push(report));
  }

  async next(): Promise<NamingReport> {
    for (;;) {
      const report = this.#reports.shift();
      if (report !== undefined) return report;
      await Promise.race([
        once(this.#process, 'message'),
        this.#ended.then(() => assert.ok(this.#reports.length > 0, 'it ended without a word')),
      ]);
    }
  }

  goOn(): void {
    this.#process.send('go on');
  }

  /** Has looked at the device, and asks for its turn now. */
  async asks(): Promise<void> {
    for (let look = 0; look < LOOKS_BEFORE; look++) {
      assert.equal(await this.next(), 'look');
      this.goOn();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }
}

describe('two processes that name one device at once', () => {
  test('give it one name: the second sees what the first gave', async () => {
    using kept = new KeptNames();
    await using first = new NamingProcess(kept.path, 'left');
    await first.asks();
    assert.equal(await first.next(), 'look', 'it has read which names there are');
    await using second = new NamingProcess(kept.path, 'right');
    await second.asks();
    first.goOn();
    assert.equal(await first.next(), 'given');
    assert.equal(await second.next(), 'look');
    second.goOn();
    assert.deepEqual(await second.next(), { refused: 'DEVICE_NAMED' });
    assert.deepEqual(kept.folder.names(), ['left']);
  });

  test('leave it to the second where the first is killed before it has given its name', async () => {
    using kept = new KeptNames();
    await using second = new NamingProcess(kept.path, 'right');
    {
      await using first = new NamingProcess(kept.path, 'left');
      await first.asks();
      assert.equal(await first.next(), 'look');
      await second.asks();
    }
    assert.equal(await second.next(), 'look');
    second.goOn();
    assert.equal(await second.next(), 'given');
    assert.deepEqual(kept.folder.names(), ['right']);
  });
});
