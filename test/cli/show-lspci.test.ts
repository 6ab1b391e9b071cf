/** `openslot show --format lspci` as a user types it: what is selected, and what is refused. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'openslot-show-'));
after(() => {
  rmSync(folder, { recursive: true });
});

/** A bridge at 00:01.0 and two functions behind it. */
function dump(): string {
  const file = join(folder, 'dump');
  const zeros = ' 00'.repeat(16).trim();
  const header = (address: string, first: string, second: string) =>
    `${address} function\n00: ${first}\n10: ${second}\n20: ${zeros}\n30: ${zeros}\n\n`;
  const device = '86 80 d3 10 00 00 00 00 00 00 00 02 00 00 80 00';
  const text =
    header(
      '00:01.0',
      '86 80 37 12 00 00 00 00 00 00 04 06 00 00 01 00',
      `${zeros.slice(0, 24)}00 01 01${zeros.slice(32)}`,
    ) +
    header('01:00.0', device, zeros) +
    header('01:00.1', device, zeros);
  writeFileSync(file, text);
  return file;
}

function show(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [MAIN, 'show', '--on', `capture:${dump()}`, ...args],
    { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  );
  return { status, stdout, stderr };
}

describe('show --format lspci', () => {
  test('shows all functions, those that are named, or those of a filter', () => {
    assert.equal(
      show('--format', 'lspci', '-n').stdout,
      '00:01.0 0604: 8086:1237\n01:00.0 0200: 8086:10d3\n01:00.1 0200: 8086:10d3\n',
    );
    assert.equal(show('01:00.1', '--format', 'lspci', '-n').stdout, '01:00.1 0200: 8086:10d3\n');
    assert.equal(show('--format', 'lspci', '-n', '-d', '::06xx').stdout, '00:01.0 0604: 8086:1237\n');
    assert.equal(
      show('--format', 'lspci', '-tvn', '01:00.1').stdout,
      '-[0000:00]---01.0-[01]----00.1  8086:10d3\n',
    );
  });

  test('its switches may stand together, and belong to it alone', () => {
    assert.match(
      show('--format', 'lspci', '-vvnn', '-s', '.1').stdout,
      /^01:00\.1 .*\[8086:10d3\]\n\tControl: /,
    );
    const refused: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['00:01.0', '-v'], 2, /-v is a switch of --format lspci/],
      [[], 2, /missing required argument 'address'/],
      [['00:01.0', '01:00.0'], 2, /several functions/],
      [['--format', 'lspci', '--json'], 2, /--json is no part/],
      [['--format', 'lspci', '-s', 'zz'], 2, /FILTER_MALFORMED/],
      [['--format', 'lspci', '02:00.0'], 1, /FUNCTION_NOT_FOUND/],
    ];
    for (const [args, status, words] of refused) {
      const answer = show(...args);
      assert.match(answer.stderr, words, args.join(' '));
      assert.equal(answer.status, status, args.join(' '));
    }
  });
});
