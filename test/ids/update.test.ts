/** A newer pci.ids is taken as a whole or not at all, and there is a way back. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  dataDirectory,
  formerIndex,
  hostNames,
  indexFiles,
  ownIndex,
  revertIds,
  updateIds,
} from '../../src/ids/index.js';
import { OpenslotError } from '../../src/pci/index.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));

function idsText(day: string, vendor: string): string {
  return `#\n#\tVersion: ${day.replaceAll('-', '.')}\n#\tDate:    ${day} 01:02:03\n\n1af4  ${vendor}\nC 02  Network controller\n`;
}

let folder = '';
let environment: NodeJS.ProcessEnv = {};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openslot-ids-'));
  environment = { OPENSLOT_DATA_DIR: join(folder, 'data') };
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function written(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function vendorNow(): string | undefined {
  return hostNames(environment).names.vendor(0x1af4);
}

describe('update', () => {
  test('the package has names, and a newer file takes their place until it is reverted', () => {
    assert.equal(vendorNow(), 'Red Hat, Inc.');
    const first = updateIds(written('first', idsText('2040-01-01', 'First')), { environment });
    assert.equal(first.path, ownIndex(environment));
    assert.equal(first.now.version, '2040.01.01');
    assert.match(first.before?.date ?? '', /^20\d\d-/);
    assert.equal(vendorNow(), 'First');
    const packed = written('second.gz', gzipSync(idsText('2041-01-01', 'Second')));
    updateIds(packed, { environment });
    assert.equal(vendorNow(), 'Second');
    revertIds(environment);
    assert.equal(vendorNow(), 'First');
    revertIds(environment);
    assert.equal(vendorNow(), 'Red Hat, Inc.');
    assert.throws(
      () => {
        revertIds(environment);
      },
      { code: 'IDS_NOT_UPDATED' },
    );
  });

  const whole = idsText('2040-01-01', 'Never');
  const broken: readonly [what: string, text: string | Uint8Array, code: string][] = [
    ['has a wrong line', `${whole}zz\n`, 'IDS_MALFORMED'],
    ['was cut off', whole.slice(0, whole.indexOf('C 02')), 'IDS_INCOMPLETE'],
    ['is empty', '', 'IDS_INCOMPLETE'],
    ['is no text', Uint8Array.of(0x31, 0xff, 0xfe), 'IDS_UNREADABLE'],
    ['is half a packed file', gzipSync(whole).subarray(0, 60), 'IDS_UNREADABLE'],
    ['is older', idsText('1999-01-01', 'Never'), 'IDS_OLDER'],
  ];
  for (const [what, text, code] of broken)
    test(`a file that ${what} changes nothing`, () => {
      updateIds(written('good', idsText('2039-01-01', 'Kept')), { environment });
      const before = readFileSync(ownIndex(environment));
      assert.throws(() => updateIds(written('bad', text), { environment }), { code });
      assert.deepEqual(readFileSync(ownIndex(environment)), before);
      assert.equal(vendorNow(), 'Kept');
    });

  test('a file that is not there is told with its path', () => {
    assert.throws(
      () => updateIds(join(folder, 'absent'), { environment }),
      (error) =>
        error instanceof OpenslotError && error.code === 'IDS_UNREADABLE' && error.message.includes('absent'),
    );
  });

  test('an older file is taken where that is said', () => {
    updateIds(written('old', idsText('1999-01-01', 'Old')), { environment, evenIfOlder: true });
    assert.equal(vendorNow(), 'Old');
  });

  test('what has no end is refused', () => {
    assert.throws(() => updateIds('/dev/zero', { environment }), {
      code: 'IDS_UNREADABLE',
      message: /more than 67108864 bytes/,
    });
  });

  test('the former index is not written through a link, and nothing is left beside', () => {
    updateIds(written('one', idsText('2040-01-01', 'One')), { environment });
    const precious = written('precious', 'former');
    symlinkSync(precious, formerIndex(environment));
    updateIds(written('two', idsText('2041-01-01', 'Two')), { environment });
    assert.equal(readFileSync(precious, 'utf8'), 'former');
    assert.deepEqual(readdirSync(join(folder, 'data')).sort(), ['pci.ids.index', 'pci.ids.index.former']);
    revertIds(environment);
    assert.equal(vendorNow(), 'One');
  });

  test("somebody else's update that is not done is no part of this one", () => {
    updateIds(written('one', idsText('2040-01-01', 'One')), { environment });
    const half = join(folder, 'data', 'pci.ids.index.next');
    writeFileSync(half, 'half');
    updateIds(written('two', idsText('2041-01-01', 'Two')), { environment });
    assert.equal(vendorNow(), 'Two');
    assert.equal(readFileSync(half, 'utf8'), 'half');
  });

  test('a folder that cannot be made is told', () => {
    writeFileSync(join(folder, 'data'), '');
    const path = written('good', idsText('2040-01-01', 'Never'));
    assert.throws(() => updateIds(path, { environment }), { code: 'IDS_NOT_WRITTEN' });
  });
});

describe('names in use', () => {
  test('a damaged index is passed over and told, and looking goes on', () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(ownIndex(environment), 'damaged');
    const { names, index, unread } = hostNames(environment);
    assert.equal(names.vendor(0x8086), 'Intel Corporation');
    assert.equal(index?.file.owner, 'package');
    assert.deepEqual(
      unread.map(({ path }) => path),
      [ownIndex(environment)],
    );
    assert.match(unread[0]?.why ?? '', /no index of a pci.ids/);
  });

  test('the user comes first, then root, then the package', () => {
    const files = indexFiles({ XDG_DATA_HOME: '/home/one/data' });
    assert.equal(files.at(-1)?.owner, 'package');
    assert.ok(existsSync(files.at(-1)?.path ?? ''));
    if (process.getuid?.() === 0) {
      assert.equal(dataDirectory({}), '/var/lib/openslot');
      assert.deepEqual(
        files.map(({ owner }) => owner),
        ['system', 'package'],
      );
    } else {
      assert.equal(files[0]?.path, '/home/one/data/openslot/pci.ids.index');
      assert.deepEqual(
        files.map(({ owner }) => owner),
        ['user', 'system', 'package'],
      );
    }
  });
});

describe('openslot ids', () => {
  const openslot = (...words: readonly string[]) =>
    spawnSync(process.execPath, [MAIN, 'ids', ...words], {
      encoding: 'utf8',
      env: { ...process.env, ...environment, NO_COLOR: '1' },
    });

  test('tells the file, its day, its licence and how much is in it', () => {
    const { stdout, status } = openslot();
    assert.equal(status, 0);
    assert.match(stdout, /^version {3}20\d\d\.\d\d\.\d\d \(20/m);
    assert.match(stdout, /^names {5}2,\d{3} vendors, 1\d,\d{3} devices, /m);
    assert.match(stdout, /^index {5}.*pci\.ids\.index, of the package$/m);
    assert.match(stdout, /^licence {3}.*3-clause BSD License/m);
    assert.match(stdout, /copyright is held by/);
  });

  test('update and revert', () => {
    const path = written('new', idsText('2040-01-01', 'New'));
    const updated = openslot('update', path);
    assert.equal(updated.status, 0, updated.stderr);
    assert.match(updated.stdout, /-> 2040\.01\.01 \(2040-01-01 01:02:03\)\n1 vendors, 0 devices/);
    const data = JSON.parse(openslot('--json').stdout) as { index: { version: string; path: string } };
    assert.equal(data.index.version, '2040.01.01');
    assert.equal(data.index.path, ownIndex(environment));
    const again = JSON.parse(openslot('update', path, '--json').stdout) as { now: { version: string } };
    assert.equal(again.now.version, '2040.01.01');
    const refused = openslot('update', written('bad', 'zz'), '--json');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /"IDS_MALFORMED"/);
    assert.match(openslot('revert').stdout, /^2040/);
    assert.match(openslot('revert').stdout, /of the package$/m);
  });
});
