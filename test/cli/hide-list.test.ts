/** `openslot hide-list` as a user types it, and the page about hide lists: its examples are run, its tables have every code. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { findingCodes } from '../../src/boot/index.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const PAGE = readFileSync(new URL('../../../docs/hide.md', import.meta.url), 'utf8');

function openslot(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    input,
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, stdout, stderr };
}

interface Printed {
  readonly from: string;
  readonly hides: readonly string[];
  readonly backEnd: boolean;
  readonly sound: boolean;
  readonly elements: readonly { readonly text: string; readonly there?: readonly string[] }[];
  readonly findings: readonly {
    readonly code: string;
    readonly position: number;
    readonly message: string;
  }[];
  readonly converted?: string;
}

function data(args: readonly string[], input = '') {
  const { status, stdout, stderr } = openslot(['hide-list', '--json', ...args], input);
  assert.equal(stderr, '');
  return { status, ...(JSON.parse(stdout) as Printed) };
}

describe('hide-list', () => {
  test('ends with 0 where the system does what the list says, else with 1', () => {
    const sound = data(['--from', 'netbsd', '(0a:00.0)']);
    assert.deepEqual([sound.status, sound.sound, sound.hides], [0, true, ['0000:0a:00.0']]);
    const lucky = data(['--from', 'netbsd', '(:.)']);
    assert.deepEqual([lucky.status, lucky.findings[0]?.code], [0, 'NUMBER_EMPTY']);
    const bad = data(['--from', 'linux', '(0a:00.0),']);
    assert.deepEqual([bad.status, bad.hides, bad.backEnd], [1, [], false]);
    assert.match(bad.findings[0]?.message ?? '', /^column 10, ",": .* nothing is hidden/);
    const fatal = openslot(['hide-list', '--from', 'netbsd', '()']);
    assert.deepEqual([fatal.status, /^fatal COLON_MISSING: /m.test(fatal.stdout)], [1, true]);
  });

  test('is told for whom a list is, unless the option says it', () => {
    for (const text of ['(0a:00.0)', 'pciback.hide=(0a:00.0)']) {
      const { status, stderr } = openslot(['hide-list', text]);
      assert.equal(status, 2);
      assert.match(stderr, /^error HIDE_LIST_NOTATION: [^]*\nnext {2}add --from netbsd or --from linux\n$/);
    }
    assert.equal(data(['quiet xen-pciback.hide=(0a:00.0)']).from, 'linux');
    assert.equal(openslot(['hide-list', '--from', 'freebsd', '(0a:00.0)']).status, 2);
  });

  test('reads standard input without the end of its line', () => {
    assert.deepEqual(data(['--from', 'linux'], '(0a:00.0)\n').findings, []);
    const line = data(['--from', 'linux', '--command-line'], 'quiet root=/dev/sda1\n');
    assert.deepEqual([line.status, line.findings[0]?.code, line.backEnd], [1, 'OPTION_ABSENT', true]);
    assert.equal(
      data(['--from', 'netbsd', '--command-line', 'console=pc']).findings[0]?.code,
      'OPTION_ABSENT',
    );
  });

  test('converts, and refuses what the other system cannot be told', () => {
    assert.equal(data(['--from', 'netbsd', '--to', 'linux', '(0000:a:1f.7)']).converted, '(0a:1f.7)');
    assert.equal(
      data(['--from', 'linux', '--to', 'netbsd', '(0A:1f.7)(0:0.0)']).converted,
      '(0a:1f.7)(00:00.0)',
    );
    for (const [text, why] of [
      ['(0a:00.*)', /no wildcards[^]*--on linux/],
      ['(0001:0a:00.0)', /no domain but 0/],
      [Array.from({ length: 8 }, (_, device) => `(00:${device}.0)`).join(''), /at most 63 characters/],
    ] as const) {
      const { status, stdout, stderr } = openslot(['hide-list', '--from', 'linux', '--to', 'netbsd', text]);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /^error HIDE_LIST_LIMIT: /);
      assert.match(stderr, why);
    }
    const unsound = openslot(['hide-list', '--from', 'linux', '--to', 'netbsd', '(0a:00.0)(']);
    assert.deepEqual([unsound.status, unsound.stdout], [1, '']);
    assert.match(unsound.stderr, /^error HIDE_LIST_UNSOUND: .*column 11/);
  });
});

/** Commands of the page with what they print, standard output only. */
function examples(): readonly { readonly command: string; readonly output: string }[] {
  const [, block = ''] = /^```console\n([^]*?)^```$/m.exec(PAGE) ?? [];
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const end = text.indexOf('\n');
      return { command: text.slice(0, end), output: text.slice(end + 1) };
    });
}

describe('docs/hide.md', () => {
  test('shows what is printed', () => {
    const shown = examples();
    assert.ok(shown.length >= 4);
    for (const { command, output } of shown) {
      const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word = '']) => quoted ?? word);
      const args = words.slice(1).filter((word) => word !== '2>/dev/null');
      assert.equal(openslot(args).stdout, output, command);
    }
  });

  test('has every code of a finding with its severity, and no other', () => {
    for (const [dialect, heading] of [
      ['netbsd', '### NetBSD'],
      ['linux', '### Linux'],
    ] as const) {
      const [, section = ''] = PAGE.split(`${heading}\n`);
      const [table = ''] = section.split(/^#/m);
      const documented = [...table.matchAll(/^\| (`.*?) \| (fatal|error|warning) \|/gm)].flatMap(
        ([, codes = '', severity = '']) =>
          [...codes.matchAll(/`([A-Z_]+)`/g)].map(([, code = '']) => `${code} ${severity}`),
      );
      const have = findingCodes(dialect).map(([code, severity]) => `${code} ${severity}`);
      assert.deepEqual(documented.sort(), have.sort(), dialect);
    }
  });
});
