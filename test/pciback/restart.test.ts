/** Serving goes on whatever moment its process is killed at: the guest reads and has what it would have had. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Command } from '../../src/xen/pciif/index.js';
import { disk, edu, testdev } from '../function/shapes.js';
import { checkProperty } from '../kept-seeds.js';
import { until } from '../until.js';
import {
  toolStackAttaches,
  toolStackCreates,
  toolStackDestroys,
  toolStackDetaches,
  toolStackForgets,
  type FrontEnd,
} from './front-end.js';
import { MortalHost } from './mortal-host.js';
import type { Death } from './mortality.js';

const DISK = '0000:00:08.0';
const EDU = '0000:00:05.0';
const TESTDEV = '0000:00:06.0';
const SHAPES = [disk(), edu(), testdev()];

/** What a guest got, in its order. */
class Digest {
  readonly lines: string[] = [];
  readonly #front: FrontEnd;

  constructor(front: FrontEnd) {
    this.#front = front;
  }

  /** One request, and its one answer, from whichever process. */
  async ask(
    command: number,
    devfn: number,
    fields: { offset?: number; size?: number; value?: number } = {},
    entries: readonly number[] = [],
  ): Promise<number> {
    const { offset = 0, size = 4, value = 0 } = fields;
    const { page } = this.#front;
    page.request({ command, error: 0, domain: 0, bus: 0, devfn, offset, size, value }, entries);
    this.#front.notify();
    await until(
      () => !page.waiting,
      () => `no answer to ${command} ${devfn} ${offset}`,
    );
    const reply = page.reply(entries.length);
    this.lines.push(
      [command, devfn, offset, size, value, '->', reply.error, reply.value, ...reply.vectors].join(' '),
    );
    return reply.value;
  }

  read(devfn: number, offset: number, size: number): Promise<number> {
    return this.ask(Command.configRead, devfn, { offset, size });
  }

  write(devfn: number, offset: number, size: number, value: number): Promise<number> {
    return this.ask(Command.configWrite, devfn, { offset, size, value });
  }

  /** As Linux does it: each address register is sized with decoding off. */
  async scan(devfn: number): Promise<void> {
    if (((await this.read(devfn, 0, 4)) & 0xffff) === 0) return;
    await this.read(devfn, 0x0e, 1);
    const command = await this.read(devfn, 4, 2);
    await this.write(devfn, 4, 2, command & ~3);
    for (const offset of [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x30]) {
      const address = await this.read(devfn, offset, 4);
      await this.write(devfn, offset, 4, offset === 0x30 ? 0xffff_f800 : 0xffff_ffff);
      await this.read(devfn, offset, 4);
      await this.write(devfn, offset, 4, address);
      await this.read(devfn, offset, 4);
    }
    // A byte at a time is no probe, but must read the same whoever answers.
    await this.write(devfn, 0x13, 1, 0xff);
    await this.read(devfn, 0x10, 4);
    await this.write(devfn, 4, 2, command | 7);
    await this.read(devfn, 4, 2);
    await this.read(devfn, 0x3c, 1);
  }
}

/** A whole life of a guest with functions that come and go. */
async function life(host: MortalHost): Promise<readonly string[]> {
  const { store } = host.platform;
  await toolStackCreates(store, 1, [DISK, EDU]);
  const front = host.front(1);
  await front.connect();
  const digest = new Digest(front);
  for (const devfn of [0, 8, 16]) await digest.scan(devfn);
  // D3hot, which the guest reads back and the hardware does not get to know; and the cache line, which it does.
  await digest.write(0, 0x64, 2, 3);
  await digest.read(0, 0x64, 2);
  await digest.write(0, 0x0c, 1, 0x10);
  await digest.read(0, 0x0c, 1);
  await digest.ask(Command.enableMsix, 0, { value: 3 }, [0, 1, 5]);
  await digest.ask(Command.enableMsix, 0, { value: 1 }, [2]);
  await digest.ask(Command.enableMsi, 8);
  await digest.read(0, 0x42, 2);
  await front.reconfigure(() => toolStackDetaches(store, 1, EDU));
  await toolStackForgets(store, 1, EDU);
  await digest.read(8, 0, 4);
  await front.reconfigure(() => toolStackAttaches(store, 1, TESTDEV));
  await digest.scan(8);
  await digest.ask(Command.disableMsi, 0);
  await digest.read(0, 0x42, 2);
  await digest.ask(Command.enableMsi, 0);
  await digest.read(0, 0xc2, 2);
  await digest.ask(Command.enableMsi, 0);
  await front.write({ state: '5' });
  await front.backState(5);
  await front.write({ state: '6' });
  await front.backState(6);
  await toolStackDestroys(store, 1);
  await host.domain(1).destroy();
  await host.settled(() => host.states().every((state) => state === 'free') && host.guests === 0);
  return digest.lines;
}

/** Registers of every function, as whoever comes next finds them. */
function hardware(host: MortalHost): readonly string[] {
  return SHAPES.map(({ address }) => {
    const device = host.machine.device(address);
    return Array.from({ length: 64 }, (_, index) => device.read(index * 4, 4).toString(16)).join(' ');
  });
}

function leftOver(host: MortalHost): object {
  const { platform, xen } = host;
  return {
    open: platform.open,
    mapped: platform.mapped,
    protectedTables: [...platform.protectedTables],
    pirqs: xen.usage.pirqs,
    records: [...host.records],
    taken: host.journal.records().filter(({ taken }) => taken !== undefined),
    failed: host.events.flatMap((event) => (event.event === 'failed' ? [String(event.error)] : [])),
    quarantined: host.journal.records().filter(({ quarantined }) => quarantined !== undefined),
    foreign: host.events.filter(({ event }) => event === 'foreign').length,
    pair: host.server.read('/local/domain/0/backend/pci/1/0'),
  };
}

