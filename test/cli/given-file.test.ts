/** Files that commands are given: pipes, devices without an end, and names that would command a terminal. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readGivenFile } from '../../src/durable/given-file.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'openslot-given-'));
const state = join(root, 'state');
const env = {
  ...process.env,
  NO_COLOR: '1',
  OPENSLOT_STATE_DIR: state,
  OPENSLOT_RUNTIME_DIR: join(root, 'run'),
};

after(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('files that commands are given', () => {
  test('what has no end, and a pipe that nobody writes into, are refused', () => {
    assert.throws(() => readGivenFile('/dev/zero', 'latin1'), { code: 'EFBIG' });
    const pipe = join(root, 'pipe');
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
    assert.throws(() => readGivenFile(pipe, 'utf8'), { code: 'ENODATA' });
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'lint', '--as', 'xl.cfg', pipe], {
      encoding: 'utf8',
      env,
    });
    assert.equal(status, 1);
    assert.match(stderr, /^error BOOT_FILE_UNREADABLE: .*pipe cannot be read: ENODATA/);
  });

  test('of machines, too: nobody waits for who never writes, and what is piped in is read', () => {
    const pipe = join(root, 'machine-pipe');
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
    const options = { encoding: 'utf8', env, timeout: 120_000 } as const;
    for (const [kind, code] of [
      ['sim', 'MACHINE_DESCRIPTION_UNREADABLE'],
      ['capture', 'CAPTURE_FILE'],
      ['replay', 'RECORDING_FILE'],
    ] as const) {
      const { status, stderr } = spawnSync(
        process.execPath,
        [MAIN, 'list', '--on', `${kind}:${pipe}`],
        options,
      );
      assert.equal(status, 1, stderr);
      assert.match(stderr, new RegExp(`^error ${code}: .*machine-pipe.*ENODATA`));
    }
    const listed = (kind: string, text: string) =>
      spawnSync(
        'sh',
        ['-c', 'printf "$2" | "$0" "$1" list --on "$3"', process.execPath, MAIN, text, `${kind}:/dev/stdin`],
        options,
      ).stdout;
    assert.match(
      listed('sim', 'roots: [{slots: [{slot: "02", model: edu}]}]'),
      /^0000:00:02\.0 .*1234:11e8/m,
    );
    const dump =
      '00:05.0 Class 0200: Device 8086:10d3\n00: 86 80 d3 10 00 00 00 00 00 00 00 02 00 00 00 00\n';
    assert.match(listed('capture', dump), /^0000:00:05\.0 .*8086:10d3/m);
  });

  test('a pipe is read to its end, a slow one too, and a file of some size whole', () => {
    const slow = '{ sleep 0.3; echo "memory = 512"; } | "$0" "$1" lint --as xl.cfg /dev/stdin';
    const { status, stdout } = spawnSync('sh', ['-c', slow, process.execPath, MAIN], {
      encoding: 'utf8',
      env,
    });
    assert.equal(stdout, '/dev/stdin: xl does what it says\n');
    assert.equal(status, 0);
    const file = join(root, 'file');
    const text = 'ä\n'.repeat(100_000);
    writeFileSync(file, text);
    assert.equal(readGivenFile(file, 'utf8'), text);
    assert.throws(() => readGivenFile(file, 'utf8', 299_999), { code: 'EFBIG' });
    assert.equal(readGivenFile(file, 'latin1', 300_000).length, 300_000);
  });

  test('names in what is left unfinished command no terminal', () => {
    mkdirSync(join(state, 'changes'), { recursive: true });
    mkdirSync(join(root, 'host'));
    const file = join(root, 'a\x1b[2Jb');
    const step = { kind: 'replace_file', subject: file, before: null, after: 'x', mode: 0o644 };
    const plan = { what: `hide in ${file}`, when: 'now\x07', process: 1 };
    const steps = [{ ...step, owner: 0, group: 0, backup: null }];
    writeFileSync(
      join(state, 'changes/00000001.change'),
      `${JSON.stringify({ ...plan, steps })}\n{"begin":0}\n`,
    );
    for (const more of [['--dry-run'], []]) {
      const { status, stdout } = spawnSync(
        process.execPath,
        [MAIN, 'recover', '--on', `sim:${join(root, 'host')}`, ...more],
        { encoding: 'utf8', env },
      );
      assert.equal(status, 0);
      assert.match(stdout, /a\\x1b\[2Jb/);
      assert.doesNotMatch(stdout, /(?!\n)\p{Cc}/u);
    }
  });
});
