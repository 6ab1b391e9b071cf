/** Attach and detach where the guest's front end takes no changes while it runs: cold, refused, and by force. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OpenslotError } from '../../src/pci/index.js';
import { disk, edu } from '../function/shapes.js';
import type { StrictFront } from '../front-ends/strict-front.js';
import { AttachedHost, spec, target } from './attached-host.js';

const DISK = '0000:00:08.0';
const EDU = '0000:00:05.0';
const EDU_ID = 0x11e8_1234;
const FRONT_STATE = '/local/domain/1/device/pci/0/state';

/** Refused as what it is, with what else can be done. */
const fixed = (next: RegExp) => (error: unknown) => {
  assert.ok(error instanceof OpenslotError, String(error));
  assert.equal(error.code, 'FRONT_END_FIXED', error.message);
  assert.match(error.next, next);
  return true;
};

/** A disk and an edu in the pool; a strict guest that got these cold and runs. */
async function served(...specs: readonly string[]) {
  const host = await AttachedHost.start({ shapes: [disk(), edu()], patience: 2000 });
  host.born(1);
  for (const text of specs)
    assert.equal((await host.attachments.attach('guest1', spec(text))).frontEnd, 'paused');
  const front = host.strictFront(1);
  await front.connect();
  await host.settled(() => host.store.read(FRONT_STATE) === '4');
  return { host, front };
}

/** States that the pair's back end had since the guest connected, as anybody who watches it may see them. */
async function statesSeen(host: AttachedHost, front: StrictFront): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const state = `${front.back}/state`;
  await host.platform.store.watch(state, () => {
    seen.add(host.store.read(state) ?? 'gone');
  });
  return seen;
}

describe('a guest with a strict front end', () => {
  test('has all that was attached cold, in the order and the slots that were asked for', async () => {
    const { host, front } = await served('00:05.0', '00:08.0@5');
    await using _ = host;
    assert.deepEqual(
      front.xpci.functions.map(({ address, id }) => [String(address), id]),
      [
        ['0000:00:00.0', EDU_ID],
        ['0000:00:05.0', 0x0010_1b36],
      ],
    );
    // Lines are pirqs that it may bind.
    for (const fn of front.xpci.functions) assert.ok(front.xpci.establish(fn) !== undefined);
    assert.equal(front.xpci.panic, undefined);
  });

  test('may have its functions changed until it has said a word', async () => {
    await using host = await AttachedHost.start({ shapes: [disk(), edu()] });
    host.born(1);
    for (const text of ['00:05.0', '00:08.0']) await host.attachments.attach('guest1', spec(text));
    await host.attachments.detach('guest1', target('00:05.0'));
    const front = host.strictFront(1);
    await front.connect();
    assert.deepEqual(
      front.xpci.functions.map(({ address }) => String(address)),
      ['0000:00:01.0'],
    );
  });

  test('that runs without a pair gets its first functions hot: it has not connected to anything yet', async () => {
    await using host = await AttachedHost.start({ shapes: [edu()] });
    host.born(1);
    const front = host.strictFront(1);
    await front.boot();
    assert.equal((await host.attachments.attach('guest1', spec('00:05.0'))).frontEnd, 'connected');
    assert.equal(front.xpci.functions.length, 1);
  });

  test('is refused a hot attach and a hot detach, and sees nothing of it', async () => {
    const { host, front } = await served('00:05.0');
    await using _ = host;
    const before = [host.granted(), host.pciKeys(), host.states()];
    const seen = await statesSeen(host, front);
    const { resets } = host.machine.device(disk().address);
    await assert.rejects(
      host.attachments.attach('guest1', spec('00:08.0')),
      fixed(/: openslot attach guest1 0000:00:08\.0; let it run: xl unpause guest1; .*--force/),
    );
    await assert.rejects(
      host.attachments.detach('guest1', target('00:05.0')),
      fixed(/openslot detach --force guest1 0000:00:05\.0/),
    );
    assert.deepEqual([host.granted(), host.pciKeys(), host.states()], before);
    assert.deepEqual([[...seen], front.xpci.panic], [['4'], undefined]);
    assert.equal(host.machine.device(disk().address).resets, resets, 'nothing was begun');
    assert.equal(front.read(0, 0).value, EDU_ID);
  });

  test('by force loses functions without a word, to the last, and lives', async () => {
    const { host, front } = await served('00:05.0', '00:08.0');
    await using _ = host;
    const seen = await statesSeen(host, front);
    for (const text of ['00:05.0', '00:08.0']) {
      const report = await host.attachments.detach('guest1', target(text), { force: true });
      assert.deepEqual([report.forced, report.unsettled], [true, []]);
    }
    assert.deepEqual(host.states(), [`${EDU} free`, `${DISK} free`]);
    assert.deepEqual(host.granted(), []);
    assert.deepEqual(
      [0, 8].map((devfn) => front.read(devfn, 0)),
      [0, 8].map(() => ({ error: -1, value: 0, vectors: [] })),
    );
    // A pair that went away would be its end; it goes with the guest.
    assert.deepEqual([[...seen], front.xpci.panic], [['4'], undefined]);
    assert.equal((await front.backKeys())['num_devs'], '0');
    await assert.rejects(host.attachments.attach('guest1', spec('00:05.0')), fixed(/xl unpause/));
    await host.kill(1);
    for (const path of ['/local/domain/1', '/libxl/1']) host.store.remove(path);
    await host.settled(() => !host.pciKeys().some((line) => /\/pci\/1/.test(line)));
  });

  test('by force is told of an attach, and panics; everything is as before', async () => {
    const { host, front } = await served('00:05.0');
    await using _ = host;
    const before = [host.granted(), host.pciKeys(), host.states()];
    await assert.rejects(host.attachments.attach('guest1', spec('00:08.0'), { force: true }), {
      code: 'GUEST_SILENT',
    });
    assert.equal(front.xpci.panic, 'panic: bad backend state 7');
    assert.deepEqual([host.granted(), host.pciKeys(), host.states()], before);
  });

  test('whose back end gave up lets go without force, and lives', async () => {
    const { host, front } = await served('00:05.0');
    await using _ = host;
    const count = `${front.back}/num_devs`;
    await host.platform.store.write(count, 'many');
    await host.settled(() => host.store.read(FRONT_STATE) === '6');
    await host.platform.store.write(count, '1');
    const { forced } = await host.attachments.detach('guest1', target('00:05.0'));
    assert.deepEqual([forced, host.states()], [false, [`${EDU} free`, `${DISK} free`]]);
    assert.deepEqual([host.granted(), front.xpci.panic], [[], undefined]);
  });
});

test('a front end that shows no sign but follows a forced change takes changes from then on', async () => {
  await using host = await AttachedHost.start({ shapes: [disk(), edu()] });
  host.born(1);
  await host.attachments.attach('guest1', spec('00:05.0'));
  const front = host.front(1);
  front.page.words.fill(0);
  await front.follow();
  await host.settled(() => host.store.read(FRONT_STATE) === '4');
  await assert.rejects(host.attachments.attach('guest1', spec('00:08.0')), fixed(/./));
  const { remarks } = await host.attachments.attach('guest1', spec('00:08.0'), { force: true });
  assert.match(remarks.join('\n'), /told of this one by force/);
  await host.attachments.detach('guest1', target('00:08.0'));
  assert.deepEqual(host.states(), [`${EDU} taken`, `${DISK} free`]);
});
