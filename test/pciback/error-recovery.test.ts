/** Error recovery as the page shows it, word by word, with front ends that answer well, badly, or whatever they like. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describeEvent, type PcibackEvent, type RecoveryOptions } from '../../src/pciback/index.js';
import { domainId } from '../../src/xen/domain.js';
import { disk, edu } from '../function/shapes.js';
import { checkProperty } from '../kept-seeds.js';
import { until } from '../until.js';
import { toolStackCreates, toolStackDestroys } from './front-end.js';
import type { FrontEnd } from './front-end.js';
import { ServedHost } from './served-host.js';

const DISK = '0000:00:08.0';
const EDU = '0000:00:05.0';

/** Words of the page, flags and numbers (pciif.h, and pci.h for states and results); apart from the code under test. */
const FLAGS = 0;
const AER = { command: 138, error: 139, domain: 140, bus: 141, devfn: 142 };
const HANDLER = 2;
const ACTIVE = 4;
const DETECTED = 6;
const RESUME = 7;
const MMIO = 8;
const SLOT_RESET = 9;
const [NONE, CAN_RECOVER, NEED_RESET, DISCONNECT, RECOVERED] = [1, 2, 3, 4, 5];

interface Asked {
  readonly command: number;
  readonly state: number;
  readonly devfn: number;
}

/** A guest that has a disk that reports errors, and edu beside it. */
class RecoveringHost extends ServedHost {
  readonly asked: Asked[] = [];

  static async start(recovery: Partial<RecoveryOptions> = {}): Promise<RecoveringHost> {
    const host = new RecoveringHost([{ ...disk(), express: { flr: true, aer: true } }, edu()]);
    await host.claimAll();
    await host.serve({ recovery: { answerMs: 10_000, ...recovery } });
    return host;
  }

  async connected(flags = HANDLER): Promise<FrontEnd> {
    await toolStackCreates(this.platform.store, 1, [DISK, EDU]);
    const front = this.front(1);
    front.page.words[FLAGS] = flags;
    await front.connect();
    return front;
  }

  fail(error: 'malformed' | 'completion_timeout' = 'malformed'): void {
    this.machine.sim.inject(disk().address, { fault: 'uncorrectable', error });
  }

  /** Settles when the back end asks, with what; the request stays unanswered. */
  async request({ page: { words } }: FrontEnd): Promise<Asked> {
    await until(
      () => ((words[FLAGS] ?? 0) & ACTIVE) !== 0,
      () => this.texts().join('\n'),
    );
    const [command = 0, state = 0, domain, bus, devfn = 0] = words.subarray(AER.command, AER.devfn + 1);
    assert.deepEqual([domain, bus], [0, 0]);
    const asked = { command, state, devfn };
    this.asked.push(asked);
    return asked;
  }

  answer(front: FrontEnd, result: number): void {
    front.page.words[AER.error] = result;
    Atomics.and(front.page.words, FLAGS, ~ACTIVE);
    front.notify();
  }

  /** Answers in this order, and gives what was asked. */
  async dialogue(front: FrontEnd, ...results: readonly number[]): Promise<readonly Asked[]> {
    for (const result of results) {
      await this.request(front);
      this.answer(front, result);
    }
    return this.asked;
  }

  of<Kind extends PcibackEvent['event']>(kind: Kind): readonly (PcibackEvent & { readonly event: Kind })[] {
    return this.events.filter(
      (event): event is PcibackEvent & { readonly event: Kind } => event.event === kind,
    );
  }

  texts(): readonly string[] {
    return this.events.map(describeEvent);
  }

  async recovered(): Promise<void> {
    await this.settled(() => this.of('recovered').length > 0);
  }

  async failed(): Promise<string> {
    await this.settled(() => this.of('recovery_failed').length > 0);
    return this.of('recovery_failed')[0]?.why ?? '';
  }

  get state(): string | undefined {
    return this.pool.list().find(({ address }) => String(address) === DISK)?.state;
  }

  get resets(): number {
    return this.machine.device(disk().address).resets;
  }
}

