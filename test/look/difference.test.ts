/** What two captures differ in, in words. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { captureMachine, type CapturedFunction } from '../../src/function/index.js';
import { differenceLines, differencesBetween } from '../../src/look/index.js';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { notations } from '../../src/pci/index.js';
import { SOUND, SUBJECTS } from './explain/subjects.js';

const capture = (functions: readonly CapturedFunction[]) => ({
  machine: 'made',
  taken: undefined,
  functions,
});
const words = (before: readonly CapturedFunction[], after: readonly CapturedFunction[]) =>
  differenceLines(differencesBetween(capture(before), capture(after)));

const [port, drive] = SOUND;
assert.ok(port !== undefined && drive !== undefined);

describe('differences', () => {
  test('are none between a machine and itself', () => {
    assert.deepEqual(words(SOUND, SOUND), []);
  });

  test('tell a link that trained slower once, and both of its ends', () => {
    const { functions = [] } = SUBJECTS['LINK_TRAINED_BELOW'] ?? {};
    assert.deepEqual(words(SOUND, functions), [
      '0000:00:01.0',
      '  link trained slower: 8 GT/s x4 -> 8 GT/s x1',
      '  aer.correctable.receiver: off -> on  (Receiver error)',
      '',
      '0000:01:00.0',
      '  link trained slower: 8 GT/s x4 -> 8 GT/s x1',
    ]);
    assert.match(words(functions, SOUND)[1] ?? '', /link trained faster: 8 GT\/s x1 -> 8 GT\/s x4/);
  });

  test('tell what was enabled, moved and given to somebody', () => {
    const { functions = [] } = SUBJECTS['BAR_DISABLED'] ?? {};
    assert.deepEqual(words(functions, SOUND), [
      '0000:01:00.0',
      '  header.command.memory: off -> on  (Memory space enable)',
    ]);
    const region = drive.regions?.[0];
    assert.ok(region !== undefined);
    const moved = { ...drive, regions: [{ ...region, address: 0xfe040000n }] };
    const given = { ...moved, driver: undefined, pool: { state: 'taken', guest: 'web' } };
    assert.deepEqual(words(SOUND, [port, given]), [
      '0000:01:00.0',
      '  BAR0 moved: memory fe000000-fe003fff -> memory fe040000-fe043fff',
      '  driver: nvme -> none',
      '  pool: none -> taken',
      '  guest: none -> web',
    ]);
  });

  test('are none of what taking a capture leaves behind', () => {
    using sim = new SimMachine(
      parseMachine('roots: [{slots: [{slot: "01", model: nvme, vpd: {name: Disk, readOnly: {SN: "1"}}}]}]'),
      { clock: 'manual' },
    );
    const [before, after] = [captureMachine(sim), captureMachine(sim)];
    const [was, is] = [before, after].map(({ functions }) => functions[0]);
    assert.ok(was?.vpd !== undefined);
    assert.notDeepEqual(was.config, is?.config);
    assert.deepEqual(differencesBetween(before, after), []);
  });

  test('find a device that stands at another address', () => {
    const elsewhere = { ...drive, address: notations.hex.parse('02:00.0') };
    assert.deepEqual(words(SOUND, [port, elsewhere]), [
      '0000:02:00.0',
      '  moved here from 0000:01:00.0: Non-Volatile memory controller 144d:a808',
    ]);
    // And what came to the place that it left.
    const other = Uint8Array.from(drive.config);
    other[2] = 0x09;
    const came = { ...drive, config: other };
    assert.deepEqual(
      words(SOUND, [port, came, elsewhere]).filter((line) => line.startsWith(' ')),
      [
        '  appeared: Non-Volatile memory controller 144d:a809',
        '  moved here from 0000:01:00.0: Non-Volatile memory controller 144d:a808',
      ],
    );
    assert.deepEqual(words(SOUND, [port, came]), [
      '0000:01:00.0',
      '  is another device: 144d:a808 -> 144d:a809',
    ]);
  });

  test('tell of functions that came and went', () => {
    assert.deepEqual(words(SOUND, [port]), [
      '0000:01:00.0',
      '  is gone: Non-Volatile memory controller 144d:a808',
    ]);
    assert.deepEqual(words([port], SOUND), [
      '0000:01:00.0',
      '  appeared: Non-Volatile memory controller 144d:a808',
    ]);
  });

  test('compare what both could read', () => {
    const { functions = [] } = SUBJECTS['CONFIG_CUT_OFF'] ?? {};
    assert.deepEqual(words(SOUND, functions), [
      '0000:01:00.0',
      '  256 bytes of configuration space can be read, before 4096: the rest is not compared',
    ]);
  });
});
