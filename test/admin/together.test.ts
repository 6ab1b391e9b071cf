/** Several functions at once, and the functions of one device: all of them or none, and not split between guests unsaid. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OpenslotError, PciAddress } from '../../src/pci/index.js';
import { disk, edu, testdev } from '../function/shapes.js';
import type { PlacedShape } from '../function/simulated-host.js';
import { AttachedHost, spec, target } from './attached-host.js';

/** A function of one device, which resets by itself. */
function part(fn: number): PlacedShape {
  const address = 0xfe00_0000n + BigInt(fn) * 0x1000n;
  return {
    ...testdev(new PciAddress(0, 0, 9, fn)),
    pin: 1,
    express: { flr: true },
    regions: [{ index: 0, kind: 'memory', size: 0x1000, address, prefetchable: false, wide: false }],
  };
}
const DEVICE = [part(0), part(1), part(3)];

/** Asserts that a request is refused and changes nothing. */
async function refused(host: AttachedHost, request: () => Promise<unknown>): Promise<OpenslotError> {
  const story = () => [host.granted(), host.states(), host.pciKeys()];
  const before = story();
  let refusal: unknown;
  await request().then(
    () => assert.fail('it was done'),
    (error: unknown) => {
      refusal = error;
    },
  );
  assert.ok(refusal instanceof OpenslotError, String(refusal));
  assert.deepEqual(story(), before);
  return refusal;
}

const placed = (
  functions: readonly { readonly address: PciAddress; readonly virtual: PciAddress | undefined }[],
) => functions.map(({ address, virtual }) => `${address} at ${String(virtual)}`);

describe('the functions of one device', () => {
  test('are refused together before anything is changed, each with its reason', async () => {
    await using host = await AttachedHost.start({
      shapes: [...DEVICE, edu()],
      claimed: [part(0), part(3), edu()],
    });
    for (const guest of [1, 2]) await host.running(guest);
    const all = async (text: string) => {
      const writes = host.written.groups.length;
      const refusal = await refused(host, () => host.attachments.attach('guest1', spec(text)));
      assert.equal(refusal.code, 'FUNCTIONS_REFUSED');
      assert.equal(host.written.groups.length, writes, 'nothing was written, not even for a moment');
      return refusal;
    };
    const absent = await all('00:09.*');
    assert.deepEqual(absent.evidence['refused'], ['0000:00:09.1 FUNCTION_NOT_CLAIMED']);
    assert.match(
      absent.message,
      /^1 of 3 functions cannot be given, so none was: 0000:00:09\.1 is not in the pool/,
    );
    await host.attachments.attach('guest2', spec('00:09.3'));
    const taken = await all('00:09.*');
    assert.deepEqual(taken.evidence['refused'], [
      '0000:00:09.1 FUNCTION_NOT_CLAIMED',
      '0000:00:09.3 FUNCTION_TAKEN',
    ]);
    assert.match(taken.next, /openslot claim 0000:00:09\.1; openslot detach 2 0000:00:09\.3/);
    assert.deepEqual((await all('00:09.*,seize=1')).evidence['refused'], ['0000:00:09.3 FUNCTION_TAKEN']);
    await host.attachments.detach('guest2', target('00:09.3'));
    host.machine.sim.inject(part(3).address, { fault: 'hung_reset' });
    assert.notEqual((await host.pool.take(part(3).address, 'the test').giveBack()).quarantined, undefined);
    const broken = await all('00:09.*,seize=1');
    assert.deepEqual(broken.evidence['refused'], ['0000:00:09.3 FUNCTION_QUARANTINED']);
  });

  test('come and go together, in the slot that was asked for; what the guest does not let go of stays whole', async () => {
    await using host = await AttachedHost.start({
      shapes: [...DEVICE, edu()],
      claimed: [edu()],
      patience: 300,
    });
    const front = await host.running(1);
    await host.attachments.attach('guest1', spec('00:05.0'));
    const { functions } = await host.attachments.attach('guest1', spec('00:09.*@1f,seize=1'));
    assert.deepEqual(placed(functions), [
      '0000:00:09.0 at 0000:00:1f.0',
      '0000:00:09.1 at 0000:00:1f.1',
      '0000:00:09.3 at 0000:00:1f.3',
    ]);
    const keys = await front.backKeys();
    assert.deepEqual(
      [1, 2, 3].map((index) => keys[`vdevfn-${index}`]),
      ['f8', 'f9', 'fb'],
    );
    // Not a state that a front end that follows has: it does not answer.
    await front.write({ state: '9' });
    const refusal = await refused(host, () => host.attachments.detach('guest1', target('00:09.*')));
    assert.match(refusal.code, /_SILENT$/);
    await front.write({ state: '4' });
    const { functions: gone } = await host.attachments.detach('guest1', target('00:09.*'));
    assert.deepEqual(gone.map(String), ['0000:00:09.0', '0000:00:09.1', '0000:00:09.3']);
    assert.deepEqual((await front.backKeys())['num_devs'], '1');
  });

  test('one that is given alone keeps its number, and others join it in its slot', async () => {
    await using host = await AttachedHost.start({ shapes: [...DEVICE, edu()] });
    await host.running(1);
    await host.attachments.attach('guest1', spec('00:05.0'));
    const where = async (text: string) =>
      placed((await host.attachments.attach('guest1', spec(text))).functions);
    assert.deepEqual(await where('00:09.1@6'), ['0000:00:09.1 at 0000:00:06.1']);
    assert.deepEqual(await where('00:09.0'), ['0000:00:09.0 at 0000:00:06.0']);
    assert.deepEqual(await where('00:09.3'), ['0000:00:09.3 at 0000:00:06.3']);
  });

  test('are not split between two guests, unless that is allowed by its name', async () => {
    await using host = await AttachedHost.start({ shapes: DEVICE, allowed: [] });
    for (const guest of [1, 2]) await host.running(guest);
    await host.attachments.attach('guest1', spec('00:09.0'));
    const refusal = await refused(host, () => host.attachments.attach('guest2', spec('00:09.1')));
    assert.equal(refusal.code, 'ATTACH_UNSAFE');
    assert.match(
      refusal.message,
      /shared-group: 0000:00:09\.1 is in one IOMMU group .* guest guest1 \(1\) has it\)/,
    );
    await host.attachments.attach('guest1', spec('00:09.1'));
    await host.attachments.attach('guest2', spec('00:09.3'), {
      allow: ['shared-group', 'shared-interrupt', 'shared-page'],
    });
    assert.deepEqual(host.states(), ['0000:00:09.0 taken', '0000:00:09.1 taken', '0000:00:09.3 taken']);
  });

  test('two guests that would split a device at the same moment: never both', async () => {
    await using host = await AttachedHost.start({ shapes: DEVICE, allowed: [] });
    for (const guest of [1, 2]) await host.running(guest);
    const results = await Promise.allSettled([
      host.attachments.attach('guest1', spec('00:09.0')),
      host.attachments.attach('guest2', spec('00:09.1')),
    ]);
    const takers = new Set(host.granted().map((entry) => entry.split(' ')[0]));
    assert.ok(takers.size <= 1, [...takers].join());
    for (const one of results)
      if (one.status === 'rejected')
        assert.ok(
          one.reason instanceof OpenslotError && one.reason.code === 'ATTACH_UNSAFE',
          String(one.reason),
        );
  });
});

