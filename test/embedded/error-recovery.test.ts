/** Errors of functions in guests' hands: recovered with the guest's driver, or dealt with as the policy says. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeHostEvent, hostEventData, type GuestInfo, type HostEvent } from '../../src/admin/index.js';
import { backendPath } from '../../src/xen/pciif/index.js';
import { domainId } from '../../src/xen/domain.js';
import type { PcibackEvent, RecoveryOptions } from '../../src/pciback/index.js';
import { TestHost } from './embedded.js';

const MACHINE = `
roots:
  - slots:
      - {slot: "01", model: nvme, aer: true}
      - {slot: "02", model: nvme, aer: true}
      - slot: "03"
        model: multi
        aer: true
        functions: {1: {aer: true}, 3: {aer: true}}
`;
const [DISK, OTHER] = ['00:01.0', '00:02.0'];

/** What a running nvme driver reads: version 1.4, and what it has written itself. */
const SET = '10400 460000';
const READY = '0000:00:00.0 ready: 10400 460000, command 6';

class FailingHost {
  readonly test: TestHost;

  constructor(test: TestHost) {
    this.test = test;
  }

  static async start(recovery: Partial<RecoveryOptions> = {}): Promise<FailingHost> {
    return new FailingHost(await TestHost.start(MACHINE, { recovery }));
  }

  async guest(
    way: string,
    functions: readonly string[] = [DISK],
    name = 'recovers',
    more: readonly string[] = [],
  ) {
    const guest = await this.test.run('recovers', functions, { arguments: [way, ...more], name });
    await this.test.until(
      `${functions.length} drivers`,
      () => this.said(guest, 'ready').length === functions.length,
    );
    return guest;
  }

  /** Lines that the guest has printed of a step. */
  said(guest: GuestInfo, step: string): readonly string[] {
    return this.test.events.flatMap((event) =>
      event.of === 'guest' &&
      event.event.event === 'output' &&
      event.event.guest === guest.domain &&
      event.event.line.includes(` ${step}`)
        ? [event.event.line]
        : [],
    );
  }

  fatal(address: string = DISK): void {
    this.test.machine.inject(this.test.address(address), { fault: 'uncorrectable', error: 'malformed' });
  }

  nonFatal(address: string = DISK): void {
    this.test.machine.inject(this.test.address(address), {
      fault: 'uncorrectable',
      error: 'completion_timeout',
    });
  }

  /** What the back end told of recoveries, of one guest or of all. */
  told(guest?: GuestInfo): readonly string[] {
    return this.test.events.flatMap((event) =>
      event.of === 'back end' && (guest === undefined || event.event.guest === guest.domain)
        ? toldOf(event.event)
        : [],
    );
  }

  untilTold(what: string, guest?: GuestInfo, times = 1): Promise<void> {
    return this.test.until(
      `${what}, but ${this.told().join('; ')}`,
      () => this.told(guest).filter((line) => line.startsWith(what)).length >= times,
    );
  }

  why(address: string = DISK): string | undefined {
    const found = this.test.host.pool
      .list()
      .find((member) => member.address.equals(this.test.address(address)));
    return found?.state === 'quarantined' ? found.why : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.test[Symbol.asyncDispose]();
    const isFault = (event: HostEvent) =>
      event.of === 'tool stack' ||
      event.of === 'hypervisor' ||
      (event.of === 'back end' && event.event.event === 'failed');
    assert.deepEqual(this.test.events.filter(isFault), []);
  }
}

function toldOf(event: PcibackEvent): string[] {
  switch (event.event) {
    case 'error':
      return [`error ${event.address} ${event.report.severity}`];
    case 'recovery_step':
      return [`${event.step} ${event.answer}`];
    case 'recovered':
      return [`recovered ${event.address}`];
    case 'recovery_failed':
      return [`failed ${event.address} ${event.policy}: ${event.why}`];
    default:
      return [];
  }
}

