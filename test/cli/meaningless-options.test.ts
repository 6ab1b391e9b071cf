/** Options that would do nothing end the command line, before anything is opened. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));

for (const [line, told] of [
  ['serve --on sim --hide-format linux', '--hide-format means nothing without --hide'],
  ['serve --on sim --even-if-critical 01:00.0', '--even-if-critical means nothing without --hide'],
  ['serve --on sim --wait', '--wait means nothing to the simulated machine, whose guests end with it'],
  ['proto mount /nowhere --on sim --for vfio', '--for means nothing without --claim'],
  [
    'proto mount /nowhere --on sim --even-if-critical 01:00.0',
    '--even-if-critical means nothing without --claim',
  ],
] as const)
  test(`openslot ${line}`, () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...line.split(' ')], {
      encoding: 'utf8',
      // One that is not refused serves until it is told to end.
      timeout: 60_000,
    });
    assert.equal(status, 2, stderr);
    assert.ok(stderr.startsWith(`error: ${told}\n`), stderr);
  });