describe('the dialogue', () => {
  test('fatal: detected with the channel frozen, a reset, slot_reset, resume', async () => {
    await using host = await RecoveringHost.start();
    const front = await host.connected();
    host.fail();
    await host.request(front);
    assert.equal(host.resets, 0, 'not before the guest was asked');
    host.answer(front, NEED_RESET);
    await host.request(front);
    assert.equal(host.resets, 1);
    host.answer(front, RECOVERED);
    await host.dialogue(front, NONE);
    await host.recovered();
    assert.deepEqual(host.asked, [
      { command: DETECTED, state: 2, devfn: 0 },
      { command: SLOT_RESET, state: 1, devfn: 0 },
      { command: RESUME, state: 1, devfn: 0 },
    ]);
    assert.deepEqual(
      host.texts().filter((text) => /error|reset|resume|recover/.test(text)),
      [
        'guest 1: 0000:00:08.0: it reported a fatal error (malformed); recovery begins',
        'guest 1: 0000:00:08.0: error_detected: need_reset',
        'guest 1: 0000:00:08.0: slot_reset: recovered',
        'guest 1: 0000:00:08.0: resume: done',
        'guest 1: 0000:00:08.0 is recovered',
      ],
    );
  });

  /** Answers to an error that is not fatal, and what they lead to; by Linux's pcie_do_recovery. */
  const paths: readonly (readonly [answers: readonly number[], steps: readonly number[], resets: number])[] =
    [
      [[RECOVERED, NONE], [DETECTED, RESUME], 0],
      [[CAN_RECOVER, RECOVERED, NONE], [DETECTED, MMIO, RESUME], 0],
      [[CAN_RECOVER, NEED_RESET, RECOVERED, NONE], [DETECTED, MMIO, SLOT_RESET, RESUME], 1],
      [[NEED_RESET, RECOVERED, NONE], [DETECTED, SLOT_RESET, RESUME], 1],
    ];
  for (const [answers, steps, resets] of paths)
    test(`not fatal, answered ${answers.join(' ')}`, async () => {
      await using host = await RecoveringHost.start();
      const front = await host.connected();
      host.fail('completion_timeout');
      await host.dialogue(front, ...answers);
      await host.recovered();
      assert.deepEqual(
        host.asked.map(({ command }) => command),
        steps,
      );
      assert.ok(host.asked.every(({ state }) => state === 1));
      assert.equal(host.resets, resets);
      assert.equal(host.state, 'taken');
    });

  const ends: readonly (readonly [answers: readonly number[], why: RegExp])[] = [
    [[NONE], /^error_detected: the guest answered none$/],
    [[DISCONNECT], /^error_detected: the guest answered disconnect$/],
    [[6], /^error_detected: the guest answered no_aer_driver$/],
    [[CAN_RECOVER, CAN_RECOVER], /^mmio_enabled: the guest answered can_recover$/],
    [[NEED_RESET, NEED_RESET], /^slot_reset: the guest answered need_reset$/],
    [[0], /answered 0, which is no result$/],
    [[-1], /answered -1, which is no result$/],
    [[0x7fff_ffff], /answered 2147483647, which is no result$/],
  ];
  for (const [answers, why] of ends)
    test(`is over after ${answers.join(' ')}`, async () => {
      await using host = await RecoveringHost.start();
      const front = await host.connected();
      host.fail('completion_timeout');
      await host.dialogue(front, ...answers);
      assert.match(await host.failed(), why);
      assert.equal(host.state, 'quarantined');
      assert.deepEqual(front.read(0, 0, 4), { error: -1, value: 0, vectors: [] }, 'it is off the bus');
      assert.equal(front.read(8, 0, 4).value, 0x11e8_1234, 'the other one is not');
      assert.match(host.texts().at(-1) ?? '', /was not recovered \(.*\): taken away from it$/);
    });

  test('is not begun with a guest that says it handles no errors', async () => {
    await using host = await RecoveringHost.start();
    const front = await host.connected(0);
    host.fail();
    assert.match(await host.failed(), /handles no errors/);
    assert.equal((front.page.words[FLAGS] ?? 0) & ACTIVE, 0);
  });

  test('is not begun with a guest that is not connected', async () => {
    await using host = await RecoveringHost.start({ policy: 'kill-guest' });
    await toolStackCreates(host.platform.store, 1, [DISK, EDU]);
    const front = host.front(1);
    await front.backState(3);
    host.fail();
    assert.match(await host.failed(), /not connected/);
    assert.equal((await front.backKeys())['aerState'], 'aerfail');
    assert.match(host.texts().at(-1) ?? '', /the tool stack is told to end the guest/);
  });

  test('an answer that nobody tells of is taken at the end of the time', async () => {
    await using host = await RecoveringHost.start({ answerMs: 200 });
    const front = await host.connected();
    host.fail('completion_timeout');
    await host.request(front);
    front.page.words[AER.error] = RECOVERED;
    Atomics.and(front.page.words, FLAGS, ~ACTIVE);
    await host.request(front);
    assert.equal(host.asked.at(-1)?.command, RESUME);
    host.answer(front, NONE);
    await host.recovered();
  });

  test('a late answer is nobody’s: until it is there the next question is not asked', async () => {
    await using host = await RecoveringHost.start({ answerMs: 2000, policy: 'ignore' });
    const front = await host.connected();
    host.fail('completion_timeout');
    await host.request(front);
    assert.match(await host.failed(), /no answer within 2000 ms/);
    assert.match(host.texts().at(-1) ?? '', /left to it as it is/);
    host.fail('completion_timeout');
    await host.settled(() => host.of('error').length === 2);
    host.answer(front, DISCONNECT);
    await host.dialogue(front, RECOVERED, NONE);
    await host.recovered();
    assert.equal(host.of('recovery_failed').length, 1, 'the late disconnect was not taken for an answer');
  });

  test('requests of the guest are answered in the middle of it', async () => {
    await using host = await RecoveringHost.start();
    const front = await host.connected();
    host.fail();
    await host.request(front);
    for (let count = 0; count < 100; count++) assert.equal(front.read(0, 0, 4).value, 0x0010_1b36);
    host.answer(front, NEED_RESET);
    await host.dialogue(front, RECOVERED, NONE);
    await host.recovered();
  });
});

