/** `openslot capture` from the shell, and commands that look at what it saved. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';
import { lspciVersion } from '../pci/lspci-run.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'openslot-captures-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const board = join(folder, 'board.yaml');
writeFileSync(
  board,
  `roots:
  - numaNode: 1
    slots:
      - {slot: "02", model: edu, driver: edu, label: Teacher}
      - {slot: "03", model: nvme, physicalSlot: "4"}
`,
);

function openslot(...args: readonly string[]) {
  const { OPENSLOT_ON: _on, OPENSLOT_RECORD: _record, ...rest } = process.env;
  const env = { ...rest, OPENSLOT_RUNTIME_DIR: folder, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

const file = join(folder, 'saved.json');

describe('openslot capture', () => {
  test('saves a machine, and each command that reads shows it as it was', () => {
    const saved = openslot('capture', file, '--on', `sim:${board}`);
    assert.deepEqual([saved.status, saved.stdout, saved.stderr], [0, '', '2 functions of sim\n']);
    for (const args of [
      ['list'],
      ['show', '00:02.0'],
      ['show', '00:03.0'],
      ['get', '00:03.0', 'config:0x00/4', 'config:0x08/1'],
    ]) {
      const then = openslot(...args, '--on', `capture:${file}`);
      assert.equal(then.status, 0, then.stderr);
      assert.equal(then.stdout, openslot(...args, '--on', `sim:${board}`).stdout, args.join(' '));
    }
    const data = JSON.parse(readFileSync(file, 'utf8')) as { functions: readonly Record<string, unknown>[] };
    assert.deepEqual(
      data.functions.map(({ numaNode, label, physicalSlot, driver }) => ({
        numaNode,
        label,
        physicalSlot,
        driver,
      })),
      [
        { numaNode: 1, label: 'Teacher', physicalSlot: undefined, driver: 'edu' },
        { numaNode: 1, label: undefined, physicalSlot: '4', driver: undefined },
      ],
    );
  });

  test('of named functions has those, and says which is not there', () => {
    const one = openslot('capture', '-', '00:03.0', '--on', `sim:${board}`);
    assert.equal((JSON.parse(one.stdout) as { functions: unknown[] }).functions.length, 1);
    const none = openslot('capture', join(folder, 'none'), '00:09.0', '--on', `sim:${board}`);
    assert.match(none.stderr, /FUNCTION_NOT_FOUND/);
  });

  test('is not changed, and has no owner', () => {
    const on = ['--on', `capture:${file}`];
    const set = openslot('set', '00:02.0', 'config:0x04/2=0', ...on);
    assert.equal(set.status, 1);
    assert.match(
      set.stderr,
      /CONFIG_REFUSED: .*saved\.json was saved, as it was at \d{4}-.*nothing of it changed/,
    );
    assert.match(openslot('get', '00:02.0', 'bar0:0/4', ...on).stderr, /REGION_REFUSED/);
    assert.match(openslot('claim', '00:02.0', ...on).stderr, /MACHINE_WITHOUT_OWNER/);
  });

  test('shows the pool as it was when it was saved', () => {
    const data = JSON.parse(readFileSync(file, 'utf8')) as { functions: Record<string, unknown>[] };
    const [first] = data.functions;
    assert.ok(first !== undefined);
    first['pool'] = { state: 'taken', guest: 'guest 7' };
    const taken = join(folder, 'taken.json');
    writeFileSync(taken, JSON.stringify(data));
    assert.match(openslot('list', '--on', `capture:${taken}`).stdout, /^0000:00:02\.0 .* guest 7 /m);
  });

  test('as a dump of lspci is read by lspci and by us', { skip: lspciVersion() === undefined }, () => {
    const dump = join(folder, 'dump');
    assert.equal(openslot('capture', dump, '--format', 'lspci', '--on', `capture:${file}`).status, 0);
    const lines = execFileSync('lspci', ['-F', dump, '-n'], { encoding: 'utf8' }).trim().split('\n');
    assert.deepEqual(
      lines.map((line) => line.slice(0, 23)),
      ['00:02.0 00ff: 1234:11e8', '00:03.0 0108: 1b36:0010'],
    );
    const listed = openslot('list', '--on', `capture:${dump}`);
    assert.match(listed.stdout, /^0000:00:03\.0 .*1b36:0010/m);
    assert.match(listed.stderr, /not shown of 2 functions: .*a dump has configuration space alone/);
  });

  test('says what it took out', () => {
    const plain = openslot('capture', '-', '--redact', '--on', `capture:${file}`);
    assert.match(plain.stderr, /^no serial number was found$/m);
    const dump = join(folder, 'serial');
    const rows = ['00: 86 80 72 15', '100: 03 00 01 00 de ad be ef 00 00 00 01'];
    writeFileSync(dump, `00:00.0 x\n${rows.join('\n')}\n\n00:00.1 x\n${rows.join('\n')}\n`);
    const { stdout, stderr } = openslot('capture', '-', '--redact', '--on', `capture:${dump}`);
    assert.match(stderr, /^taken out of 0000:00:00\.1: device serial number$/m);
    const { redacted, functions } = JSON.parse(stdout) as {
      redacted: readonly string[];
      functions: readonly { config: string }[];
    };
    assert.equal(redacted.length, 2);
    assert.deepEqual(
      functions.map(({ config }) => config.slice(-24)),
      Array<string>(2).fill('030001000100000000000000'),
    );
  });

  test('that cannot be written, or read, is told with the file', () => {
    const nowhere = openslot('capture', join(folder, 'absent', 'file'), '--on', `sim:${board}`);
    assert.match(nowhere.stderr, /CAPTURE_FILE: .*absent\/file cannot be written: ENOENT/);
    const other = join(folder, 'words');
    writeFileSync(other, 'words\n');
    assert.match(openslot('list', '--on', `capture:${other}`).stderr, /CAPTURE_MALFORMED: .*words: /);
    assert.equal(openslot('list', '--on', 'capture').status, 2);
    assert.match(
      openslot('capture', '00:02.0').stderr,
      /CAPTURE_FILE_NEEDED: .*\nnext {2}openslot capture FILE 00:02\.0/,
    );
  });
});
