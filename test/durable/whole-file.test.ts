/** Files that are whole or not there: what killed writers leave goes, and what live ones write is their own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { clearUnplaced, placeFile, replaceFile } from '../../src/durable/index.js';

const root = mkdtempSync(join(tmpdir(), 'openslot-durable-'));
after(() => {
  rmSync(root, { recursive: true });
});

function folder(name: string): string {
  const path = join(root, name);
  mkdirSync(path);
  return path;
}

async function withPeer(use: (id: number) => void): Promise<number> {
  const peer = spawn('sleep', ['60']);
  assert.ok(peer.pid !== undefined);
  use(peer.pid);
  peer.kill('SIGKILL');
  await once(peer, 'exit');
  return peer.pid;
}

test('a write leaves what a live process is writing, and removes what a dead one has left', async () => {
  const at = folder('writers');
  const path = join(at, 'record.json');
  const peer = await withPeer((id) => {
    writeFileSync(join(at, `openslot-next-${id}`), 'half');
    replaceFile(path, 'whole');
    assert.deepEqual(readdirSync(at), [`openslot-next-${id}`, 'record.json']);
    clearUnplaced(at);
    assert.equal(readFileSync(join(at, `openslot-next-${id}`), 'utf8'), 'half');
  });
  replaceFile(path, 'newer');
  assert.deepEqual(readdirSync(at), ['record.json'], `of process ${peer}`);
  assert.equal(readFileSync(path, 'utf8'), 'newer');
});

test('only names of writers go, and a folder that is none is left', async () => {
  const at = folder('others');
  const dead = await withPeer(() => undefined);
  const others = [
    'openslot-next-',
    'openslot-next-0',
    `openslot-next-0${dead}`,
    `openslot-next-${dead}.json`,
  ];
  for (const name of [...others, `openslot-next-${dead}`]) writeFileSync(join(at, name), '');
  clearUnplaced(at);
  assert.deepEqual(readdirSync(at), others.toSorted());
  clearUnplaced(join(at, 'absent'));
  clearUnplaced(join(at, 'openslot-next-'));
});

test('where the name is not given nothing is left, and the cause is told', () => {
  const at = folder('refused');
  const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
  assert.throws(
    () =>
      placeFile(at, 'whole', () => {
        throw full;
      }),
    full,
  );
  mkdirSync(join(at, 'in the way'));
  assert.throws(
    () => {
      replaceFile(join(at, 'in the way'), 'whole');
    },
    { code: 'EISDIR' },
  );
  assert.deepEqual(readdirSync(at), ['in the way']);
});
