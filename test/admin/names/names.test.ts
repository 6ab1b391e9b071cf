/** Names of functions on machines whose cards move: each way in which a name is no function any more. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { NameFolder } from '../../../src/admin/names/index.js';
import { isFunctionName } from '../../../src/admin/names/function-name.js';
import { notations } from '../../../src/pci/index.js';
import { at, KeptNames, refusal } from './moved-machines.js';

const DISK = '{slot: "00", model: nvme, dsn: 00-1b-21-ff-ff-00-00-01}';
const PROBE = '{slot: "00", model: testdev}';

function machine(...slots: readonly string[]): string {
  return `roots: [{bus: 0, slots: [${slots.join(', ')}]}]`;
}
function behind(slot: string, ...devices: readonly string[]): string {
  return `{slot: "${slot}", bridge: {}, bus: [${devices.join(', ')}]}`;
}

const BEFORE = machine(behind('01', DISK), behind('02', PROBE), '{slot: "03", model: edu}');
/** A card with a bridge of its own and one more function like `probe` is put beside the disk. */
const CARD_ADDED = machine(
  behind('01', DISK, behind('01', PROBE)),
  behind('02', PROBE),
  '{slot: "03", model: edu}',
);

async function named(kept: KeptNames): Promise<void> {
  await kept.on(BEFORE, async (names) => {
    const disk = await names.give('disk', at('01:00.0'));
    assert.deepEqual(disk.record.serial, { source: 'dsn', text: '00-1b-21-ff-ff-00-00-01' });
    assert.equal(disk.record.place, '0000:00/01.0/00.0');
    const probe = await names.give('probe', at('02:00.0'));
    assert.deepEqual([probe.record.serial, probe.twins], [undefined, []]);
    assert.equal(String(await names.find('disk')), '0000:01:00.0');
    assert.equal(String(await names.find('probe')), '0000:02:00.0');
  });
}

