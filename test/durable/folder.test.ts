/** Folders come to be with those above them; where the kernel has no place for one, that is said, and not tried for ever. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../../src/durable/index.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const NOWHERE = '/proc/openslot/of-a-test';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'openslot-folder-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe('folders that are made', () => {
  test('with those above, of the mode that was asked for; one that is there stays as it is', () => {
    makeFolder(join(root, 'a/b/c'), 0o700);
    for (const path of ['a', 'a/b', 'a/b/c']) assert.equal(statSync(join(root, path)).mode & 0o777, 0o700);
    mkdirSync(join(root, 'open'), { mode: 0o755 });
    const { mode } = statSync(join(root, 'open'));
    symlinkSync('open', join(root, 'link'));
    makeFolder(join(root, 'link'), 0o700);
    makeFolder(join(root, 'link/under'), 0o700);
    assert.equal(statSync(join(root, 'open')).mode, mode);
    assert.ok(statSync(join(root, 'open/under')).isDirectory());
    makeFolder('/');
  });

  test('what is in the way is told by the kernel’s word', () => {
    writeFileSync(join(root, 'file'), '');
    assert.throws(
      () => {
        makeFolder(join(root, 'file'));
      },
      { code: 'EEXIST' },
    );
    assert.throws(
      () => {
        makeFolder(join(root, 'file/under/it'));
      },
      { code: 'ENOTDIR' },
    );
    symlinkSync('nothing', join(root, 'dangling'));
    assert.throws(
      () => {
        makeFolder(join(root, 'dangling'));
      },
      { code: 'EEXIST' },
    );
  });

  for (const [code, variable, command] of [
    ['RUNTIME_DIRECTORY', 'OPENSLOT_RUNTIME_DIR', ['serve', '--on', 'sim']],
    ['NAMES_NOT_WRITTEN', 'OPENSLOT_STATE_DIR', ['name', '00:02.0', 'disk', '--on', 'sim:FOLDER']],
    [
      'STATE_DIRECTORY',
      'OPENSLOT_STATE_DIR',
      ['hide', '00:05.0', '--for', 'vfio', '--file', 'FOLDER', '--on', 'sim:FOLDER'],
    ],
  ] as const)
    test(`${command[0]} refuses a folder below /proc`, () => {
      const { status, signal, stderr } = spawnSync(
        process.execPath,
        [MAIN, ...command.map((word) => word.replace('FOLDER', root))],
        {
          encoding: 'utf8',
          env: {
            ...process.env,
            OPENSLOT_STATE_DIR: join(root, 'state'),
            OPENSLOT_RUNTIME_DIR: join(root, 'run'),
            [variable]: NOWHERE,
          },
          timeout: 120_000,
        },
      );
      assert.equal(signal, null, 'it tries for ever');
      assert.equal(status, 1, stderr);
      assert.match(stderr, new RegExp(`^error ${code}: .*/proc/openslot.*: E[A-Z]+$`, 'm'));
    });
});
