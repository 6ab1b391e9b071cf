/** The bench's guest program: waits for a question in its XenStore directory, does what it asks, and writes the answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PciFunction, Region } from 'openslot/function';
import type { Guest } from 'openslot/guest';
import { Bell } from './bell.js';
import { collectedHeap } from './heap.js';
import { interruptTimes, type InterruptSeries } from './interrupt-times.js';
import { mix, type Mix, type MixCounts } from './mix.js';
import { timesOf, type Series, type Times } from './timed.js';

export const LOOP_MS = 10;

/** What a guest can be asked to do with its function, and what it answers. */
export interface Dialogue {
  accesses: { readonly question: Series & { readonly of: 'register' | 'config' }; readonly answer: Times };
  interrupts: { readonly question: InterruptSeries; readonly answer: Times };
  /** Nanoseconds of the process's monotonic clock when the driver had read the first register of its function. */
  firstRead: { readonly question: Nothing; readonly answer: { readonly at: number } };
  /** Looks at the device every {@link LOOP_MS} from now on. */
  loop: { readonly question: Nothing; readonly answer: Nothing };
  mix: { readonly question: Mix; readonly answer: MixCounts };
  /** Bytes of the guest's JavaScript heap, after a collection. */
  heap: { readonly question: Nothing; readonly answer: { readonly bytes: number } };
}
type Nothing = Readonly<Record<never, never>>;
export type Subject = keyof Dialogue;

interface Device {
  readonly guest: Guest;
  readonly fn: PciFunction;
  readonly region: Region;
  readonly firstRead: number;
}

type Answers = {
  readonly [S in Subject]: (
    device: Device,
    question: Dialogue[S]['question'],
  ) => Dialogue[S]['answer'] | Promise<Dialogue[S]['answer']>;
};

const ANSWERS: Answers = {
  accesses: ({ fn, region }, question) =>
    timesOf(
      question.of === 'register' ? () => region.read32(Bell.scratch) : () => fn.config.read(0, 4),
      question,
    ),
  interrupts: ({ fn, region }, question) => interruptTimes(fn, region, question),
  firstRead: ({ firstRead }) => ({ at: firstRead }),
  loop: ({ fn, region }) => {
    setInterval(() => {
      region.write32(Bell.scratch, region.read32(Bell.scratch) + fn.config.read(0, 2));
    }, LOOP_MS);
    return {};
  },
  mix: ({ guest, fn, region }, question) => mix(guest, fn, region, question),
  heap: () => ({ bytes: collectedHeap() }),
};

export default async function bench(guest: Guest): Promise<void> {
  const { store } = guest;
  const driver = new Driver(guest);
  void driver.follow();
  let done = 0;
  await store.write('data/answer', JSON.stringify({ number: done }));
  await using _questions = await store.watch('data/question', async () => {
    const text = await store.read('data/question');
    if (text === undefined) return;
    const asked = JSON.parse(text) as { number: number; subject: Subject; question: never };
    if (asked.number === done) return;
    done = asked.number;
    try {
      const answer: unknown = await Promise.resolve(
        ANSWERS[asked.subject](await driver.device(), asked.question),
      );
      await store.write('data/answer', JSON.stringify({ number: asked.number, answer }));
    } catch (error) {
      // Ends the guest, which the asker is told of.
      setImmediate(() => {
        throw error;
      });
    }
  });
  await new Promise(() => undefined);
}

/** Drives the one function that the guest has. */
class Driver {
  readonly #guest: Guest;
  #device: Device | undefined;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  async follow(): Promise<void> {
    const { xpci } = this.#guest;
    for await (const change of xpci.changes()) {
      this.#device?.fn.close();
      this.#device = undefined;
      if (change.change !== 'attached') continue;
      const fn = xpci.open(change.address);
      fn.setEnabled(true);
      const region = fn.openRegion(0);
      region.read32(Bell.scratch);
      const firstRead = Number(process.hrtime.bigint());
      fn.config.write(COMMAND, 2, fn.config.read(COMMAND, 2) | BUS_MASTER);
      this.#device = { guest: this.#guest, fn, region, firstRead };
    }
  }

  async device(): Promise<Device> {
    for (;;) {
      if (this.#device !== undefined) return this.#device;
      await sleep(1);
    }
  }
}

const COMMAND = 0x04;
/** A message signalled interrupt is a write by the device. */
const BUS_MASTER = 0x4;
