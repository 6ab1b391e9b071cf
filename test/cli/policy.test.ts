/** From a guest's refused write to the policy under which it passes, as an administrator types it, on the simulated machine. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../until.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const GUEST = fileURLToPath(new URL('../guests/configures.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'openslot-policy-'));
const env = {
  ...process.env,
  OPENSLOT_RUNTIME_DIR: join(folder, 'run'),
  OPENSLOT_STATE_DIR: join(folder, 'state'),
  OPENSLOT_ON: 'sim',
  NO_COLOR: '1',
};
const NVME = '02:00.0';
const KEPT = join(folder, 'state', 'policies', '1b36-0010.1af4-1100.yaml');
const TRACE = join(folder, 'web.trace');
const POLICY = join(folder, 'nvme.yaml');
/** The device control register, with a maximum read request of 4096 bytes where the device begins with 512. */
const LARGE_READS = '0x5c/2=0x5810';

function openslot(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

function succeeds(...args: readonly string[]): string {
  const { status, stdout, stderr } = openslot(...args);
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

let owner: ChildProcess;
let log = '';
before(async () => {
  owner = spawn(process.execPath, [MAIN, 'serve', '--on', 'sim', '--allow', 'no-reset,shared-interrupt'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  owner.stdout?.setEncoding('utf8').on('data', (text: string) => (log += text));
  await until(
    () => /^ready/m.test(log),
    () => `the owner is not ready: ${log}`,
  );
});
after(() => {
  owner.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A guest, paused, that has the disk and will make the writes. */
function start(...more: readonly string[]): void {
  succeeds('guest', 'run', GUEST, '--name', 'web', '--paused', '--', '0x0c/1=0x10', LARGE_READS);
  succeeds('attach', 'web', `${NVME},seize=1`, ...more);
}

function end(): void {
  succeeds('guest', 'destroy', 'web');
}

async function traceOf(...args: readonly string[]): Promise<{ readonly stop: () => Promise<string> }> {
  const child = spawn(process.execPath, [MAIN, 'trace', 'web', ...args], { env });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  await until(
    () => err.startsWith('tracing guest web'),
    () => `the trace does not begin: ${err}`,
  );
  return {
    stop: async () => {
      child.kill('SIGINT');
      await until(
        () => child.exitCode !== null,
        () => `the trace does not end: ${err}`,
      );
      assert.equal(child.exitCode, 0, err);
      return out;
    },
  };
}

const refused = () => (log.match(/refused a write of 0x5810 to 0x5c/g) ?? []).length;

describe('a policy', () => {
  test('is learned from what a guest was refused', async () => {
    start();
    const trace = await traceOf('--save', TRACE);
    succeeds('guest', 'unpause', 'web');
    await until(
      () => refused() === 1,
      () => log,
    );
    const said = await trace.stop();
    assert.match(
      said,
      /policy default: \d+ reads, \d+ writes\n {2}REFUSED .*\n {2}pcie\.devctl\.max_read +1 .*512 bytes -> 4096 bytes\n/,
    );
    assert.match(said, /PASSED[\s\S]*header\.cache_line/);
    end();
    succeeds('policy', 'learn', TRACE, '-o', POLICY);
    const text = readFileSync(POLICY, 'utf8');
    assert.deepEqual(text.match(/^ {2}- .*$/gm), ['  - header.cache_line', '  - pcie.devctl.max_read']);
    assert.match(
      openslot('policy', 'learn', TRACE, '-o', POLICY).stderr,
      /POLICY_FILE.*EEXIST/,
      'it may have been reviewed',
    );
    assert.match(openslot('trace', 'web', '--save', TRACE).stderr, /TRACE_NOT_SAVED.*EEXIST/);
  });

  test('is kept for the device, and in force from the next attachment on', async () => {
    succeeds('policy', 'check', POLICY, NVME);
    succeeds('policy', 'set', NVME, POLICY);
    assert.equal(readFileSync(KEPT, 'utf8'), readFileSync(POLICY, 'utf8'), 'with its comments');
    assert.match(succeeds('policy', 'show'), /1b36-0010\.1af4-1100\.yaml/);
    start();
    const trace = await traceOf('--follow', '--json');
    succeeds('guest', 'unpause', 'web');
    let shown = '';
    await until(
      () => {
        shown = succeeds('get', NVME, 'pcie.devctl.max_read');
        return shown.includes('4096');
      },
      () => `the write does not pass: ${shown}`,
    );
    const accesses = (await trace.stop())
      .trim()
      .split('\n')
      .map(
        (line) => JSON.parse(line) as { registers: string[]; changes: { name: string; refused: boolean }[] },
      );
    const changes = accesses.flatMap((access) => access.changes);
    assert.ok(changes.some(({ name, refused: was }) => name === 'pcie.devctl.max_read' && !was));
    const state = JSON.parse(succeeds('policy', 'show', NVME, '--json')) as {
      inForce: { source: string; allowed: string[] };
    };
    assert.deepEqual(
      [state.inForce.source, state.inForce.allowed],
      [KEPT, ['header.cache_line', 'pcie.devctl.max_read']],
    );
    end();
  });

  test('is another one where the attachment says so, and the kept one again after it', () => {
    const empty = join(folder, 'nothing.yaml');
    writeFileSync(empty, 'policy: 1\nallow: []\n');
    start('--policy', empty);
    const shown = succeeds('policy', 'show', NVME);
    assert.match(shown, /has it, by the policy .*nothing\.yaml:\n {2}nothing is allowed/);
    assert.match(shown, /the next guest gets it by the policy .*1b36-0010/);
    end();
    start();
    assert.match(succeeds('policy', 'show', NVME), /has it, by the policy .*1b36-0010/);
    end();
  });

  test('that is of another device, or unsound, or broken where it is kept, gives the function to nobody', () => {
    const bad = join(folder, 'bad.yaml');
    writeFileSync(bad, "policy: 1\ndevice: '8086:10d3'\nallow: []\n");
    assert.match(openslot('policy', 'set', NVME, bad).stderr, /POLICY_OTHER_DEVICE: .*8086:10d3.*1b36:0010/);
    writeFileSync(bad, 'policy: 1\nallow:\n  - pcie.devctl.flr\n');
    const unsound = openslot('policy', 'set', NVME, bad);
    assert.deepEqual(
      [unsound.status, /POLICY_UNSOUND: .*line 3: .*is reset/.test(unsound.stderr)],
      [1, true],
    );
    const checked = openslot('policy', 'check', bad, NVME);
    assert.deepEqual(
      [checked.status, checked.stdout.split('\n')[0]?.includes('bad.yaml:3: error: dangerous:')],
      [1, true],
    );
    succeeds('guest', 'run', GUEST, '--name', 'web', '--paused');
    assert.match(openslot('attach', 'web', NVME, '--policy', bad).stderr, /POLICY_UNSOUND/);
    writeFileSync(KEPT, 'policy: 7\n');
    assert.match(openslot('attach', 'web', NVME).stderr, /POLICY_MALFORMED/);
    assert.match(succeeds('list'), /^0000:02:00\.0 .* free /m);
    end();
    succeeds('policy', 'remove', NVME);
    assert.equal(existsSync(KEPT), false);
    assert.match(openslot('policy', 'remove', NVME).stderr, /POLICY_ABSENT/);
    assert.match(succeeds('policy', 'show', NVME), /by the policy default/);
  });

  test('is a command line that says what to learn from', () => {
    assert.equal(openslot('policy', 'learn').status, 2);
    assert.equal(openslot('policy', 'learn', TRACE, '--guest', 'web').status, 2);
    writeFileSync(
      join(folder, 'cut.trace'),
      readFileSync(TRACE, 'utf8').replace('"kind":"read"', '"kind":"look"'),
    );
    assert.match(
      openslot('policy', 'learn', join(folder, 'cut.trace')).stderr,
      /TRACE_MALFORMED: .*line \d+/,
    );
    assert.match(
      openslot('policy', 'learn', TRACE, '--device', '8086:10d3').stderr,
      /POLICY_NOT_LEARNED.*no 8086:10d3/,
    );
    assert.match(openslot('trace', 'nobody').stderr, /GUEST_UNKNOWN/);
  });
});
