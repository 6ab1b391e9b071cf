/** The lock on a folder: one has it at a time, others wait for their turn, and a dead process has none. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lockFolder, turnInFolder } from '../../src/durable/index.js';

const root = mkdtempSync(join(tmpdir(), 'openslot-lock-'));
after(() => {
  rmSync(root, { recursive: true });
});

function folder(name: string): string {
  const path = join(root, name);
  mkdirSync(path);
  return path;
}

/** Longer than any machine takes: what is waited for comes. */
const LONG = 120_000;

test('one has it, for each folder and purpose, however its path is written; nothing is left in it', async () => {
  const at = folder('one');
  symlinkSync(at, join(root, 'same'));
  {
    await using lock = await lockFolder('test', at);
    assert.ok(lock !== undefined);
    assert.equal(await lockFolder('test', join(root, 'same')), undefined);
    assert.equal(await turnInFolder('test', at, 1), undefined, 'it was not given back in time');
    await using other = await lockFolder('other', at);
    assert.ok(other !== undefined);
    await using beside = await lockFolder('test', root);
    assert.ok(beside !== undefined);
  }
  await using again = await lockFolder('test', at);
  assert.ok(again !== undefined);
  assert.deepEqual(readdirSync(at), []);
  await assert.rejects(lockFolder('test', join(root, 'absent')), { code: 'ENOENT' });
});

test('those who wait have their turns one by one, and none is left out', async () => {
  const at = folder('turns');
  let inside = 0;
  const done: number[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async (_, number) => {
      await using turn = await turnInFolder('test', at, LONG);
      assert.ok(turn !== undefined);
      inside++;
      assert.equal(inside, 1);
      await new Promise(setImmediate);
      inside--;
      done.push(number);
    }),
  );
  assert.deepEqual(
    done.sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
});

test('a process that is killed gives its turn to who waits for it', async () => {
  const at = folder('killed');
  const module = new URL('../../src/durable/index.js', import.meta.url).href;
  const script = `import(${JSON.stringify(module)}).then(async ({ lockFolder }) => {
    await lockFolder('test', ${JSON.stringify(at)});
    process.stdout.write('locked');
  })`;
  const peer = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(peer, 'exit');
  await once(peer.stdout, 'data');
  assert.equal(await lockFolder('test', at), undefined);
  const waiting = turnInFolder('test', at, LONG);
  peer.kill('SIGKILL');
  await ended;
  await using turn = await waiting;
  assert.ok(turn !== undefined);
});