describe('what the guest had set up', () => {
  const ENABLE_MSIX = 4;
  const operate = (front: FrontEnd, command: number, fields: object, entries: readonly number[] = []) => {
    front.page.request(
      { command, domain: 0, bus: 0, devfn: 0, offset: 0, size: 0, value: 0, ...fields },
      entries,
    );
    front.notify();
    return front.page.reply(entries.length);
  };
  const write = (front: FrontEnd, offset: number, size: number, value: number) =>
    operate(front, 1, { offset, size, value });

  test('is there again after the reset: decoding, mastering, messages with the same pirqs', async () => {
    await using host = await RecoveringHost.start();
    const front = await host.connected();
    write(front, 4, 2, 0x0006);
    const { error, vectors } = operate(front, ENABLE_MSIX, { value: 3 }, [0, 5, 16]);
    assert.equal(error, 0);
    const device = host.machine.device(disk().address);
    const table = host.machine.host.openRange('memory', 0xfebd_2000 as never, 17 * 16);
    const messages = () =>
      [0, 5, 16].map((entry) => [0, 4, 8, 12].map((at) => table.read32(entry * 16 + at)));
    const before = { messages: messages(), command: device.read(4, 2), control: device.read(0x42, 2) };
    assert.ok(before.messages.every(([address = 0, , , mask]) => address !== 0 && mask === 0));
    host.fail();
    await host.dialogue(front, NEED_RESET);
    await host.request(front);
    assert.equal(host.resets, 1);
    assert.deepEqual(
      { messages: messages(), command: device.read(4, 2), control: device.read(0x42, 2) },
      before,
    );
    assert.equal(table.read32(16 + 12), 1, 'a vector that the guest has not asked for is masked');
    host.answer(front, RECOVERED);
    await host.dialogue(front, NONE);
    await host.recovered();
    assert.deepEqual(
      host.messages.map(({ pirq }) => pirq),
      vectors,
    );
  });

  test('is what it was at first where the function answered nothing before its reset', async () => {
    await using host = await RecoveringHost.start();
    const device = host.machine.device(disk().address);
    const front = await host.connected();
    write(front, 4, 2, 0x0006);
    assert.equal(operate(front, 2, {}).error, 0);
    const bars = () => [device.read(0x10, 4), device.read(0x14, 4), device.read(0x18, 4)];
    const before = bars();
    host.fail();
    await host.request(front);
    const { sim } = host.machine;
    sim.inject(disk().address, { fault: 'removed' });
    // The reset is what brings it back, as after power on; the host's firmware has no part in it.
    host.machine.onReset = (address) => {
      if (!sim.clear(address, 'removed')) return;
      using fresh = sim.open(address);
      for (const at of [0x10, 0x14, 0x18, 4]) fresh.config.write(at, 4, 0);
    };
    host.answer(front, NEED_RESET);
    await host.request(front);
    assert.deepEqual(bars(), before);
    assert.equal(
      device.read(4, 2) & 0x407,
      0x403,
      'decodes; its pin is off; mastering is for the driver to switch on',
    );
    assert.equal(device.read(0xc2, 2) & 1, 1, 'MSI is on');
    assert.notEqual(device.read(0xc4, 4), 0);
    host.answer(front, RECOVERED);
    await host.dialogue(front, NONE);
    await host.recovered();
  });

  test('is not the record of errors: a guest cannot write it, and it is clear afterwards', async () => {
    await using host = await RecoveringHost.start();
    const front = await host.connected();
    const status = () => front.read(0, 0x104, 4).value;
    host.fail();
    assert.equal(status(), 1 << 18);
    write(front, 0x104, 4, 0xffff_ffff);
    write(front, 0x108, 4, 0xffff_ffff);
    assert.equal(status(), 1 << 18);
    await host.dialogue(front, NEED_RESET, RECOVERED, NONE);
    await host.recovered();
    assert.equal(status(), 0);
  });
});

