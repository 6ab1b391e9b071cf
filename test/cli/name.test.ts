/** Names of functions from the shell: on a machine that is started again with one more card. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';
import { functionSpec } from '../../src/cli/function-spec.js';
import { MAIN, Shell } from './serving.js';

const PROGRAM = fileURLToPath(new URL('../guests/nothing.js', import.meta.url));
const shell = new Shell();
after(() => {
  shell[Symbol.dispose]();
});
const done = (...args: readonly string[]) => shell.done(...args);
const refused = (...args: readonly string[]) => shell.refused(...args);
const openslot = (...args: readonly string[]) => shell.run(...args);

const NIC =
  '{slot: "01", bridge: {}, bus: [{slot: "00", model: nvme, driver: nvme, dsn: 00-1b-21-ff-ff-00-00-01}';
const PROBE = '{slot: "02", bridge: {}, bus: [{slot: "00", model: testdev}]}';

test('a name in the place of an address is a specification of xl', () => {
  assert.equal(functionSpec('nic-dmz'), 'name=nic-dmz');
  assert.equal(functionSpec('nic-dmz@5'), 'name=nic-dmz,vslot=5');
  assert.equal(functionSpec('nic-dmz@1f,seize=1,permissive=0'), 'name=nic-dmz,vslot=1f,seize=1,permissive=0');
  assert.equal(functionSpec('nic,seize=1'), 'name=nic,seize=1');
  for (const own of ['0a:00.0@5', '0a:00.*', 'bdf=0a:00.0,vslot=5', 'name=nic,seize=1', 'seize=1,name=nic'])
    assert.equal(functionSpec(own), own);
  for (const wrong of ['nic-dmz@20', 'nic-dmz@', 'nic,what=1', 'Nic', 'nic.*', 'nic@5,vslot=6'])
    assert.throws(() => functionSpec(wrong), { code: 'SPEC_MALFORMED' }, wrong);
});

describe('a named function', () => {
  test('is claimed, attached and looked at by its name, and refused where a card has renumbered the buses', async () => {
    {
      await using _owner = await shell.serve('before', [`${NIC}]}`, PROBE]);
      assert.match(done('name'), /no function has a name/);
      assert.match(done('name', '01:00.0', 'nic-dmz'), /serial number 00-1b-21-ff-ff-00-00-01/);
      assert.match(done('name', '02:00.0', 'probe'), /it has no serial number/);
      assert.match(done('list'), /0000:01:00\.0 {2}nic-dmz/);
      assert.match(done('tree'), /02:00\.0 .*named probe/);
      const shown = JSON.parse(done('show', 'probe', '--json')) as { address: string; givenName: string };
      assert.deepEqual([shown.address, shown.givenName], ['0000:02:00.0', 'probe']);
      assert.match(done('get', 'probe', 'header.vendor'), /0x1234/);
      const offered = spawnSync(process.execPath, [MAIN, 'complete', '--', 'claim', ''], {
        encoding: 'utf8',
        env: shell.env,
      });
      assert.match(offered.stdout, /^nic-dmz\t01:00\.0$/m);
      assert.match(done('claim', 'nic-dmz'), /0000:01:00\.0 is in the pool/);
      done('guest', 'run', PROGRAM, '--name', 'web', '--paused');
      const given = JSON.parse(done('attach', 'web', 'nic-dmz@5', '--json')) as {
        functions: { address: string; virtual?: string }[];
      };
      assert.deepEqual(
        given.functions.map(({ address }) => address),
        ['0000:01:00.0'],
      );
      assert.match(done('pool'), /0000:01:00\.0 +guest/);
      assert.match(refused('attach', 'web', 'nobody'), /FUNCTION_NAME_UNKNOWN/);
      assert.match(done('detach', 'web', 'nic-dmz'), /0000:01:00\.0 is back/);
      assert.match(done('release', 'nic-dmz'), /its driver is nvme/);
      assert.match(refused('claim', 'nic-dmzz'), /NAME_UNKNOWN.*\n.*nic-dmz/);
    }
    const added = `${NIC}, {slot: "01", bridge: {}, bus: [{slot: "00", model: testdev}]}]}`;
    await using _owner = await shell.serve('after', [added, PROBE]);
    assert.match(refused('claim', 'probe'), /NAME_MOVED.*0000:03:00\.0.*\n.*openslot name --update probe/);
    done('guest', 'run', PROGRAM, '--name', 'web', '--paused');
    assert.match(refused('attach', 'web', 'probe,seize=1'), /NAME_MOVED/, 'the owner looks itself');
    assert.match(refused('detach', 'web', 'probe'), /NAME_MOVED/);
    assert.equal(done('pool').trim().split('\n').length, 1, 'nothing was done');
    const { names } = JSON.parse(done('name', '--json')) as {
      names: { name: string; state: string; now: string | null }[];
    };
    assert.deepEqual(
      names.map(({ name, state, now }) => [name, state, now]),
      [
        ['nic-dmz', 'here', '0000:01:00.0'],
        ['probe', 'moved', '0000:03:00.0'],
      ],
    );
    assert.match(openslot('list').stderr, /NAME_MOVED/);
    assert.match(done('name', '--update', 'probe'), /it was at 0000:02:00\.0/);
    assert.match(done('claim', 'probe'), /0000:03:00\.0 is in the pool/);
    assert.match(done('name', '--remove', 'probe'), /forgotten/);
    assert.match(refused('name', '--remove', 'probe'), /NAME_UNKNOWN/);
    assert.equal(openslot('name', '01:00.0', '--remove', 'nic-dmz').status, 2);
    assert.equal(openslot('name', '01:00.0', 'x', '--update', 'nic-dmz').status, 2);
  });
});
