/** Operations against back ends that are slow, silent, careless, old or wrong. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ConfigAccessError } from '../../src/function/index.js';
import { OpenslotError, PciAddress } from '../../src/pci/index.js';
import { Xpci, type XpciOptions } from '../../src/xpci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { GuestHost, take } from './guest.js';
import { ABSENT, ScriptedBackEnd, type Answer, type Request } from './scripted-back-end.js';

const READ = 0;
const IDENTIFICATION = 0x11e8_1234;
const FIRST = new PciAddress(0, 0, 0, 0);

/** A function at 0000:00:00.0 whose registers read their own offset, but for the header. */
function one({ command, domain, bus, devfn, offset, size }: Request): Answer {
  if (domain !== 0 || bus !== 0 || devfn !== 0) return ABSENT;
  if (command !== READ) return { error: 0, value: 0 };
  const dword = offset < 4 ? IDENTIFICATION : offset < 0x40 ? 0 : offset & ~3;
  return { error: 0, value: (dword >>> ((offset & 3) * 8)) & (0xffff_ffff >>> (32 - size * 8)) };
}

async function served(
  answer: (request: Request) => Answer | undefined,
  { keys = {}, ...options }: XpciOptions & { readonly keys?: Readonly<Record<string, string>> } = {},
) {
  const host = await GuestHost.start();
  const back = new ScriptedBackEnd(host, answer);
  await back.serve(keys);
  const xpci = await Xpci.connect(host.guest, options);
  return {
    host,
    back,
    xpci,
    [Symbol.asyncDispose]: async () => {
      await back.stop();
      // No answer to our closing comes from a script.
      await host.platform.store.remove('/local/domain/0/backend/pci/1');
      await xpci.close();
      await host[Symbol.asyncDispose]();
    },
  };
}

describe('enumeration', () => {
  test('a back end without root keys has the bus 0000:00', async () => {
    await using all = await served(one);
    const { back, xpci } = all;
    assert.deepEqual(
      xpci.list().map(({ address }) => String(address)),
      [String(FIRST)],
    );
    const searched = back.requests.filter(({ offset, size }) => offset === 0 && size === 4);
    assert.equal(new Set(searched.map(({ devfn }) => devfn)).size, 256);
    assert.ok(searched.every(({ domain, bus }) => domain === 0 && bus === 0));
  });

  test('every root is searched, with its domain and bus', async () => {
    await using all = await served(
      (request) => {
        const there = request.domain === 1 && request.bus === 0x0a && request.devfn === 0xff;
        return there ? one({ ...request, domain: 0, bus: 0, devfn: 0 }) : ABSENT;
      },
      { keys: { root_num: '2', 'root-0': '0000:00', 'root-1': '0001:0a' } },
    );
    const { xpci } = all;
    const [only, ...others] = xpci.list();
    assert.deepEqual([String(only?.address), others], ['0001:0a:1f.7', []]);
    using fn = xpci.open(new PciAddress(1, 0x0a, 0x1f, 7));
    assert.equal(fn.config.read(0x80, 1), 0x80);
  });

  test('functions that old back ends answer for without having them are not there', async () => {
    await using all = await served((request) => {
      if (request.devfn === 0) return one(request);
      return { error: 0, value: request.devfn % 2 === 0 ? 0 : -1 };
    });
    const { xpci } = all;
    assert.equal(xpci.list().length, 1);
  });

  test('root keys that are none end the pair with their name', async () => {
    await using host = await GuestHost.start();
    const back = new ScriptedBackEnd(host, one);
    await back.serve({ root_num: '1', 'root-0': 'bus' });
    await assert.rejects(Xpci.connect(host.guest), { code: 'PCI_PAIR_KEYS_BAD' });
    await host.settled(() => host.states === '6/4');
    await back.stop();
  });
});