/** What a hostile guest does when it could answer. */
const hostile = fc.record({
  result: fc.oneof(fc.constantFrom(1, 2, 3, 4, 5, 6), fc.integer()),
  /** Written over the whole request, before the answer. */
  scribble: fc.option(fc.integer(), { nil: undefined }),
  /** Flags in their place, once. */
  flags: fc.option(fc.nat(7), { nil: undefined }),
  notifications: fc.nat(20),
  /** Answers at all. */
  answers: fc.boolean(),
});

describe('a hostile guest', () => {
  test('answers whatever it likes: every recovery comes to an end, by steps that are in order', async () => {
    const property = fc.asyncProperty(
      fc.array(hostile, { minLength: 1, maxLength: 12 }),
      fc.constantFrom('malformed' as const, 'completion_timeout' as const),
      fc.constantFrom('take-back' as const, 'kill-guest' as const, 'ignore' as const),
      async (acts, error, policy) => {
        await using host = await RecoveringHost.start({ answerMs: 15, policy });
        const front = await host.connected();
        const { words } = front.page;
        host.fail(error);
        for (const { result, scribble, flags, notifications, answers } of acts) {
          if (scribble !== undefined) words.fill(scribble, AER.command, AER.devfn + 1);
          words[AER.error] = result;
          if (flags !== undefined) words[FLAGS] = flags & ~1;
          if (answers) Atomics.and(words, FLAGS, ~ACTIVE);
          for (let count = 0; count < notifications; count++) front.notify();
          await sleep(1);
          host.fail(error);
        }
        const began = () => new Set(host.of('error').map(({ report }) => report)).size;
        const ended = () => host.of('recovered').length + host.of('recovery_failed').length;
        await host.settled(() => began() > 0 && began() === ended());
        assert.ok(began() <= 6, `${began()} recoveries`);
        const order = ['error_detected', 'mmio_enabled', 'slot_reset', 'resume'];
        let last = -1;
        for (const event of host.events) {
          if (event.event === 'error') last = -1;
          if (event.event !== 'recovery_step') continue;
          assert.ok(order.indexOf(event.step) > last, host.texts().join('\n'));
          last = order.indexOf(event.step);
        }
        // Its other function, and the back end, are well.
        assert.equal((await front.readWhenHeard(8, 0, 4)).value, 0x11e8_1234);
        assert.deepEqual(host.of('failed'), []);
        await toolStackDestroys(host.platform.store, 1);
        await host.settled(() => host.of('gone').length > 0 && host.pciback.guests.length === 0);
        assert.ok(host.state === 'free' || host.state === 'quarantined', host.state);
        assert.deepEqual(host.platform.open, { pages: 0, channels: 0 });
      },
    );
    await checkProperty('error-recovery: hostile answers', property, { numRuns: 15 });
  });

  test('that sets the back end’s flag by itself waits for nobody, and is told nothing', async () => {
    await using host = await RecoveringHost.start();
    const front = await host.connected();
    for (let count = 0; count < 1000; count++) {
      Atomics.or(front.page.words, FLAGS, ACTIVE);
      front.notify();
    }
    assert.equal((await front.readWhenHeard(0, 0, 4)).value, 0x0010_1b36);
    assert.deepEqual(host.of('error'), []);
    assert.equal(domainId(1), front.guest);
  });

  test('whose function fails without end costs five recoveries an hour', async () => {
    await using host = await RecoveringHost.start({ policy: 'ignore' });
    const front = await host.connected();
    for (let round = 1; round <= 5; round++) {
      host.fail('completion_timeout');
      await host.dialogue(front, RECOVERED, NONE);
      await host.settled(() => host.of('recovered').length === round);
    }
    for (let count = 0; count < 100; count++) {
      host.fail('completion_timeout');
      await sleep(0);
    }
    await host.settled(() => host.of('recovery_failed').length === 1);
    assert.match(host.of('recovery_failed')[0]?.why ?? '', /more than 5 times/);
    assert.equal(host.of('error').length, 6);
  });
});