describe('several at once', () => {
  const specs = (...texts: readonly string[]) => texts.map(spec);

  test('come in one change, in the order in which they are named', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu(), ...DEVICE] });
    const front = await host.running(1);
    await host.attachments.attach('guest1', spec('00:05.0'));
    const { length: before } = host.written.groups;
    const { functions } = await host.attachments.attach('guest1', specs('00:09.3', '00:08.0@4', '00:09.0'));
    assert.deepEqual(placed(functions), [
      '0000:00:09.3 at 0000:00:01.3',
      '0000:00:08.0 at 0000:00:04.0',
      '0000:00:09.0 at 0000:00:01.0',
    ]);
    const changes = host.written.groups
      .slice(before)
      .filter((group) => group.some((line) => line.includes('/state ')));
    assert.equal(changes.length, 1, 'one transaction asks for the change of state');
    const keys = await front.backKeys();
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => keys[`dev-${index}`]),
      ['0000:00:05.0', '0000:00:09.3', '0000:00:08.0', '0000:00:09.0'],
    );
    const { functions: gone } = await host.attachments.detach('guest1', [
      target('00:08.0'),
      target('00:09.*'),
    ]);
    assert.deepEqual(gone.map(String), ['0000:00:09.3', '0000:00:08.0', '0000:00:09.0']);
  });

  test('one that the back end refuses keeps all of them from a guest that runs: it is told of none', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu(), ...DEVICE] });
    const front = await host.running(1);
    await host.attachments.attach('guest1', spec('00:05.0@4'));
    const seen: number[] = [];
    const watch = await host.platform.store.watch(`${front.back}/state`, () => {
      seen.push(front.read(9 << 3, 0, 4).value);
    });
    const refusal = await refused(host, () =>
      host.attachments.attach('guest1', specs('00:09.0@9', '00:08.0@4')),
    );
    await watch.unwatch();
    assert.equal(refusal.code, 'VIRTUAL_SLOT_TAKEN');
    assert.ok(seen.length >= 3 && seen.every((value) => value === 0), seen.join());
    assert.equal(front.read(4 << 3, 0, 4).value, 0x11e8_1234);
    await host.attachments.attach('guest1', specs('00:09.0@9', '00:08.0@5'));
  });

  test('a name that is there twice is refused', async () => {
    await using host = await AttachedHost.start({ shapes: DEVICE });
    await host.running(1);
    const refusal = await refused(host, () => host.attachments.attach('guest1', specs('00:09.*', '00:09.1')));
    assert.equal(refusal.code, 'FUNCTION_NAMED_TWICE');
  });
});
