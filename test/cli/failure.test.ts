/** Refusals on the terminal: what somebody else wrote does not command it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

test('a wrong command line says where its right one is told', () => {
  for (const words of [['claim'], ['claim', '01:00.0', '--fro', 'x'], ['pool', 'one', 'two']]) {
    const { stderr, status } = spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.match(stderr, new RegExp(`^error: .*\\n(?:.*\\n)?next {2}openslot ${words[0] ?? ''} --help\\n$`));
  }
});

test('a refusal shows control characters as text', () => {
  const { stderr, status } = spawnSync(process.execPath, [MAIN, 'list', '--on', 'x\u001b[2J\u0007'], {
    encoding: 'utf8',
  });
  assert.equal(status, 2);
  assert.match(stderr, /MACHINE_UNKNOWN: .*x\\x1b\[2J\\x07/);
  assert.doesNotMatch(stderr, /[^\P{Cc}\n]/u);
});