describe('one operation', () => {
  test('a wake-up without an answer is waited over', async () => {
    let held = false;
    await using all = await served((request) => (held ? undefined : one(request)));
    const { host, back, xpci } = all;
    using fn = xpci.open(FIRST);
    held = true;
    let wakes = 0;
    host.guest.meanwhile = () => {
      wakes++;
      if (wakes < 5) back.wake();
      else back.reply(one(back.request));
    };
    assert.equal(fn.config.read(0x80, 4), 0x80);
    assert.equal(wakes, 5);
    held = false;
  });

  test('past its bound the function is gone, and a late answer is nobody’s', async () => {
    let silent = false;
    await using all = await served((request) => (silent ? undefined : one(request)), {
      operationMs: 20,
    });
    const { back, xpci } = all;
    const changes = xpci.changes();
    assert.deepEqual(await take(changes, 1), ['attached 0000:00:00.0']);
    const fn = xpci.open(FIRST);
    silent = true;
    assert.equal(fn.config.read(0x80, 2), 0xffff);
    assert.deepEqual(await take(changes, 1), ['gone 0000:00:00.0']);
    assert.deepEqual(xpci.list(), []);
    const asked = back.requests.length;
    // Nothing is asked any more: the page is still that operation's.
    assert.equal(fn.config.read(0x90, 4), 0xffff_ffff);
    fn.config.write(0x90, 4, 1);
    assert.equal(await xpci.rescan(), false);
    assert.equal(back.requests.length, asked);
    assert.deepEqual([back.request.offset, back.request.size], [0x80, 2]);
    silent = false;
    back.reply({ error: 0, value: 0xdead });
    assert.equal(await xpci.rescan(), true);
    assert.deepEqual(await take(changes, 1), ['attached 0000:00:00.0']);
    using again = xpci.open(FIRST);
    assert.equal(again.config.read(0x84, 4), 0x84);
    assert.equal(fn.config.read(0x84, 4), 0xffff_ffff);
  });

  test('an operation whose wait was interrupted is answered before the next is asked', async () => {
    let held = false;
    await using all = await served((request) => (held ? undefined : one(request)));
    const { host, back, xpci } = all;
    using fn = xpci.open(FIRST);
    held = true;
    host.guest.meanwhile = () => {
      throw new Error('would wait for itself');
    };
    assert.throws(() => fn.config.read(0x80, 4), /would wait for itself/);
    assert.throws(() => fn.config.read(0x84, 4), /would wait for itself/);
    assert.equal(back.request.offset, 0x80);
    host.guest.meanwhile = () => {
      back.reply({ error: 0, value: 0xdead });
      held = false;
    };
    assert.equal(fn.config.read(0x88, 4), 0x88);
  });

  test('more bits than the width has are not believed; errors are named', async () => {
    let next: Answer | undefined;
    await using all = await served((request) => next ?? one(request));
    const { xpci } = all;
    using fn = xpci.open(FIRST);
    next = { error: 0, value: -1 };
    assert.deepEqual(
      ([1, 2, 4] as const).map((width) => fn.config.read(0x80, width)),
      [0xff, 0xffff, 0xffff_ffff],
    );
    for (const error of [-2, -3, -4, -5, 77]) {
      next = { error, value: 0 };
      for (const access of [
        () => fn.config.read(0x80, 4),
        () => {
          fn.config.write(0x80, 4, 0);
        },
      ]) {
        assert.throws(access, (thrown: unknown) => {
          assert.ok(thrown instanceof ConfigAccessError && thrown.code === 'CONFIG_REFUSED');
          assert.match(thrown.message, new RegExp(`answered ${error} `));
          return true;
        });
      }
    }
    next = undefined;
  });

  test('a function that the back end has no more is gone', async () => {
    let there = true;
    await using all = await served((request) => (there ? one(request) : ABSENT));
    const { xpci } = all;
    const changes = xpci.changes();
    assert.deepEqual(await take(changes, 1), ['attached 0000:00:00.0']);
    const fn = xpci.open(FIRST);
    there = false;
    assert.equal(fn.config.read(0x80, 1), 0xff);
    assert.deepEqual(await take(changes, 1), ['gone 0000:00:00.0']);
    assert.throws(() => xpci.open(FIRST), { code: 'FUNCTION_NOT_FOUND' });
  });

  test('a pirq that is none is refused, and what was enabled is disabled', async () => {
    const commands: number[] = [];
    await using all = await served((request) => {
      if (request.command >= 2) commands.push(request.command);
      // MSI at 0x40.
      const capability: Readonly<Record<number, number>> = { 0x06: 0x10, 0x34: 0x40, 0x40: 0x0005 };
      const value = request.command === READ ? capability[request.offset] : undefined;
      return request.devfn === 0 && value !== undefined ? { error: 0, value } : one(request);
    });
    const { host, xpci } = all;
    using fn = xpci.open(FIRST);
    assert.equal(fn.interrupts?.available.msi, 1);
    assert.throws(() => fn.interrupts?.open({ kind: 'msi', vector: 0 }), { code: 'INTERRUPT_FAILED' });
    assert.deepEqual(commands, [2, 3]);
    assert.equal(host.guest.bound.size, 0);
  });
});

test('whatever a back end answers, the front end refuses or goes on', async () => {
  const answers = fc.array(
    fc.record({
      error: fc.oneof(
        { weight: 8, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.constantFrom(-1, -2, -3, -4, -5, 77, -2147483648) },
      ),
      value: fc.oneof(fc.integer(), fc.constantFrom(0, -1, 0x40, 0xff, 0x11, 0x10, 0x05)),
    }),
    { minLength: 1, maxLength: 400 },
  );
  const property = fc.asyncProperty(answers, async (script) => {
    let at = 0;
    await using all = await served((request) => {
      // Few functions: the search would use the script up.
      if (request.devfn > 3) return ABSENT;
      return script[at++ % script.length];
    });
    const { xpci } = all;
    for (const { address } of xpci.list()) {
      try {
        using fn = xpci.open(address);
        assert.ok([256, 4096].includes(fn.config.size));
        for (const { size } of fn.regions) assert.ok(size > 0 && Number.isInteger(Math.log2(size)));
        const { intx = 0, msi = 0, msix = 0 } = fn.interrupts?.available ?? {};
        assert.ok(intx <= 1 && msi <= 1 && msix <= 32);
        fn.interrupts?.open(msix > 0 ? { kind: 'msix', vector: msix - 1 } : { kind: 'msi', vector: 0 });
      } catch (error) {
        if (!(error instanceof OpenslotError)) throw error;
      }
    }
  });
  await checkProperty('xpci: any answers', property, { numRuns: 60 });
});
