/** What a shell is told when it asks: commands of the process itself, and the glue of bash in a bash. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';
import { namesFrom } from '../../src/cli/register-completion.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'openslot-completion-'));
const board = join(folder, 'board.json');
writeFileSync(board, JSON.stringify({ roots: [{ slots: [{ slot: '01', model: 'edu' }] }] }));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The last of the words is the one that is typed. */
function suggested(...words: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'complete', '--', ...words], {
    encoding: 'utf8',
    env: { ...process.env, OPENSLOT_RUNTIME_DIR: folder, OPENSLOT_ON: `sim:${board}` },
  });
  assert.equal(status, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines.pop() ?? '', /^:\d+$/);
  return lines.map((line) => line.split('\t')[0] ?? '');
}

test('names go on by one dot', () => {
  const names = ['status', 'status.done', 'start', 'pcie', 'pcie.devctl', 'pcie.devctl.flr', 'pcie.devctl2'];
  assert.deepEqual(namesFrom(names, ''), ['status', 'start', 'pcie']);
  assert.deepEqual(namesFrom(names, 'sta'), ['status', 'start']);
  assert.deepEqual(namesFrom(names, 'stat'), ['status', 'status.done']);
  assert.deepEqual(namesFrom(names, 'p'), ['pcie', 'pcie.devctl', 'pcie.devctl2']);
  assert.deepEqual(namesFrom(names, 'pcie.devctl.'), ['pcie.devctl.flr']);
  assert.deepEqual(namesFrom(names, 'pcie.devctl.flr.'), []);
});

describe('suggested are', () => {
  test('functions, then the registers of the one that was named', () => {
    assert.deepEqual(suggested('show', ''), ['00:01.0']);
    assert.deepEqual(suggested('get', '00:01.0', 'stat'), [
      'status',
      'status.computing',
      'status.interrupt_when_computed',
    ]);
    assert.ok(suggested('get', '00:01.0', '').includes('header'));
    assert.deepEqual(suggested('watch', '00:01.0', 'header.command.m'), [
      'header.command.memory',
      'header.command.mwi',
    ]);
    assert.deepEqual(suggested('get', '00:02.0', 'stat'), []);
  });

  test('what can be assigned, up to its value', () => {
    assert.deepEqual(suggested('set', '00:01.0', 'header.command.me'), ['header.command.memory=']);
    assert.deepEqual(suggested('watch', '00:01.0', '--until', 'livene'), ['liveness=']);
    assert.ok(suggested('set', '00:01.0', 'head').includes('header'));
  });

  test('machines, maps, schemas and the commands of pcictl', () => {
    assert.ok(suggested('list', '--on', '').includes('capture:'));
    assert.deepEqual(suggested('list', '--on', 'l'), ['linux']);
    assert.ok(suggested('get', '00:01.0', '--map', '').includes('nvme'));
    assert.deepEqual(suggested('schema', ''), ['apply', 'capture', 'show']);
    assert.deepEqual(suggested('pcictl', 'pci0', 'd'), ['dump']);
  });
});

describe('in bash', () => {
  /** What the glue makes of the answer: bash-completion's own functions are stood in for, where they are not installed. */
  function inBash(answer: readonly string[], typed: string): string {
    const glue = spawnSync(process.execPath, [MAIN, 'completion', 'bash'], { encoding: 'utf8' }).stdout;
    const script = `
_get_comp_words_by_ref() { cur=$TYPED; }
__ltrim_colon_completions() { :; }
complete() { :; }
compopt() { echo "$@"; }
${glue}
__openslot_complete() { COMPREPLY=(${answer.map((word) => `'${word}'`).join(' ')}); }
__openslot_complete_addresses
`;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', script], {
      encoding: 'utf8',
      env: { ...process.env, TYPED: typed },
    });
    assert.equal(status, 0, stderr);
    return stdout;
  }

  test('a file may be meant where nothing is suggested, and a word goes on behind = and :', () => {
    assert.equal(inBash([], 'serv'), '-o default\n');
    assert.equal(inBash([], '--nothi'), '');
    assert.equal(inBash(['liveness='], 'live'), '-o nospace\n');
    assert.equal(inBash(['capture:'], 'cap'), '-o nospace\n');
    assert.equal(inBash(['linux'], 'li'), '');
    assert.equal(inBash(['sim', 'sim:'], 'si'), '');
  });
});
