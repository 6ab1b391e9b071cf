/** `openslot apply`: a file that is applied makes the host as it says, once; what cannot be had changes nothing. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Shell } from './serving.js';

const PROGRAM = fileURLToPath(new URL('../guests/nothing.js', import.meta.url));
const shell = new Shell();
after(() => {
  shell[Symbol.dispose]();
});

const SLOTS = [
  '{slot: "01", bridge: {}, bus: [{slot: "00", model: nvme, driver: nvme, dsn: 00-1b-21-ff-ff-00-00-01}]}',
  '{slot: "02", bridge: {}, bus: [{slot: "00", model: testdev}]}',
  '{slot: "03", model: edu, driver: edu}',
];
const WANTED = `functions:
  - function: 01:00.0
    device: 1b36:0010
    name: nic-dmz
    guest: web
    slot: 5
  - function: 02:00.0
    device: 1234:5100
    name: probe
    claim: vfio
`;

interface Told {
  readonly differences: readonly { readonly kind: string; readonly address: string }[];
  readonly waiting: readonly unknown[];
}

describe('openslot apply', () => {
  test('makes what is lacking, and nothing the second time', async () => {
    await using _owner = await shell.serve('machine', SLOTS);
    const file = shell.write('wanted.yaml', WANTED);
    const diff = shell.done('apply', file, '--diff');
    assert.match(
      diff,
      /0000:01:00\.0 {2}nic-dmz\n- {3}no name\n\+ {3}name nic-dmz\n- {3}the host’s, by nvme\n\+ {3}in the pool/,
    );
    assert.match(diff, /nothing was changed/);
    const plan = shell.done('apply', file, '--dry-run');
    assert.match(plan, /1\. name 0000:01:00\.0 nic-dmz +undo: forget the name nic-dmz/);
    assert.match(plan, /nvme/);
    assert.doesNotMatch(shell.done('list'), /nic-dmz/, 'neither of them changed anything');

    const applied = shell.run('apply', file);
    assert.equal(applied.status, 0, applied.stderr);
    assert.match(applied.stderr, /web does not run/);
    assert.match(shell.done('pool'), /0000:01:00\.0 +free[^\n]*\n0000:02:00\.0 +free +vfio-pci/);
    const again = JSON.parse(shell.done('apply', file, '--json')) as Told;
    assert.deepEqual([again.differences, again.waiting.length], [[], 1]);

    shell.done('guest', 'run', PROGRAM, '--name', 'web', '--paused');
    assert.match(shell.done('apply', file), /0000:01:00\.0 is given to web/);
    assert.match(shell.done('pool'), /0000:01:00\.0 +guest/);
    const whole = JSON.parse(shell.done('apply', file, '--json')) as Told;
    assert.deepEqual(whole, { differences: [], waiting: [] });

    const other = shell.write(
      'other.yaml',
      WANTED.replace('guest: web', 'guest: mail').replace('claim: vfio', 'claim: uio'),
    );
    const conflicts = shell.refused('apply', other);
    assert.match(conflicts, /DESIRED_STATE_CONFLICT/);
    assert.match(conflicts, /other\.yaml:2: guest \d+ has 0000:01:00\.0, which is wanted for mail/);
    assert.match(conflicts, /other\.yaml:7: 0000:02:00\.0 is kept by vfio-pci, and wanted for uio/);

    const back = shell.write('back.yaml', 'functions: [{function: probe, claim: none}]');
    assert.match(shell.done('apply', back), /0000:02:00\.0 is the host's again/);
    assert.match(shell.done('apply', back), /all is as/);
  });

  test('is refused whole where another device stands, or one of several cannot be claimed', async () => {
    await using _owner = await shell.serve('machine', SLOTS);
    const wrong = shell.write('wrong.yaml', WANTED.replace('1b36:0010', '8086:10d3'));
    assert.match(
      shell.refused('apply', wrong),
      /wrong\.yaml:2: 0000:01:00\.0 is 1b36:0010, and 8086:10d3 is wanted there/,
    );
    const text =
      'functions:\n  - function: nobody\n  - {function: "03:00.0", device: "1234:11e8", claim: pool}\n';
    const conflicts = shell.refused('apply', shell.write('nobody.yaml', text));
    assert.match(conflicts, /nobody\.yaml:2: no function is named nobody/);
    assert.match(conflicts, /nobody\.yaml:3: no function is at 0000:03:00\.0/);
    // The first is claimed alone; the second is a bridge, which nobody can claim.
    const bridge =
      'functions:\n  - {function: "00:03.0", device: "1234:11e8", name: accel, claim: pool}\n  - {function: "00:01.0", device: "1b36:0001", claim: vfio}\n';
    assert.match(shell.refused('apply', shell.write('bridge.yaml', bridge)), /00:01\.0/);
    assert.doesNotMatch(shell.done('list'), /accel/, 'its name is taken back');
    assert.match(shell.done('list'), /0000:00:03\.0 .* edu +/);
    assert.equal(shell.done('pool').trim().split('\n').length, 1, 'and its claim');
    assert.match(shell.refused('apply', '/nowhere.yaml'), /DESIRED_STATE_UNREADABLE/);
  });

  test('keeps a policy for its device, or refuses all where it does not fit', async () => {
    await using _owner = await shell.serve('machine', SLOTS);
    shell.write('nvme.yaml', "policy: 1\ndevice: '1b36:0010'\nallow: [header.cache_line]\n");
    const text =
      'functions:\n  - {function: "01:00.0", device: "1b36:0010", claim: pool, policy: nvme.yaml}\n';
    const file = shell.write('held.yaml', text);
    assert.match(shell.done('apply', file, '--dry-run'), /keep \S+nvme\.yaml as what guests may write/);
    assert.match(shell.done('policy', 'show'), /no policy is kept/);
    assert.match(shell.done('apply', file), /nvme\.yaml is what guests may write in 0000:01:00\.0/);
    assert.match(shell.done('policy', 'show'), /1b36-0010/);
    assert.match(shell.done('apply', file), /all is as/);
    const other = shell.write(
      'other.yaml',
      text.replace('01:00.0', '00:03.0').replace('1b36:0010', '1234:11e8'),
    );
    assert.match(shell.refused('apply', other), /other\.yaml:2: POLICY_OTHER_DEVICE/);
    // What fails behind it takes it back.
    shell.write('nvme.yaml', "policy: 1\ndevice: '1b36:0010'\nallow: []\n");
    const bridge = `${text}  - {function: "00:01.0", device: "1b36:0001", claim: vfio}\n`;
    assert.match(shell.refused('apply', shell.write('bridge.yaml', bridge)), /00:01\.0/);
    assert.match(shell.done('policy', 'show', '01:00.0'), /header\.cache_line/);
  });
});
