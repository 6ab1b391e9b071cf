/** Colours are for a terminal alone, and for none where NO_COLOR is set. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'openslot-colors-'));
const file = join(root, 'boot.cfg');
const host = join(root, 'host');
const capture = join(root, 'capture.json');
mkdirSync(host);
writeFileSync(file, 'menu=Xen:load /netbsd-XEN3_DOM0.gz console=pc;multiboot /xen.gz\n');

/** A name, and in the capture a function that is silent: what a tree and an explanation make bold. */
before(() => {
  const env = { ...process.env, OPENSLOT_RUNTIME_DIR: root, OPENSLOT_STATE_DIR: root };
  for (const command of [`name 02:00.0 disk --on sim:${host}`, `capture ${capture} --on sim:${host}`])
    spawnSync(process.execPath, [MAIN, ...command.split(' ')], { env });
  const saved = JSON.parse(readFileSync(capture, 'utf8')) as {
    functions: { readonly address: string; config: string }[];
  };
  for (const one of saved.functions)
    if (one.address === '0000:02:00.0') one.config = 'f'.repeat(one.config.length);
  writeFileSync(capture, JSON.stringify(saved));
});

after(() => {
  rmSync(root, { recursive: true, force: true });
});

/** With what each is typed, where it reads anything. */
const COMMANDS: readonly (readonly [command: string, input?: string])[] = [
  [`list --on sim:${host}`],
  [`tree --on sim:${host}`],
  [`explain --on capture:${capture}`],
  [`doctor --on sim:${host}`],
  [`hide 05:00.0 --for netbsd --file ${file} --dry-run`],
  ['list --on nowhere'],
  [`repl 01:00.0 --on sim:${host}`, '4711\n[4711]\n"word"\nmissing\n.exit\n'],
];

// Select Graphic Rendition: colours, bold and the like; not what moves the cursor.
const COLOR = /^\[[\d;]*m/;

function hasColors(text: string): boolean {
  return text
    .split('\u001b')
    .slice(1)
    .some((sequence) => COLOR.test(sequence));
}

function shown(command: string, input: string | undefined, more: Readonly<Record<string, string>>): string {
  const { NO_COLOR: _none, FORCE_COLOR: _forced, ...rest } = process.env;
  const env = {
    ...rest,
    TERM: 'xterm',
    HOME: root,
    OPENSLOT_RUNTIME_DIR: root,
    OPENSLOT_STATE_DIR: root,
    ...more,
  };
  const line = `exec '${process.execPath}' '${MAIN}' ${command}`;
  const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
    encoding: 'utf8',
    env,
    input: input ?? '',
  });
  assert.notEqual(stdout, '', command);
  return stdout;
}

describe('on a terminal', () => {
  for (const [command, input] of COMMANDS)
    test(`${command.split(' ')[0] ?? ''} has colours, and none with NO_COLOR`, () => {
      assert.ok(hasColors(shown(command, input, {})));
      assert.ok(!hasColors(shown(command, input, { NO_COLOR: '1' })));
      assert.ok(!hasColors(shown(command, input, { TERM: 'dumb' })));
    });
});

test('what is piped has none', () => {
  const env = { ...process.env, FORCE_COLOR: '1', OPENSLOT_RUNTIME_DIR: root, OPENSLOT_STATE_DIR: root };
  for (const [command, input] of COMMANDS) {
    const { stdout, stderr } = spawnSync(process.execPath, [MAIN, ...command.split(' ')], {
      encoding: 'utf8',
      env,
      input: input ?? '',
    });
    assert.ok(!hasColors(stdout + stderr), command);
  }
});