describe('an error of a function in a guest’s hands', () => {
  test('fatal: the guest is asked, the function reset and restored, the driver sets it up and goes on', async () => {
    await using failing = await FailingHost.start();
    const guest = await failing.guest('needs reset');
    failing.fatal();
    await failing.untilTold('recovered');
    assert.deepEqual(failing.told(), [
      'error 0000:00:01.0 fatal',
      'error_detected need_reset',
      'slot_reset recovered',
      'resume done',
      'recovered 0000:00:01.0',
    ]);
    // Frozen, nothing passes; after the reset its registers are those of a fresh device, and decoding and mastering on.
    await failing.test.until('its driver to go on', () => failing.said(guest, 'resumed').length === 1);
    assert.deepEqual(failing.said(guest, 'detected'), [
      '0000:00:00.0 detected frozen: ffffffff ffffffff, command 6',
    ]);
    assert.deepEqual(failing.said(guest, 'reset'), ['0000:00:00.0 reset: 10400 0, command 6']);
    assert.deepEqual(failing.said(guest, 'resumed'), [`0000:00:00.0 resumed: ${SET}, command 6`]);
    assert.deepEqual(failing.said(guest, 'ready'), [READY]);
    // And once more: what was recorded of the first has been cleared.
    failing.fatal();
    await failing.untilTold('recovered', guest, 2);
    await failing.test.until('its driver to go on', () => failing.said(guest, 'resumed').length === 2);
  });

  test('not fatal: a driver that can go on is let go on, without a reset', async () => {
    await using failing = await FailingHost.start();
    const guest = await failing.guest('can recover');
    failing.nonFatal();
    await failing.untilTold('recovered');
    assert.deepEqual(failing.told().slice(1, -1), [
      'error_detected can_recover',
      'mmio_enabled recovered',
      'resume done',
    ]);
    await failing.test.until('its driver to go on', () => failing.said(guest, 'resumed').length === 1);
    assert.deepEqual(failing.said(guest, 'accessible'), [`0000:00:00.0 accessible: ${SET}, command 6`]);
    assert.deepEqual(failing.said(guest, 'reset'), []);
  });

  test('correctable: nobody is asked, and it is told', async () => {
    await using failing = await FailingHost.start();
    await failing.guest('needs reset');
    for (let count = 0; count < 1000; count++)
      failing.test.machine.inject(failing.test.address(DISK), { fault: 'correctable', error: 'bad_tlp' });
    const told = failing.test.events.filter(({ of }) => of === 'PCI');
    assert.equal(told.length, 1);
    const text = (event: HostEvent): unknown[] => [
      describeHostEvent(event),
      JSON.parse(JSON.stringify(hostEventData(event))),
    ];
    assert.deepEqual(told.flatMap(text), [
      '0000:00:01.0: PCI error, correctable: bad_tlp',
      {
        of: 'PCI',
        report: { address: '0000:00:01.0', severity: 'correctable', errors: ['bad_tlp'] },
        count: 1,
      },
    ]);
    assert.deepEqual(failing.told(), []);
  });

  test('reaches a guest in the middle of accesses', async () => {
    await using failing = await FailingHost.start();
    const guest = await failing.guest('needs reset', [DISK], 'busy', ['busy']);
    for (let count = 1; count <= 3; count++) {
      failing.fatal();
      await failing.untilTold('recovered', guest, count);
    }
  });

  test('of which its driver wants to know nothing more: the function is taken back and kept', async () => {
    for (const way of ['disconnects', 'throws', 'no handlers']) {
      await using failing = await FailingHost.start();
      const guest = await failing.guest(way);
      failing.fatal();
      await failing.untilTold('failed');
      await failing.test.until('its end in the guest', () => failing.test.output().includes('detached'));
      const answer = way === 'no handlers' ? 'none' : 'disconnect';
      assert.equal(failing.why(), `error_detected: the guest answered ${answer}`);
      // The guest lives, and nothing of the function is left with it.
      assert.equal(failing.test.host.guests.list().length, 1);
      await assert.rejects(failing.test.detach(guest, DISK), { code: 'FUNCTION_NOT_ATTACHED' });
      assert.equal(failing.test.host.store.read(backendPath(domainId(0), guest.domain)), undefined);
      await failing.test.host.claims.release(failing.test.address(DISK));
      await failing.test.host.claims.claim(failing.test.address(DISK));
      await failing.test.attach(guest, DISK);
      assert.equal(failing.test.state(DISK), 'taken');
    }
  });

  test('to which its guest says nothing: it is not waited for longer than the bound', async () => {
    await using failing = await FailingHost.start({ answerMs: 300 });
    await failing.guest('needs reset slowly');
    failing.fatal();
    await failing.untilTold('failed');
    assert.match(failing.told().at(-1) ?? '', /take-back: error_detected: no answer within 300 ms/);
    assert.match(failing.why() ?? '', /no answer/);
  });

  test('under the policy of Linux ends the guest', async () => {
    await using failing = await FailingHost.start({ policy: 'kill-guest' });
    const guest = await failing.guest('disconnects');
    let written = '';
    const key = `${backendPath(domainId(0), guest.domain)}/aerState`;
    await using _watch = await failing.test.host.xen.platform.store.watch(key, async () => {
      written ||= (await failing.test.host.xen.platform.store.read(key)) ?? '';
    });
    failing.fatal();
    await failing.test.until('its end', () => failing.test.host.guests.list().length === 0);
    assert.equal(written, 'aerfail');
    failing.test.assertGone(guest, DISK);
  });

  test('can be left to the guest', async () => {
    await using failing = await FailingHost.start({ policy: 'ignore' });
    const guest = await failing.guest('disconnects');
    failing.fatal();
    await failing.untilTold('failed');
    assert.equal(failing.test.state(DISK), 'taken');
    await failing.test.detach(guest, DISK);
    assert.equal(failing.test.state(DISK), 'free');
  });

  test('whose reset fails is for the policy, too', async () => {
    await using failing = await FailingHost.start();
    await failing.guest('needs reset');
    failing.test.machine.inject(failing.test.address(DISK), { fault: 'hung_reset' });
    failing.fatal();
    await failing.untilTold('failed');
    assert.match(failing.why() ?? '', /all ones/);
  });

  test('that comes again and again is given up', async () => {
    await using failing = await FailingHost.start({ mostPerHour: 2 });
    const guest = await failing.guest('needs reset');
    for (let count = 1; count <= 2; count++) {
      failing.fatal();
      await failing.untilTold('recovered', guest, count);
    }
    failing.fatal();
    await failing.untilTold('failed');
    assert.match(failing.why() ?? '', /more than 2 times in an hour/);
  });
});

