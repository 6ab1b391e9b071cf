/** The front end asked to recover a function: what it answers, compared with what Linux's pcifront answers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorAnswer, ErrorHandlers } from '../../src/function/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { Xpci, type BusChange } from '../../src/xpci/index.js';
import { until } from '../until.js';
import { GuestHost, take } from './guest.js';
import { ABSENT, ScriptedBackEnd, type Answer, type Request } from './scripted-back-end.js';

const FIRST = new PciAddress(0, 0, 0, 0);
/** Commands, states and results of pciif.h and pci.h. */
const [DETECTED, RESUME, MMIO, SLOT_RESET] = [6, 7, 8, 9];
const [NORMAL, FROZEN, FAILED] = [1, 2, 3];
const [NONE, CAN_RECOVER, NEED_RESET, DISCONNECT, RECOVERED] = [1, 2, 3, 4, 5];

function one({ command, devfn, offset }: Request): Answer {
  if (devfn !== 0) return ABSENT;
  return { error: 0, value: command === 0 && offset === 0 ? 0x11e8_1234 : 0 };
}

/** A front end, and the back end's half of its page in the test's hands. */
class Asking implements AsyncDisposable {
  readonly host: GuestHost;
  readonly back: ScriptedBackEnd;
  readonly xpci: Xpci;

  private constructor(host: GuestHost, back: ScriptedBackEnd, xpci: Xpci) {
    this.host = host;
    this.back = back;
    this.xpci = xpci;
  }

  static async start(): Promise<Asking> {
    const host = await GuestHost.start();
    const back = new ScriptedBackEnd(host, one);
    await back.serve();
    return new Asking(host, back, await Xpci.connect(host.guest));
  }

  post(command: number, state = NORMAL, at: { domain?: number; bus?: number; devfn?: number } = {}): void {
    this.back.post({ command, error: state, domain: 0, bus: 0, devfn: 0, ...at });
  }

  /** Asks, and waits for the answer. */
  async ask(...request: Parameters<Asking['post']>): Promise<number> {
    this.post(...request);
    this.back.wake();
    return this.answer();
  }

  async answer(): Promise<number> {
    await until(
      () => !this.back.asking,
      () => 'no answer',
    );
    return this.back.aerResult;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.back.stop();
    await this.host.platform.store.remove('/local/domain/0/backend/pci/1');
    await this.xpci.close();
    await this.host[Symbol.asyncDispose]();
  }
}

/** Handlers that give these answers, and note what they are called with. */
function handlers(answers: Partial<Record<'detected' | 'mmio' | 'reset', ErrorAnswer>>): ErrorHandlers & {
  readonly called: readonly string[];
} {
  const called: string[] = [];
  return {
    called,
    errorDetected: (state) => {
      called.push(`detected ${state}`);
      return answers.detected ?? 'need_reset';
    },
    ...(answers.mmio === undefined
      ? {}
      : {
          mmioEnabled: () => {
            called.push('mmio');
            return answers.mmio ?? 'recovered';
          },
        }),
    slotReset: () => {
      called.push('reset');
      return answers.reset ?? 'recovered';
    },
    resume: () => {
      called.push('resume');
    },
  };
}

