/** However a program ends, its function masters no bus and raises no interrupt afterwards: seen from the device. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const PROGRAM = fileURLToPath(new URL('holding-program.js', import.meta.url));

/** Latest opened first; bus mastering before interrupts. */
const RELEASED = ['other command 3', 'edu command 3', 'edu msi 0'];

async function run(ending: string, signal?: NodeJS.Signals) {
  const child = spawn(process.execPath, [PROGRAM, ending], { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines: string[] = [];
  let isReady = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (isReady) lines.push(line);
    if (line !== 'ready') return;
    isReady = true;
    if (signal !== undefined) child.kill(signal);
  });
  const [code, ended] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  assert.ok(isReady);
  return { lines, code, ended };
}

for (const [ending, code] of [
  ['return', 0],
  ['exit', 3],
  ['throw', 1],
  ['reject', 1],
] as const) {
  test(`${ending}`, async () => {
    assert.deepEqual(await run(ending), { lines: RELEASED, code, ended: null });
  });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal}, which ends the process as it always does`, async () => {
    assert.deepEqual(await run('wait', signal), { lines: RELEASED, code: null, ended: signal });
  });
}

test('a signal that the program handles itself is no end', async () => {
  const { lines, code } = await run('own handler', 'SIGTERM');
  assert.deepEqual({ lines, code }, { lines: ['handled', ...RELEASED], code: 3 });
});