describe('errors of several', () => {
  test('two devices of one guest are recovered one after the other', async () => {
    await using failing = await FailingHost.start();
    const guest = await failing.guest('needs reset', [DISK, OTHER]);
    failing.fatal(DISK);
    failing.fatal(OTHER);
    await failing.untilTold('recovered', guest, 2);
    const told = failing.told();
    assert.deepEqual(told.slice(0, 5), [
      'error 0000:00:01.0 fatal',
      'error_detected need_reset',
      'slot_reset recovered',
      'resume done',
      'recovered 0000:00:01.0',
    ]);
    assert.equal(told.at(-1), 'recovered 0000:00:02.0');
  });

  test('every function of the device in the guest’s hands is asked, step by step', async () => {
    await using failing = await FailingHost.start();
    const guest = await failing.guest('needs reset', ['00:03.0', '00:03.1']);
    failing.fatal('00:03.1');
    await failing.untilTold('recovered', guest, 2);
    assert.deepEqual(failing.told(), [
      'error 0000:00:03.0 fatal',
      'error 0000:00:03.1 fatal',
      'error_detected need_reset',
      'error_detected need_reset',
      'slot_reset recovered',
      'slot_reset recovered',
      'resume done',
      'resume done',
      'recovered 0000:00:03.0',
      'recovered 0000:00:03.1',
    ]);
  });

  test('of one device in the hands of two guests, each answers for its own', async () => {
    await using failing = await FailingHost.start();
    const good = await failing.guest('can recover', ['00:03.0'], 'good');
    const bad = await failing.guest('disconnects', ['00:03.1'], 'bad');
    failing.nonFatal('00:03.1');
    await failing.untilTold('failed', bad);
    await failing.untilTold('recovered', good);
    assert.equal(failing.test.state('00:03.0'), 'taken');
    assert.match(failing.why('00:03.1') ?? '', /answered disconnect/);
  });

  test('a device that fails again during its recovery is recovered once more', async () => {
    await using failing = await FailingHost.start();
    const guest = await failing.guest('needs reset');
    for (let count = 0; count < 50; count++) failing.fatal();
    await failing.untilTold('recovered', guest);
    const rounds = failing.told().filter((line) => line.startsWith('error ')).length;
    assert.ok(rounds <= 2, `${rounds} rounds`);
  });
});

describe('in the middle of a recovery', () => {
  test('the guest is destroyed', async () => {
    await using failing = await FailingHost.start();
    const guest = await failing.guest('needs reset slowly');
    failing.fatal();
    await failing.test.report(guest, 'asked');
    await failing.test.host.guests.destroy(guest.domain);
    failing.test.assertGone(guest, DISK);
    assert.ok(!failing.told().some((line) => line.startsWith('failed')));
  });

  test('the function is detached', async () => {
    await using failing = await FailingHost.start();
    const guest = await failing.guest('needs reset slowly', [DISK, OTHER]);
    failing.fatal();
    await failing.test.report(guest, 'asked');
    await failing.test.detach(guest, DISK);
    assert.equal(failing.test.state(DISK), 'free');
    assert.ok(!failing.told().some((line) => line.startsWith('failed')));
    await failing.test.detach(guest, OTHER);
  });

  test('the host ends', async () => {
    const failing = await FailingHost.start();
    const guest = await failing.guest('needs reset slowly');
    failing.fatal();
    await failing.test.report(guest, 'asked');
    await failing[Symbol.asyncDispose]();
  });
});
