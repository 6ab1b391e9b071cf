/** What the README shows is what its lines print, typed in their order: at the demo that keeps running, and on a host on disk. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { MAIN, Shell } from './serving.js';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

function blocks(page: string, language: string): readonly string[] {
  const text = readFileSync(join(REPOSITORY, page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, block = '']) => block,
  );
}

const transcripts = blocks('README.md', 'console');

/** The transcript with this line in it. */
function transcriptWith(line: string): string {
  const found = transcripts.filter((block) => block.split('\n').includes(line));
  assert.equal(found.length, 1, line);
  return found[0] ?? '';
}

const isMissing = (program: string) => spawnSync(program, ['-h']).error !== undefined;

/** Types each line behind a `$`, and compares what it prints; `...` stands for any lines. @returns how many were typed. */
function follow(
  shell: Shell,
  transcript: string,
  folder: string,
  replaced: Readonly<Record<string, string>>,
) {
  let typed = 0;
  for (const [, line = '', shown = ''] of transcript.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)) {
    if (line.startsWith('export ') || (line.includes('xenstore-ls') && isMissing('xenstore-ls'))) continue;
    const here = (text: string) =>
      Object.entries(replaced).reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
    const { stdout } = spawnSync(
      'bash',
      ['-c', `openslot() { "${process.execPath}" "${MAIN}" "$@"; }; ${here(line).replace(/^npx /, '')} 2>&1`],
      { cwd: folder, encoding: 'utf8', env: shell.env },
    );
    const [beginning = '', end] = here(shown).split('...\n');
    if (end === undefined) assert.equal(stdout, beginning, line);
    else assert.ok(stdout.startsWith(beginning) && stdout.endsWith(end), `${line}\n${stdout}`);
    typed++;
  }
  return typed;
}

describe('the README', () => {
  test('shows the demo', () => {
    using shell = new Shell();
    const checks = (text: string) => text.split('\n').filter((line) => line.startsWith('ok  '));
    const shown = checks(transcriptWith('$ npm ci && npm run demo'));
    assert.ok(shown.length > 10);
    assert.deepEqual(shown, checks(shell.done('demo')));
  });

  test('shows what a second terminal sees of the demo that keeps running', async () => {
    using shell = new Shell();
    const demo = spawn(process.execPath, [MAIN, 'demo', '--keep'], {
      env: shell.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      for await (const line of createInterface({ input: demo.stdout }))
        if (line.startsWith('Ctrl-C ends it')) break;
      // What it says from now on is nobody's.
      demo.stdout.resume();
      for (const line of [
        '$ npx openslot list',
        '$ openslot get 01:00.0 status --bits --on sim',
        '$ openslot tree',
      ])
        assert.ok(follow(shell, transcriptWith(line), shell.folder, { '/run/openslot': shell.folder }) >= 2);
    } finally {
      demo.kill('SIGINT');
      if (demo.exitCode === null && demo.signalCode === null) await once(demo, 'exit');
    }
  });

  test('shows what is looked at before a device of the host goes away', () => {
    using shell = new Shell();
    const made = blocks('docs/simulator.md', 'sh').filter((block) => block.includes('/tmp/try/my-host'));
    assert.equal(made.length, 1);
    const folder = join(shell.folder, 'try');
    const replaced = { '/tmp/try': folder };
    const { status, stderr } = spawnSync('bash', ['-ec', made[0]?.replaceAll('/tmp/try', folder) ?? ''], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    shell.env.OPENSLOT_ON = 'sim:my-host';
    assert.equal(follow(shell, transcriptWith('$ export OPENSLOT_ON=sim:my-host'), folder, replaced), 5);
  });
});
