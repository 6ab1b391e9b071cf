/** `serve --hide` and `pool` on the simulated machine, from the shell. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const runtime = mkdtempSync(join(tmpdir(), 'openslot-hide-'));
const env = { ...process.env, OPENSLOT_RUNTIME_DIR: runtime, OPENSLOT_ON: 'sim', NO_COLOR: '1' };
after(() => {
  rmSync(runtime, { recursive: true, force: true });
});

function openslot(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

test('a list that is not right stops serve before anything', () => {
  for (const [format, list, code] of [
    ['linux', '(01:00.0),(02:00.0)', 'ELEMENT_EXPECTED'],
    ['netbsd', '(01:00.0)()', 'COLON_MISSING'],
  ] as const) {
    const { status, stderr } = openslot('serve', '--hide-format', format, '--hide', list, '--json');
    const { error } = JSON.parse(stderr) as { error: { code: string; evidence: { codes: string[] } } };
    assert.deepEqual([status, error.code, error.evidence.codes], [1, 'HIDE_LIST_UNSOUND', [code]]);
  }
  assert.ok(!existsSync(join(runtime, 'sim.sock')));
});

test('an option of serve that would do nothing is refused', () => {
  for (const [args, said] of [
    [['--hide-format', 'netbsd'], '--hide-format means nothing without --hide'],
    [['--even-if-critical', '01:00.0'], '--even-if-critical means nothing without --hide'],
    [['--wait'], '--wait means nothing to the simulated machine'],
    [['--take-back'], '--take-back means nothing to the simulated machine'],
    [['--stages', join(runtime, 'stages')], '--stages means nothing to the simulated machine'],
  ] as const) {
    const { status, stderr } = openslot('serve', ...args);
    assert.equal(status, 2, stderr);
    assert.ok(stderr.includes(said), stderr);
  }
});

describe('serve --hide', () => {
  const events: Record<string, unknown>[] = [];
  let owner: ChildProcess;
  before(async () => {
    const hide = '(01:00.0)(00:03.*)(00:03.1)(00:01.0)(00:1f.0)(07:*.*)';
    owner = spawn(process.execPath, [MAIN, 'serve', '--json', '--hide', hide], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    assert.ok(owner.stdout !== null);
    for await (const line of createInterface({ input: owner.stdout })) {
      events.push(JSON.parse(line) as Record<string, unknown>);
      if (events.at(-1)?.['event'] === 'ready') break;
    }
  });
  after(async () => {
    if (owner.exitCode !== null) return;
    owner.kill('SIGTERM');
    await once(owner, 'exit');
  });

  test('claims in the order of the list, and tells of the rest', () => {
    const told = events
      .filter(({ event }) => event === 'hide')
      .map(({ element, outcome, address, names }) => [element, outcome, address ?? names]);
    assert.deepEqual(told, [
      ['(01:00.0)', 'claimed', '0000:01:00.0'],
      ['(00:03.*)', 'claimed', '0000:00:03.0'],
      ['(00:03.*)', 'claimed', '0000:00:03.1'],
      ['(00:03.*)', 'claimed', '0000:00:03.3'],
      ['(00:01.0)', 'refused', '0000:00:01.0'],
      ['(00:1f.0)', 'absent', '0000:00:1f.0'],
      ['(07:*.*)', 'absent', '0000:07:*.*'],
    ]);
    const refused = events.find(({ outcome }) => outcome === 'refused');
    assert.equal((refused?.['error'] as { code: string }).code, 'FUNCTION_NOT_ASSIGNABLE');
    assert.equal(events.at(-1)?.['event'], 'ready');
  });

  test('pool lists what was claimed, one of them, and no other', () => {
    const { stdout } = openslot('pool');
    assert.deepEqual(stdout.match(/^0000:\S+/gm), [
      '0000:00:03.0',
      '0000:00:03.1',
      '0000:00:03.3',
      '0000:01:00.0',
    ]);
    const one = JSON.parse(openslot('pool', '01:00.0', '--json').stdout) as { functions: object[] };
    assert.deepEqual(one.functions, [{ address: '0000:01:00.0', state: 'free', holder: 'pciback' }]);
    assert.match(openslot('pool', '02:00.0').stderr, /^error FUNCTION_NOT_CLAIMED: /);
    assert.match(openslot('pool', '00:1e.0').stderr, /^error FUNCTION_NOT_FOUND: /);
  });

  test('pool shows the files of NetBSD: alone as they are, together behind their names', () => {
    const { stdout } = openslot('pool', '01:00.0', '--format', 'netbsd');
    assert.match(
      stdout,
      /^vendor: 0x1234\nproduct: 0x11e8\nsubsys_vendor: 0x1af4\nsubsys_product: 0x1100\nmem: 0x[0-9a-f]{8} - 0x[0-9a-f]{8}\nirq: \d+\n$/,
    );
    const [, first = '', end = ''] = /^mem: (\S+) - (\S+)$/m.exec(stdout) ?? [];
    assert.equal(Number(end) - Number(first), 0x10_0000);
    const all = openslot('pool', '--format', 'netbsd').stdout;
    assert.deepEqual(all.match(/^==> .*$/gm), [
      '==> 0000:00:03.0 <==',
      '==> 0000:00:03.1 <==',
      '==> 0000:00:03.3 <==',
      '==> 0000:01:00.0 <==',
    ]);
    assert.ok(all.endsWith(`\n\n==> 0000:01:00.0 <==\n${stdout}`));
    const { files } = JSON.parse(openslot('pool', '--format', 'netbsd', '--json').stdout) as {
      files: { name: string; text: string }[];
    };
    assert.deepEqual([files.length, files.at(-1)], [4, { name: '0000:01:00.0', text: stdout }]);
  });

  test('hide-list finds what is there, and writes wildcards for NetBSD from it', () => {
    const { stdout } = openslot('hide-list', '--from', 'linux', '--on', 'sim', '(00:03.*)(00:01.0)(00:1f.0)');
    assert.match(
      stdout,
      /^1 .*0000:00:03\.0 \(pciback\), 0000:00:03\.1 \(pciback\), 0000:00:03\.3 \(pciback\)$/m,
    );
    assert.match(stdout, /^10 .*0000:00:01\.0 \(a bridge, with all behind it\)$/m);
    assert.match(stdout, /^19 .* -$/m);
    const args = [
      'hide-list',
      '--from',
      'linux',
      '--to',
      'netbsd',
      '--on',
      'sim',
      '(00:03.*)(00:1f.0)(00:03.1)',
    ];
    assert.equal(openslot(...args).stdout, '(00:03.0)(00:03.1)(00:03.3)(00:1f.0)\n');
  });
});