describe('a name', () => {
  test('is refused with the new address where a card has renumbered the buses, also when a twin stands there', async () => {
    using kept = new KeptNames();
    await named(kept);
    await kept.on(CARD_ADDED, async (names) => {
      assert.equal(String(await names.find('disk')), '0000:01:00.0', 'its bus has its number still');
      const moved = await refusal(names.find('probe'));
      assert.equal(moved.code, 'NAME_MOVED');
      assert.deepEqual(moved.evidence, {
        name: 'probe',
        was: '0000:02:00.0',
        now: '0000:03:00.0',
        by: 'place',
        place: '0000:00/02.0/00.0',
      });
      assert.match(moved.message, /named at 0000:02:00\.0, where 1234:5100 stands now/);
      assert.equal(moved.next, 'openslot name --update probe');
      const { record, former, twins } = await names.update('probe');
      assert.deepEqual([String(record.address), String(former?.address)], ['0000:03:00.0', '0000:02:00.0']);
      assert.equal(twins.length, 1, 'the new card is like it');
      assert.equal(String(await names.find('probe')), '0000:03:00.0');
    });
  });

  test('follows a serial number to another slot only when it is told to', async () => {
    using kept = new KeptNames();
    await named(kept);
    await kept.on(machine(behind('01', PROBE), behind('05', DISK)), async (names) => {
      const moved = await refusal(names.find('disk'));
      assert.deepEqual(
        [moved.code, moved.evidence['now'], moved.evidence['by']],
        ['NAME_MOVED', '0000:02:00.0', 'serial number'],
      );
      await names.update('disk');
      assert.equal(String(await names.find('disk')), '0000:02:00.0');
    });
  });

  test('is ambiguous where a card without a serial number is not in its place', async () => {
    using kept = new KeptNames();
    await named(kept);
    await kept.on(machine(behind('01', DISK), behind('04', PROBE)), async (names) => {
      const refused = await refusal(names.find('probe'));
      assert.deepEqual([refused.code, refused.evidence['alike']], ['NAME_AMBIGUOUS', ['0000:02:00.0']]);
      assert.equal(
        (await refusal(names.update('probe'))).code,
        'NAME_AMBIGUOUS',
        'nobody said that this is it',
      );
      const { former } = await names.update('probe', at('02:00.0'));
      assert.equal(former?.place, '0000:00/02.0/00.0');
      assert.equal(String(await names.find('probe')), '0000:02:00.0');
    });
  });

  test('is refused where another device stands, with what differs, and where nothing stands', async () => {
    using kept = new KeptNames();
    await named(kept);
    const swapped = DISK.replace('00-00-01', '00-00-02');
    await kept.on(machine(behind('01', swapped)), async (names) => {
      const other = await refusal(names.find('disk'));
      assert.equal(other.code, 'NAME_OTHER_DEVICE');
      assert.deepEqual(other.evidence['differences'], [
        'its serial number was 00-1b-21-ff-ff-00-00-01, and is 00-1b-21-ff-ff-00-00-02',
      ]);
      assert.equal((await refusal(names.find('probe'))).code, 'NAME_ABSENT');
      assert.equal((await refusal(names.update('probe'))).code, 'NAME_ABSENT');
    });
    await kept.on(machine(behind('01', PROBE), behind('02', DISK)), async (names) => {
      assert.deepEqual(
        [(await refusal(names.find('disk'))).code, (await refusal(names.find('probe'))).code],
        ['NAME_MOVED', 'NAME_AMBIGUOUS'],
        'they changed places',
      );
    });
  });

  test('tells twins apart by their places, and says so when it is given', async () => {
    using kept = new KeptNames();
    const twins = machine(behind('01', PROBE), behind('02', PROBE));
    await kept.on(twins, async (names) => {
      const { twins: alike } = await names.give('left', at('01:00.0'));
      assert.deepEqual(
        alike.map(({ address }) => String(address)),
        ['0000:02:00.0'],
      );
      await names.give('right', at('02:00.0'));
      assert.equal(String(await names.find('right')), '0000:02:00.0');
    });
    await kept.on(machine(behind('02', PROBE)), async (names) => {
      const refused = await refusal(names.find('left'));
      assert.equal(refused.code, 'NAME_AMBIGUOUS', 'the other one stands at its address now');
      assert.match(
        refused.message,
        /not in its place 0000:00\/01\.0\/00\.0 \(0000:01:00\.0, where 1234:5100/,
      );
      assert.equal((await refusal(names.find('right'))).code, 'NAME_MOVED');
    });
  });

  test('of cards that all have the number that a maker copied is told by place', async () => {
    using kept = new KeptNames();
    const copies = machine(behind('01', DISK), behind('02', DISK));
    await kept.on(copies, (names) => names.give('first', at('01:00.0')));
    await kept.on(machine(behind('02', DISK)), async (names) => {
      assert.equal((await refusal(names.find('first'))).code, 'NAME_AMBIGUOUS');
    });
  });

  test('is not vouched for while a serial number cannot be read', async () => {
    using kept = new KeptNames();
    const card = (more: string) =>
      machine(behind('01', `{slot: "00", model: edu, vpd: {readOnly: {SN: A-17}}${more}}`));
    await kept.on(card(''), async (names) => {
      const { record } = await names.give('accel', at('01:00.0'));
      assert.deepEqual(record.serial, { source: 'vpd', text: 'A-17' });
    });
    await kept.on(card(', driver: edu'), async (names) => {
      const refused = await refusal(names.find('accel'));
      assert.equal(refused.code, 'NAME_UNVERIFIED');
      assert.match(refused.message, /driver edu has the function/);
    });
    await kept.on(machine(behind('01', DISK)), async (names, sim) => {
      await names.give('disk', at('01:00.0'));
      sim.inject(at('01:00.0'), { fault: 'unresponsive' });
      const refused = await refusal(names.find('disk'));
      assert.deepEqual([refused.code, refused.evidence['why']], ['NAME_UNVERIFIED', 'it does not answer']);
    });
  });

  test('is given once, to one device, and forgotten when it is removed', async () => {
    using kept = new KeptNames();
    await kept.on(BEFORE, async (names) => {
      await names.give('disk', at('01:00.0'));
      const again = await names.give('disk', at('01:00.0'));
      assert.equal(again.former?.name, 'disk', 'the same once more is no mistake');
      assert.equal((await refusal(names.give('disk', at('02:00.0')))).code, 'NAME_TAKEN');
      assert.equal((await refusal(names.give('store', at('01:00.0')))).code, 'DEVICE_NAMED');
      assert.equal((await refusal(names.give('Disk', at('02:00.0')))).code, 'NAME_MALFORMED');
      assert.equal((await refusal(names.give('gone', at('0f:00.0')))).code, 'FUNCTION_NOT_FOUND');
      await names.give('probe', at('02:00.0'));
      assert.equal((await refusal(names.update('probe', at('01:00.0')))).code, 'DEVICE_NAMED');
      names.remove('disk');
      assert.equal((await refusal(names.find('disk'))).code, 'NAME_UNKNOWN');
      await names.give('store', at('01:00.0'));
      assert.deepEqual(kept.folder.names(), ['probe', 'store']);
    });
  });
});

describe('what a name may be', () => {
  test('never reads as an address in any notation, nor as a part of a specification', () => {
    for (const good of ['nic-dmz', 'gpu0', 'a', 'disk_1', 'b8-00']) assert.ok(isFunctionName(good), good);
    for (const bad of [
      '',
      '0a',
      'Nic',
      'a.b',
      'a:b',
      'a@5',
      'a,b',
      'a=1',
      'a*',
      '-a',
      'a-',
      'a--b',
      'a b',
      'ä',
      'abcd-0a-00-0',
    ])
      assert.ok(!isFunctionName(bad), bad);
    assert.ok(isFunctionName('x'.repeat(63)) && !isFunctionName('x'.repeat(64)));
    const parsers = Object.entries(notations).filter(([name]) => name !== 'xlSpec');
    for (const name of ['nic-dmz', 'beef-00-00-8', 'abcd', 'pci0', 'face_0'])
      for (const [notation, form] of parsers) {
        assert.ok(isFunctionName(name));
        assert.throws(() => form.parse(name), `${name} is an address in ${notation}`);
      }
  });
});

/** Root writes everywhere: it is somebody else meanwhile, to whom these belong. */
async function asNoRoot(paths: readonly string[], action: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const nobody = 65534;
  if (isRoot) {
    for (const path of paths) chownSync(path, nobody, nobody);
    process.seteuid?.(nobody);
  }
  try {
    await action();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe('records of names', () => {
  test('that are damaged, copied or of another program are told, and never guessed', async () => {
    using kept = new KeptNames();
    await kept.on(BEFORE, async (names) => {
      await names.give('disk', at('01:00.0'));
      const file = (name: string) => join(kept.path, `${name}.json`);
      copyFileSync(file('disk'), file('copy'));
      const copied = await refusal(names.find('copy'));
      assert.deepEqual(
        [copied.code, /record of the name disk/.test(copied.message)],
        ['NAMES_UNREADABLE', true],
      );
      for (const text of ['', '{', '[]', '{"name": "copy"}', 'null']) {
        writeFileSync(file('copy'), text);
        assert.equal((await refusal(names.find('copy'))).code, 'NAMES_UNREADABLE', text);
      }
      assert.equal(String(await names.find('disk')), '0000:01:00.0', 'the others are as they were');
      names.remove('copy');
      assert.ok(!existsSync(file('copy')));
    });
  });

  test('that the disk does not take leave the former ones', async () => {
    using kept = new KeptNames();
    await kept.on(BEFORE, async (names) => {
      await names.give('disk', at('01:00.0'));
      chmodSync(kept.path, 0o500);
      await asNoRoot([kept.path, join(kept.path, 'disk.json')], async () => {
        assert.equal((await refusal(names.give('probe', at('02:00.0')))).code, 'NAMES_NOT_WRITTEN');
        assert.equal((await refusal(names.update('disk', at('02:00.0')))).code, 'NAMES_NOT_WRITTEN');
        assert.throws(
          () => {
            names.remove('disk');
          },
          { code: 'NAMES_NOT_WRITTEN' },
        );
      });
      chmodSync(kept.path, 0o700);
      assert.deepEqual(readdirSync(kept.path), ['disk.json']);
      assert.equal(String(await names.find('disk')), '0000:01:00.0');
    });
  });

  test('cannot stand where a file is in the way, and nothing half written is left', async () => {
    using kept = new KeptNames();
    writeFileSync(join(kept.path, 'linux'), '');
    const folder = new NameFolder(join(kept.path, 'linux', 'names'));
    await kept.on(BEFORE, async (names) => {
      const { record } = await names.give('disk', at('01:00.0'));
      assert.throws(() => folder.add(record), { code: 'NAMES_NOT_WRITTEN' });
      mkdirSync(join(kept.path, 'probe.json'));
      assert.throws(
        () => {
          kept.folder.replace({ ...record, name: 'probe' });
        },
        { code: 'NAMES_NOT_WRITTEN' },
      );
      assert.deepEqual(readdirSync(kept.path).sort(), ['disk.json', 'linux', 'probe.json']);
    });
  });
});