const NOTHING = {
  open: { pages: 0, channels: 0 },
  mapped: [],
  protectedTables: [],
  pirqs: 0,
  records: [],
  taken: [],
  failed: [],
  quarantined: [],
  foreign: 0,
  pair: undefined,
};

interface Outcome {
  readonly digest: readonly string[];
  readonly hardware: readonly string[];
  readonly calls: readonly number[];
}

async function live(deaths: readonly Death[]): Promise<Outcome> {
  await using host = await MortalHost.start(SHAPES, deaths);
  const digest = await life(host);
  assert.deepEqual(leftOver(host), NOTHING);
  return { digest, hardware: hardware(host), calls: host.lives.map(({ calls }) => calls) };
}

let undisturbed: Promise<Outcome> | undefined;

/** @returns true when a process died. */
async function lives(deaths: readonly Death[]): Promise<boolean> {
  const expected = await (undisturbed ??= live([]));
  const { digest, hardware: registers, calls } = await live(deaths);
  assert.deepEqual(digest, expected.digest);
  assert.deepEqual(registers, expected.hardware);
  return calls.length > 1;
}

/** Many guests' lives at once: most of each is waiting. */
const AT_ONCE = 8;

/** Lives through each of these, and collects what goes wrong. @returns how many met their death. */
async function liveThrough(all: readonly Death[]): Promise<number> {
  const left = [...all];
  const failures: string[] = [];
  let died = 0;
  const worker = async () => {
    for (let death = left.shift(); death !== undefined; death = left.shift()) {
      try {
        if (await lives([death])) died++;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        failures.push(`killed ${death.moment} call ${death.call}: ${why}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  assert.equal(failures.length, 0, failures.slice(0, 3).join('\n'));
  return died;
}

describe('killed and started again', () => {
  // Before a call is nearly what after the last one is.
  for (const [moment, step] of [
    ['after', 2],
    ['before', 5],
  ] as const)
    test(`${moment} every call that is the first of ${step}`, async () => {
      const { calls, digest } = await (undisturbed ??= live([]));
      const [all = 0] = calls;
      assert.ok(digest.length > 100 && all > 200, `${digest.length} answers, ${all} calls`);
      const deaths = Array.from({ length: Math.ceil(all / step) }, (_, index) => ({
        call: index * step + 1,
        moment,
      }));
      const died = await liveThrough(deaths);
      assert.ok(died > deaths.length - 10, `${died} of ${deaths.length}`);
    });

  test('property: killed again and again, also while it goes on', async () => {
    const death = fc.record({
      call: fc.integer({ min: 1, max: 60 }),
      moment: fc.constantFrom('before' as const, 'after' as const),
    });
    const property = fc.asyncProperty(fc.array(death, { minLength: 2, maxLength: 12 }), async (deaths) => {
      await lives(deaths);
    });
    await checkProperty('restart: killed again and again', property, { numRuns: 60 });
  });
});

describe('told to end', () => {
  async function served(): Promise<{
    readonly host: MortalHost;
    readonly front: FrontEnd;
    readonly digest: Digest;
  }> {
    const host = await MortalHost.start(SHAPES, []);
    await toolStackCreates(host.platform.store, 1, [DISK, EDU]);
    const front = host.front(1);
    await front.connect();
    const digest = new Digest(front);
    await digest.write(0, 4, 2, 7);
    await digest.ask(Command.enableMsix, 0, { value: 2 }, [0, 1]);
    await host.leave();
    return { host, front, digest };
  }

  test('it leaves everything with the guest, and the next one answers what was asked meanwhile', async () => {
    const { host, digest } = await served();
    await using _host = host;
    const { mapped, protectedTables } = host.platform;
    assert.deepEqual([host.platform.open, mapped.length, protectedTables.size], [NOTHING.open, 2, 1]);
    assert.equal(host.server.read('/local/domain/0/backend/pci/1/0/state'), '4');
    const asked = digest.read(8, 0, 4);
    let answered = false;
    void asked.then(() => (answered = true));
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(answered, false);
    host.serveAgain();
    assert.equal(await asked, 0x11e8_1234);
    assert.deepEqual(host.states(), ['taken', 'free', 'taken']);
  });

  test('what a guest had that died meanwhile comes back, reset, with the next one', async () => {
    const { host } = await served();
    await using _host = host;
    const { resets } = host.machine.device(disk().address);
    await toolStackDestroys(host.platform.store, 1);
    await host.domain(1).destroy();
    host.serveAgain();
    await host.settled(() => host.states().every((state) => state === 'free') && host.records.size === 0);
    assert.equal(host.machine.device(disk().address).resets, resets + 1);
    assert.deepEqual(host.platform.protectedTables.size, 0);
  });

  test('another guest that has its id by then loses nothing to it', async () => {
    const { host } = await served();
    await using _host = host;
    const [mapped] = host.platform.mapped;
    // The same domain stands for the later one: what it has now is its own.
    host.server.write('/local/domain/1/vm', '/vm/another');
    host.serveAgain();
    await host.settled(() => host.states().every((state) => state === 'free'));
    assert.deepEqual(host.platform.mapped[0], mapped);
    assert.equal(host.events.at(-1)?.event, 'foreign');
  });
});
