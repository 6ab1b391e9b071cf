/** The simulated machine from the shell: the demo, a machine that is left running, and the commands of a second terminal. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const runtime = mkdtempSync(join(tmpdir(), 'openslot-sim-'));
after(() => {
  rmSync(runtime, { recursive: true, force: true });
});

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, OPENSLOT_RUNTIME_DIR: runtime, OPENSLOT_ON: 'sim', NO_COLOR: '1', ...more };
}

function openslot(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: environment(),
  });
  return { status, stdout, stderr };
}

/** An owner in a process of its own, and the lines that it printed. */
class Owner {
  readonly lines: string[] = [];
  readonly child: ChildProcess;

  constructor(...args: readonly string[]) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.child.stdout !== null)
      createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(line));
  }

  async says(expected: RegExp): Promise<string> {
    for (let tries = 0; tries < 3000; tries++) {
      const line = this.lines.find((one) => expected.test(one));
      if (line !== undefined) return line;
      assert.equal(this.child.exitCode, null, this.lines.join('\n'));
      await sleep(10);
    }
    throw new Error(`it did not say ${String(expected)}:\n${this.lines.join('\n')}`);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill(signal);
      await once(this.child, 'exit');
    }
    return this.child.exitCode;
  }
}

describe('demo', () => {
  test('checks each step, without native code', () => {
    const script = `process.on('exit', () => {
      const loaded = process.report.getReport().sharedObjects.filter((one) => one.endsWith('.node'));
      console.error(JSON.stringify(loaded)); });`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(script)}`, MAIN, 'demo'],
      { encoding: 'utf8', env: environment() },
    );
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^14 checks passed, 0 failed/m);
    assert.equal(stdout.match(/^ok {2}/gm)?.length, 14);
    // The guests' threads say the same at their ends.
    for (const line of stderr.trim().split('\n')) assert.equal(line, '[]');
  });

  test('fails when the device computes wrongly', () => {
    const { status, stdout } = openslot('demo', '--fault');
    assert.equal(status, 1);
    assert.match(stdout, /^FAILED .*10!.*expected 3628800, got 3628801$/m);
  });
});

describe('without an owner', () => {
  test('each command says that no machine runs, and how to start one', () => {
    for (const args of [
      ['list'],
      ['show', '01:00.0'],
      ['claim', '01:00.0'],
      ['guest', 'list'],
      ['attach', 'g', '01:00.0'],
    ]) {
      const { status, stderr } = openslot(...args);
      assert.equal(status, 1, args.join(' '));
      assert.match(stderr, /SIM_NOT_RUNNING[\s\S]*demo --keep/);
    }
  });

  test('guests are not those of this host, and a description must be readable and right', () => {
    const elsewhere = openslot('guest', 'list', '--on', 'linux');
    assert.deepEqual([elsewhere.status, /GUESTS_ELSEWHERE/.test(elsewhere.stderr)], [2, true]);
    const absent = openslot('serve', '--on', 'sim:/nowhere.yaml');
    assert.deepEqual([absent.status, /MACHINE_DESCRIPTION_UNREADABLE/.test(absent.stderr)], [1, true]);
    const file = join(runtime, 'overlap.yaml');
    const window = '{base: 0x90000000, limit: 0x901fffff}';
    const bridge = (slot: string) => `      - {slot: "${slot}", bridge: {memory: ${window}}, bus: []}\n`;
    writeFileSync(file, `roots:\n  - slots:\n${bridge('01')}${bridge('02')}`);
    const overlapping = openslot('serve', '--on', `sim:${file}`);
    assert.equal(overlapping.status, 1);
    assert.match(overlapping.stderr, /MACHINE_DESCRIPTION: .*line 4/);
  });
});

describe('a second terminal', () => {
  let owner: Owner;
  before(async () => {
    owner = new Owner('demo', '--keep');
    await owner.says(/^Ctrl-C ends it/);
  });
  after(async () => {
    await owner.end('SIGKILL');
  });

  test('sees the machine, the guest and what it has', () => {
    assert.match(openslot('list').stdout, /^0000:01:00\.0 .* guest 1 /m);
    assert.match(openslot('show', '01:00.0').stdout, /header\.vendor +0x1234/);
    assert.match(openslot('guest', 'list').stdout, /^1 +demo +running/m);
    const list = JSON.parse(openslot('list', '--json').stdout) as { machine: string };
    assert.equal(list.machine, 'sim');
  });

  test('saves what the owner tells, with who has what', () => {
    const { status, stdout, stderr } = openslot('capture', '-');
    assert.equal(status, 0, stderr);
    const { machine, functions } = JSON.parse(stdout) as {
      machine: string;
      functions: readonly { address: string; config: string; driver?: string; pool?: unknown }[];
    };
    assert.equal(machine, 'sim');
    assert.deepEqual(functions.find(({ address }) => address === '0000:01:00.0')?.pool, {
      state: 'taken',
      guest: 'guest 1',
    });
    const disk = functions.find(({ address }) => address === '0000:02:00.0');
    assert.deepEqual([disk?.driver, disk?.config.length, disk?.pool], ['nvme', 2 * 4096, undefined]);
    assert.match(openslot('capture', '-', '05:00.0').stderr, /FUNCTION_NOT_FOUND/);
  });

  test('sees its XenStore with Xen’s own tools', (context) => {
    const socket = join(runtime, 'sim.xenstore.sock');
    const { error, stdout } = spawnSync('xenstore-ls', ['-fp'], {
      encoding: 'utf8',
      env: environment({ XENSTORED_PATH: socket }),
    });
    if (error !== undefined) {
      context.skip('xenstore-utils are not installed');
      return;
    }
    assert.match(stdout, /^\/local\/domain\/1\/device\/pci\/0\/state = "4" {3}\(n1,r0\)$/m);
  });

  test('takes the function back, releases it, and runs a guest of its own', async () => {
    assert.equal(openslot('release', '01:00.0').status, 1, 'taken');
    assert.match(openslot('detach', 'demo', '01:00.0').stdout, /is back from guest demo/);
    assert.match(openslot('release', '01:00.0').stdout, /its driver is edu/);
    const program = join(runtime, 'mine.mjs');
    writeFileSync(
      program,
      `export default async ({ xpci, arguments: [word] }) => {
        for await (const { change, address } of xpci.changes()) {
          if (change !== 'attached') return;
          console.log(word, String(address), xpci.open(address).config.read(0, 4).toString(16));
        }
      };`,
    );
    const run = openslot('guest', 'run', program, 'hello', '--name', 'mine', '--memory', '1M', '--paused');
    assert.match(run.stdout, /guest mine is made, paused/);
    assert.match(openslot('attach', 'mine', '01:00.0,seize=1').stdout, /it is paused/);
    assert.equal(openslot('guest', 'unpause', 'mine').status, 0);
    await owner.says(/^mine \| hello 0000:00:00\.0 11e81234$/);
    assert.equal(openslot('attach', 'demo', '01:00.0').status, 1, 'mine has it');
    assert.match(openslot('guest', 'destroy', 'mine').stdout, /is destroyed/);
    assert.match(openslot('guest', 'destroy', 'mine').stderr, /GUEST_UNKNOWN/);
    assert.match(openslot('list').stdout, /^0000:01:00\.0 .* free /m);
  });

  test('is told what is not safe before and at an attach, and allows it by name', () => {
    const shown = openslot('show', '00:04.0').stdout;
    assert.match(shown, /^To know before it is given away\n {2}! no-reset +0000:00:04\.0 has no reset$/m);
    const { findings } = JSON.parse(openslot('show', '00:03.0', '--json').stdout) as {
      findings: readonly { readonly code: string; readonly severity: string }[];
    };
    assert.deepEqual(
      findings.map(({ code, severity }) => [code, severity]),
      [['shared-group', 'unsafe']],
    );
    assert.doesNotMatch(openslot('show', '01:00.0').stdout, /To know before/);
    const refused = openslot('attach', 'demo', '00:04.0,seize=1');
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /ATTACH_UNSAFE: .*guest demo:\n {2}no-reset: .*has no reset; what one owner/,
    );
    assert.match(
      refused.stderr,
      /^next {2}where that is acceptable: openslot attach demo .* --allow no-reset$/m,
    );
    assert.match(openslot('list').stdout, /^0000:00:04\.0 .* - +[^a-z]/m);
    const unknown = openslot('attach', 'demo', '00:04.0', '--allow', 'no-reset,everything');
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /FINDING_UNKNOWN: "everything" .* split-device, no-reset, no-iommu/);
    const allowed = openslot(
      'attach',
      'demo',
      '00:04.0,seize=1',
      '--allow',
      'no-iommu',
      '--allow',
      'no-reset',
    );
    assert.deepEqual([allowed.status, allowed.stdout.includes('0000:00:04.0 is 0000:00:')], [0, true]);
    assert.match(allowed.stderr, /^note {2}0000:00:04\.0 has no reset: allowed by no-reset$/m);
    assert.equal(openslot('detach', 'demo', '00:04.0').status, 0);
    assert.equal(openslot('release', '00:04.0').status, 0);
  });

  test('is refused changes of a guest that takes none while it runs, and shown which one that is', async () => {
    const program = fileURLToPath(new URL('../guests/strict.js', import.meta.url));
    assert.equal(openslot('guest', 'run', program, 'sleeps', '--paused').status, 0);
    assert.match(openslot('attach', 'strict', '01:00.0,seize=1').stdout, /it is paused/);
    assert.equal(openslot('guest', 'unpause', 'strict').status, 0);
    await owner.says(/front end connected, takes no changes while it runs$/);
    assert.match(openslot('list').stdout, /^0000:01:00\.0 .* guest \d+ fixed /m);
    const attach = openslot('attach', 'strict', '02:00.0,seize=1');
    assert.equal(attach.status, 1);
    assert.match(attach.stderr, /FRONT_END_FIXED[\s\S]*xl create -p[\s\S]*--force/);
    assert.match(openslot('detach', 'strict', '01:00.0').stderr, /FRONT_END_FIXED/);
    const detach = openslot('detach', '--force', 'strict', '01:00.0');
    assert.match(detach.stdout, /is back from guest strict \(\d+\), which was not asked/);
    assert.match(openslot('attach', '--force', 'strict', '01:00.0').stderr, /GUEST_GONE|GUEST_SILENT/);
    await owner.says(/^guest \d+: strict has crashed: panic: bad backend state 7/);
  });

  test('is told when a program is none, and asks guests to end', async () => {
    const file = join(runtime, 'none.mjs');
    writeFileSync(file, 'export const nothing = 1;');
    const none = openslot('guest', 'run', file);
    assert.equal(none.status, 1);
    assert.match(none.stderr, /GUEST_PROGRAM[\s\S]*exports no default function/);
    assert.equal(openslot('guest', 'shutdown', 'demo').status, 0);
    await owner.says(/^guest 1: demo has ended$/);
  });

  test('that says no machine changes neither', () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'claim', '01:00.0'], {
      encoding: 'utf8',
      env: { ...environment(), OPENSLOT_ON: '' },
    });
    assert.deepEqual([status, /MACHINE_AMBIGUOUS/.test(stderr)], [2, true], stderr);
  });

  test('cannot own the machine too', () => {
    for (const args of [['demo', '--keep'], ['serve']]) {
      const { status, stderr } = openslot(...args);
      assert.equal(status, 1);
      assert.match(stderr, /OWNER_RUNNING/);
    }
  });

  test('can send garbage, and read nothing, without harm to others', async () => {
    const socket = join(runtime, 'sim.sock');
    const silent = connect(socket);
    silent.on('error', () => undefined);
    silent.pause();
    const closed = new Promise((resolve) => silent.once('close', resolve));
    // Answers that nobody reads: bounded, then the client is cut off.
    const line = `${JSON.stringify({ id: 1, request: 'inspect', parameters: { address: '01:00.0' } })}\n`;
    silent.write(line.repeat(2000));
    const garbage = connect(socket);
    garbage.on('error', () => undefined);
    garbage.write('\0\xff{"id":[}\n{"id":1,"request":"reboot"}\n');
    const answers: string[] = [];
    for await (const answer of createInterface({ input: garbage })) {
      answers.push(answer);
      if (answers.length === 2) break;
    }
    garbage.destroy();
    for (const answer of answers) assert.match(answer, /REQUEST_MALFORMED/);
    assert.equal(openslot('list').status, 0);
    silent.resume();
    silent.destroy();
    await closed;
    assert.equal(openslot('list').status, 0);
  });

  test('ends it in order, and nothing is left', async () => {
    assert.equal(await owner.end('SIGTERM'), 0);
    assert.equal(owner.lines.at(-1), 'stopping: SIGTERM');
    assert.ok(!existsSync(join(runtime, 'sim.sock')));
    assert.match(openslot('list').stderr, /SIM_NOT_RUNNING/);
  });

  test('a guest’s configuration gives it all that it lists, at real addresses where that is how it is served', async () => {
    const owner = new Owner('serve', '--topology', 'real', '--json');
    await owner.says(/"event":"ready"/);
    const program = join(runtime, 'waits.mjs');
    writeFileSync(program, 'export default () => new Promise(() => setInterval(() => undefined, 1e6));');
    const file = join(runtime, 'web.cfg');
    writeFileSync(
      file,
      `name = "web"\npci_seize = 1\npci = [ '01:00.0', # the card\n        '00:03.*' ]\npci += [ "02:00.0" ]\n`,
    );
    assert.equal(openslot('guest', 'run', program, '--name', 'web', '--paused').status, 0);
    const { functions } = JSON.parse(openslot('attach', '--config', file, '--json').stdout) as {
      functions: readonly { address: string; virtual: string }[];
    };
    const all = ['0000:01:00.0', '0000:00:03.0', '0000:00:03.1', '0000:00:03.3', '0000:02:00.0'];
    assert.deepEqual(
      functions,
      all.map((address) => ({ address, virtual: address })),
    );
    const again = openslot('attach', '--config', file, '--json');
    const { error } = JSON.parse(again.stderr) as {
      error: { code: string; evidence: { refused: string[] } };
    };
    assert.deepEqual(
      [again.status, error.code, error.evidence.refused],
      [1, 'FUNCTIONS_REFUSED', all.map((address) => `${address} FUNCTION_TAKEN`)],
    );
    const detached = openslot('detach', 'web', '00:03.*', '01:00.0');
    assert.equal(
      detached.stdout.split('\n').filter((line) => line.includes('is back from guest web')).length,
      4,
    );
    assert.match(openslot('list').stdout, /^0000:02:00\.0 .* guest 1 /m);
    assert.equal(await owner.end('SIGINT'), 0);
  });

  test('product data is read while nobody has the function, and decoded in each text', async () => {
    const file = join(runtime, 'vpd.yaml');
    writeFileSync(
      file,
      `roots: [{slots: [{slot: "02", model: nvme, driver: nvme, vpd: {name: "Disk\u0007", readOnly: {SN: "42"}}}]}]\n`,
    );
    const owner = new Owner('serve', '--on', `sim:${file}`);
    await owner.says(/^ready/);
    const lspci = ['show', '--format', 'lspci', '-vv'];
    const why = 'driver nvme has the function, and may use the same registers';
    assert.match(
      openslot('show', '00:02.0').stdout,
      new RegExp(`^ {2}not shown +vital product data: VPD_UNREADABLE: .*: ${why}$`, 'm'),
    );
    assert.match(openslot(...lspci).stdout, /^\tCapabilities: .*Vital Product Data\n\t\tNot readable$/m);
    assert.equal(openslot('claim', '00:02.0').status, 0);
    assert.match(
      openslot('show', '00:02.0').stdout,
      /^Vital product data\n {2}000 {2}Name +Disk\\x07\n.* SN {2}Serial number +42\n.* RV .* right\n$/m,
    );
    assert.match(openslot(...lspci).stdout, /^\t\t\t\[SN\] Serial number: 42\n\t\t\t\[RV\] .*checksum good/m);
    const saved = join(runtime, 'vpd.json');
    assert.equal(openslot('capture', saved).status, 0);
    assert.equal(await owner.end('SIGINT'), 0);
    const on = ['--on', `capture:${saved}`];
    assert.match(openslot('show', '00:02.0', ...on).stdout, / SN {2}Serial number +42$/m);
    assert.match(openslot(...lspci, ...on).stdout, /^\t\t\t\[SN\] Serial number: 42$/m);
  });

  test('a killed owner’s sockets are in nobody’s way', async () => {
    const killed = new Owner('serve');
    await killed.says(/^ready/);
    await killed.end('SIGKILL');
    const next = new Owner('serve', '--json', '--on-error', 'kill-guest');
    await next.says(/"event":"ready"/);
    assert.match(openslot('list').stdout, /^0000:01:00\.0 .* edu /m);
    assert.equal(await next.end('SIGINT'), 0);
  });
});
