/** For tests of register commands as processes: the simulated machine with an owner that runs, and edu claimed. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, before } from 'node:test';

export const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));

/** To be called once, where the file's tests are registered. */
export function registerOwner() {
  const runtime = mkdtempSync(join(tmpdir(), 'openslot-registers-'));
  const env = { ...process.env, OPENSLOT_RUNTIME_DIR: runtime, OPENSLOT_ON: 'sim', NO_COLOR: '1' };
  let owner: ChildProcess;

  const openslotWith = (input: string, ...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      encoding: 'utf8',
      env,
      input,
    });
    return { status, stdout, stderr };
  };
  const openslot = (...args: readonly string[]) => openslotWith('', ...args);
  const printed = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = openslot(...args);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const refused = (expected: RegExp, ...args: readonly string[]): void => {
    const { status, stdout, stderr } = openslot(...args);
    assert.notEqual(status, 0);
    assert.equal(stdout, '');
    assert.match(stderr, expected);
  };

  before(async () => {
    owner = spawn(process.execPath, [MAIN, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    assert.ok(owner.stdout !== null);
    for await (const line of createInterface({ input: owner.stdout })) if (line.startsWith('ready')) break;
    owner.stdout.resume();
    assert.equal(openslot('claim', '01:00.0').status, 0);
  });
  after(async () => {
    owner.kill('SIGTERM');
    await once(owner, 'exit');
    rmSync(runtime, { recursive: true, force: true });
  });
  return { runtime, env, openslot, openslotWith, printed, refused };
}
