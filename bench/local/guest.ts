/** The bench's guest program: waits for a question in its XenStore directory, does what it asks, and writes the answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PciFunction, Region } from 'openslot/function';
import type { Guest } from 'openslot/guest';
import { Bell } from './bell.js';
import { timesOf, type Series, type Times } from './timed.js';

/** What a guest can be asked to do with its function. */
export type Question = Series & { readonly of: 'register' | 'config' };
export type Answer = Times;

export default async function bench({ xpci, store }: Guest): Promise<void> {
  const driver = new Driver(xpci);
  void driver.follow();
  let done = 0;
  await using _questions = await store.watch('data/question', async () => {
    const text = await store.read('data/question');
    if (text === undefined) return;
    const question = JSON.parse(text) as Question & { readonly number: number };
    if (question.number === done) return;
    done = question.number;
    const answer = await driver.answer(question);
    await store.write('data/answer', JSON.stringify({ ...answer, number: question.number }));
  });
  await new Promise(() => undefined);
}

/** Drives the one function that the guest has. */
class Driver {
  readonly #xpci: Guest['xpci'];
  #device: { readonly fn: PciFunction; readonly region: Region } | undefined;

  constructor(xpci: Guest['xpci']) {
    this.#xpci = xpci;
  }

  async follow(): Promise<void> {
    for await (const change of this.#xpci.changes()) {
      this.#device = undefined;
      if (change.change !== 'attached') continue;
      const fn = this.#xpci.open(change.address);
      fn.setEnabled(true);
      this.#device = { fn, region: fn.openRegion(0) };
    }
  }

  async answer(question: Question): Promise<Answer> {
    let device = this.#device;
    for (; device === undefined; device = this.#device) await sleep(1);
    const { fn, region } = device;
    return timesOf(
      question.of === 'register' ? () => region.read32(Bell.scratch) : () => fn.config.read(0, 4),
      question,
    );
  }
}
