/** Machines that a command opens for itself, recorded and replayed from the shell. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'openslot-own-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const board = join(folder, 'board.yaml');
writeFileSync(
  board,
  'roots: [{slots: [{slot: "02", model: edu}]}]\nplatform: [{model: uart16550, ports: 0x3f8, line: 4}]\n',
);
const recording = join(folder, 'first.jsonl');

function openslot(...args: readonly string[]) {
  const { OPENSLOT_ON: _on, OPENSLOT_RECORD: _record, ...rest } = process.env;
  const env = { ...rest, OPENSLOT_RUNTIME_DIR: folder, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

describe('a machine of the command’s own', () => {
  test('is listed, with its platform devices, and shown', () => {
    const list = openslot('list', '--on', `sim:${board}`);
    assert.match(list.stdout, /^0000:00:02\.0 .*1234:11e8/m, list.stderr);
    assert.match(list.stdout, /^isa:0x3f8 +ports 3f8-3ff +4 +uart16550$/m);
    const data = JSON.parse(openslot('list', '--json', '--on', `sim:${board}`).stdout) as {
      platform: { name: string; regions: { address: string }[] }[];
    };
    assert.deepEqual([data.platform[0]?.name, data.platform[0]?.regions[0]?.address], ['isa:0x3f8', '0x3f8']);
    assert.match(openslot('show', '00:02.0', '--on', `sim:${board}`).stdout, /header\.vendor +0x1234/);
  });

  test('is named as it was written where a function is not there', () => {
    for (const args of [
      ['show', '00:09.0'],
      ['get', '00:09.0', 'vendor'],
      ['proto', 'mount', join(folder, 'none'), '00:09.0'],
    ])
      assert.match(
        openslot(...args, '--on', `sim:${board}`).stderr,
        new RegExp(`FUNCTION_NOT_FOUND[^]*next  openslot list --on sim:${board}`),
        args.join(' '),
      );
  });

  test('is recorded, and the recording stands for it until something else is asked', () => {
    const first = openslot('get', '00:02.0', 'bar0:0x00/4', '--on', `sim:${board}`, '--record', recording);
    assert.match(first.stdout, /0x010000ed/, first.stderr);
    assert.equal(
      openslot('get', '00:02.0', 'bar0:0x00/4', '--on', `replay:${recording}`).stdout,
      first.stdout,
    );
    const other = openslot('get', '00:02.0', 'bar0:0x08/4', '--on', `replay:${recording}`);
    assert.equal(other.status, 1);
    assert.match(
      other.stderr,
      /REPLAY_DIFFERS.*line 6: recorded was "read 4 at 0x0 .*next is "read 4 at 0x8/,
    );
  });

  test('has no pool and no guests, and what is no machine is told with those there are', () => {
    for (const [args, status, code] of [
      [
        ['claim', '00:02.0', '--on', `replay:${recording}`],
        1,
        'MACHINE_WITHOUT_OWNER[^]*mount DIRECTORY --on replay:/',
      ],
      [['serve', '--on', `replay:${recording}`], 1, 'MACHINE_WITHOUT_OWNER'],
      [['serve', '--on', `sim:${folder}`], 1, 'MACHINE_WITHOUT_GUESTS'],
      [['guest', 'list', '--on', `replay:${recording}`], 2, 'GUESTS_ELSEWHERE'],
      [['list', '--on', 'proto'], 2, 'MACHINE_UNKNOWN'],
      [['list', '--on', 'toString:x'], 2, 'MACHINE_UNKNOWN'],
      [['list', '--on', 'sim:/nowhere'], 1, 'MACHINE_DESCRIPTION_UNREADABLE'],
      [['list', '--on', 'proto:/nowhere'], 1, 'DEVICE_FILES_ABSENT[^]*proto mount /nowhere --on MACHINE$'],
      [
        ['get', '00:02.0', 'bar0:0', '--on', 'sim', '--record', recording],
        1,
        'RECORD_ELSEWHERE|SIM_NOT_RUNNING',
      ],
    ] as const) {
      const outcome = openslot(...args);
      assert.equal(outcome.status, status, `${args.join(' ')}: ${outcome.stderr}`);
      assert.match(outcome.stderr.trimEnd(), new RegExp(code), args.join(' '));
    }
  });
});