describe('asked to recover a function, the front end', () => {
  test('has said from the start that it answers, as pcifront does', async () => {
    await using asking = await Asking.start();
    assert.equal(asking.back.flags & 2, 2);
  });

  test('answers none where no driver handles errors, or nothing is there', async () => {
    await using asking = await Asking.start();
    for (const command of [DETECTED, RESUME, MMIO, SLOT_RESET]) assert.equal(await asking.ask(command), NONE);
    using fn = asking.xpci.open(FIRST);
    const { called, ...own } = handlers({});
    fn.errors?.handle(own);
    for (const at of [{ devfn: 8 }, { bus: 1 }, { domain: 1 }, { devfn: 0x100 }, { domain: -1 }, { bus: -1 }])
      assert.equal(await asking.ask(DETECTED, NORMAL, at), NONE);
    assert.deepEqual(called, []);
  });

  test('calls the handler of each step, and gives its answer the number of the protocol', async () => {
    await using asking = await Asking.start();
    using fn = asking.xpci.open(FIRST);
    const answers: readonly (readonly [ErrorAnswer, number])[] = [
      ['none', NONE],
      ['can_recover', CAN_RECOVER],
      ['need_reset', NEED_RESET],
      ['disconnect', DISCONNECT],
      ['recovered', RECOVERED],
    ];
    for (const [answer, number] of answers) {
      const own = handlers({ detected: answer, mmio: answer, reset: answer });
      using _handling = fn.errors?.handle(own);
      assert.equal(await asking.ask(DETECTED, FROZEN), number);
      assert.equal(await asking.ask(MMIO), number);
      assert.equal(await asking.ask(SLOT_RESET), number);
      assert.equal(await asking.ask(RESUME), NONE);
      assert.deepEqual(own.called, ['detected frozen', 'mmio', 'reset', 'resume']);
    }
  });

  test('gives the state of the channel, and no sense to what is none', async () => {
    await using asking = await Asking.start();
    using fn = asking.xpci.open(FIRST);
    const own = handlers({});
    fn.errors?.handle(own);
    for (const state of [NORMAL, FROZEN, FAILED, 0, 4, -1]) await asking.ask(DETECTED, state);
    for (const command of [0, 5, 10, -1]) assert.equal(await asking.ask(command), NONE);
    assert.deepEqual(own.called, ['detected normal', 'detected frozen', 'detected failed']);
  });

  test('takes a driver without mmioEnabled for recovered, as Linux’s core does', async () => {
    await using asking = await Asking.start();
    using fn = asking.xpci.open(FIRST);
    fn.errors?.handle(handlers({}));
    assert.equal(await asking.ask(MMIO), RECOVERED);
  });

  test('says disconnect for a handler that throws, and tells the program', async () => {
    await using asking = await Asking.start();
    using fn = asking.xpci.open(FIRST);
    const changes = asking.xpci.changes();
    assert.deepEqual(await take(changes, 1), ['attached 0000:00:00.0']);
    fn.errors?.handle({
      errorDetected: () => Promise.reject(new Error('as the test wants it')),
      slotReset: () => JSON.parse('"whatever"') as ErrorAnswer,
    });
    assert.equal(await asking.ask(DETECTED), DISCONNECT);
    const told = (await changes.next()) as IteratorYieldResult<BusChange>;
    assert.ok(told.value.change === 'failed' && told.value.doing === 'error_detected of 0000:00:00.0');
    assert.equal(await asking.ask(SLOT_RESET), NONE);
  });

  test('has one set of handlers of a function, until they are disposed of or the function closed', async () => {
    await using asking = await Asking.start();
    const fn = asking.xpci.open(FIRST);
    using other = asking.xpci.open(FIRST);
    fn.errors?.handle(handlers({}));
    assert.throws(() => other.errors?.handle(handlers({})), { code: 'ERROR_HANDLERS_TAKEN' });
    fn.close();
    assert.throws(() => fn.errors?.handle(handlers({})), { code: 'FUNCTION_CLOSED' });
    assert.equal(await asking.ask(DETECTED), NONE);
    other.errors?.handle(handlers({ detected: 'recovered' }));
    assert.equal(await asking.ask(DETECTED), RECOVERED);
  });

  test('loses no request that comes with the answer to an operation', async () => {
    await using asking = await Asking.start();
    const { back, host } = asking;
    using fn = asking.xpci.open(FIRST);
    fn.errors?.handle(handlers({ detected: 'recovered' }));
    back.silent = true;
    // Both stand in the page when the one event comes, and the blocking wait for the answer takes it.
    host.guest.meanwhile = () => {
      asking.post(DETECTED);
      back.reply({ error: 0, value: 0x11e8_1234 });
    };
    assert.equal(fn.config.read(0, 4), 0x11e8_1234);
    back.silent = false;
    host.guest.meanwhile = undefined;
    assert.equal(back.asking, true, 'not from inside of an access');
    assert.equal(await asking.answer(), RECOVERED);
  });

  test('answers nothing that the back end has taken back meanwhile, and nothing after its end', async () => {
    await using asking = await Asking.start();
    using fn = asking.xpci.open(FIRST);
    let settle: (answer: ErrorAnswer) => void = () => undefined;
    let asked = 0;
    fn.errors?.handle({
      errorDetected: () => {
        asked++;
        return new Promise<ErrorAnswer>((resolve) => (settle = resolve));
      },
      slotReset: () => 'recovered',
    });
    asking.post(DETECTED);
    asking.back.wake();
    await until(() => asked === 1);
    asking.back.withdraw();
    settle('recovered');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(asking.back.aerResult, NORMAL, 'the word is as the back end left it');
    asking.post(DETECTED);
    asking.back.wake();
    await until(() => asked === 2);
    await asking.host.platform.store.write('/local/domain/0/backend/pci/1/0/state', '6');
    await until(() => asking.xpci.list().length === 0);
    settle('recovered');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(asking.back.asking, true);
  });

  test('is not kept from its work by a storm of events', async () => {
    await using asking = await Asking.start();
    using fn = asking.xpci.open(FIRST);
    fn.errors?.handle(handlers({ detected: 'recovered' }));
    for (let count = 0; count < 5000; count++) asking.back.wake();
    assert.equal(await asking.ask(DETECTED), RECOVERED);
    assert.equal(fn.config.read(0, 4), 0x11e8_1234);
  });
});
