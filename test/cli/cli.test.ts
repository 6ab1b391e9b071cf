/** The commands as a user types them: help, exit codes, refusals, and what needs nothing to be shown. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';

const DIST = fileURLToPath(new URL('../../src', import.meta.url));
const runtime = mkdtempSync(join(tmpdir(), 'openslot-cli-'));
after(() => {
  rmSync(runtime, { recursive: true });
});

function openslot(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(DIST, 'command/main.js'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, OPENSLOT_RUNTIME_DIR: runtime, NO_COLOR: '1' },
  });
  return { status, stdout, stderr };
}

test(
  'output that cannot be written is told, and a reader that goes away is not',
  { skip: !existsSync('/dev/full') },
  () => {
    const command = join(DIST, 'command/main.js');
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [command, 'address', '0a:00.0'], {
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    assert.equal(status, 1);
    assert.equal(stderr, 'error: standard output cannot be written: ENOSPC\n');
    const piped = spawnSync(
      'sh',
      ['-c', '{ "$0" "$1" schema show; echo $? >&2; } | true', process.execPath, command],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(piped.stderr, '0\n');
  },
);

describe('help', () => {
  test('every command teaches with an example', () => {
    const { status, stdout } = openslot('--help');
    assert.equal(status, 0);
    const block = stdout.slice(stdout.indexOf('Look:'), stdout.indexOf('Examples:'));
    const commands = [...block.matchAll(/^ {2}([a-z-]+) /gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help' && name !== 'completion');
    assert.deepEqual(commands, [
      'demo',
      'list',
      'show',
      'tree',
      'explain',
      'diff',
      'capture',
      'pcictl',
      'address',
      'ids',
      'schema',
      'doctor',
      'name',
      'claim',
      'release',
      'adopt',
      'recover',
      'apply',
      'pool',
      'attach',
      'detach',
      'qemu-arguments',
      'policy',
      'trace',
      'serve',
      'guest',
      'hide',
      'unhide',
      'lint',
      'hide-list',
      'get',
      'set',
      'undo',
      'watch',
      'repl',
      'proto',
    ]);
    for (const name of commands) {
      const help = openslot(name, '--help');
      assert.equal(help.status, 0);
      assert.match(help.stdout, new RegExp(`Examples:\\n +(sudo )?openslot .*\\b${name}`), name);
    }
  });

  test('completion knows the commands, their options and this host’s functions', () => {
    const { stdout: script } = openslot('completion', 'bash');
    assert.match(script, /complete .*openslot/);
    const twice = spawnSync(
      'bash',
      ['-c', 'eval "$1"; eval "$1"; echo $ShellCompDirectiveNoSpace', 'bash', script],
      {
        encoding: 'utf8',
      },
    );
    assert.deepEqual([twice.stderr, twice.stdout], ['', '2\n']);
    assert.match(openslot('complete', '--', 'cl').stdout, /^claim\t/m);
    assert.match(openslot('complete', '--', 'list', '--').stdout, /^--json\t/m);
    assert.match(openslot('complete', '--', 'hide-list', '--from', '').stdout, /^netbsd\t[^]*^linux\t/m);
    for (const shell of ['ksh', 'powershell']) assert.equal(openslot('completion', shell).status, 2, shell);
    assert.match(openslot('completion', '--help').stdout, /\(choices: "bash", "zsh",\s+"fish"\)/);
  });

  test('a wrong command line ends with 2 and a hint', () => {
    for (const args of [
      ['frob'],
      ['lst'],
      ['show'],
      ['list', '--frob'],
      ['claim', '0a:00'],
      ['attach', 'guest', '36:00.0,20'],
      ['attach', 'guest', '36:00.0', '36:00.9'],
      ['attach', 'guest'],
      ['attach'],
      ['serve', '--topology', 'ring'],
      ['detach', 'guest', '36:00.0,seize=yes'],
      ['show', '00:20.0'],
    ]) {
      const { status, stderr } = openslot(...args);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, /^error/);
    }
    assert.match(openslot('lst').stderr, /Did you mean list\?/);
  });
});

test('attach and detach are the owner’s to do: without one they say what to start', () => {
  for (const command of ['attach', 'detach']) {
    const { status, stderr } = openslot(command, 'guest', '36:00.0');
    assert.equal(status, 1);
    assert.match(stderr, /^error OWNER_ABSENT: [^]*\nnext {2}openslot serve\n$/);
    const data = JSON.parse(openslot(command, 'guest', '36:00.0', '--json').stderr) as {
      error: { code: string };
    };
    assert.equal(data.error.code, 'OWNER_ABSENT');
  }
});

test('a guest’s configuration is read before anybody is asked, and named with line and column', () => {
  const file = join(runtime, 'web.cfg');
  const attach = (text: string, ...more: readonly string[]) => {
    writeFileSync(file, text);
    return openslot('attach', '--config', file, ...more);
  };
  const wrong = attach("name = 'web'\npci = [ '36:00.0'\n  '36:00.1' ]\n", '--json');
  const { error } = JSON.parse(wrong.stderr) as { error: { code: string; evidence: object } };
  assert.deepEqual(
    [wrong.status, error.code, error.evidence],
    [
      1,
      'XL_CONFIG_MALFORMED',
      { source: file, line: 3, column: 3, why: 'expected "," or "]", and not "36:00.1"' },
    ],
  );
  assert.match(attach("pci = [ '36:00.0' ]\n").stderr, /XL_CONFIG_INCOMPLETE: .* does not say the name/);
  assert.match(attach("name = 'web'\n").stderr, /XL_CONFIG_INCOMPLETE: .* lists no PCI function/);
  assert.match(attach("pci = [ '36:00.0' ]\n", 'web').stderr, /OWNER_ABSENT/);
  assert.match(
    openslot('attach', '--config', join(runtime, 'none.cfg')).stderr,
    /XL_CONFIG_UNREADABLE: .*ENOENT/,
  );
});

describe(
  'without Xen',
  { skip: existsSync('/sys/hypervisor/type') ? 'this host runs on Xen' : false },
  () => {
    test('serve says so, with the next step, and leaves no socket', () => {
      const { status, stderr } = openslot('serve');
      assert.equal(status, 1);
      assert.match(stderr, /^error XEN_NOT_FOUND: /);
      assert.match(stderr, /^next {2}/m);
      assert.equal(existsSync(join(runtime, 'linux.sock')), false);
    });

    test('a policy for errors that nobody reports is refused', () => {
      const { status, stderr } = openslot('serve', '--on', 'linux', '--on-error', 'ignore');
      assert.deepEqual([status, /^error ERRORS_NOT_REPORTED: /.test(stderr)], [1, true], stderr);
      assert.equal(openslot('serve', '--on-error', 'panic').status, 2);
    });

    test('as JSON, a refusal has code, evidence and next', () => {
      const { error } = JSON.parse(openslot('claim', 'fe:1f.7', '--json').stderr) as {
        error: { code: string; evidence: object; next: string };
      };
      assert.equal(error.code, 'FUNCTION_NOT_FOUND');
      assert.deepEqual(error.evidence, { address: '0000:fe:1f.7', machine: 'linux' });
      assert.equal(error.next, 'openslot list --on linux');
    });

    test('an unknown machine is named', () => {
      const { status, stderr } = openslot('list', '--on', 'moon');
      assert.match(stderr, /^error MACHINE_UNKNOWN: /);
      assert.equal(status, 2);
      assert.match(openslot('release', 'fe:1f.7').stderr, /^error FUNCTION_NOT_FOUND: /);
    });
  },
);

describe('without koffi', () => {
  test('what needs system calls says so; what does not works', () => {
    const bare = join(runtime, 'bare');
    mkdirSync(bare);
    writeFileSync(join(bare, 'package.json'), '{"type":"module","version":"0"}');
    for (const room of ['os', 'pci', 'function', 'machines'])
      cpSync(join(DIST, room), join(bare, room), { recursive: true });
    const script = `
      import { ioctl } from './os/index.js';
      import { LinuxMachine } from './machines/linux/index.js';
      let functions = 'none';
      try { functions = new LinuxMachine().list().length; } catch (error) { functions = error.code; }
      try { ioctl(0, 0, new Uint8Array(4), 'x'); } catch (error) { console.log(JSON.stringify({ functions, error })); }`;
    writeFileSync(join(bare, 'try.js'), script);
    const { stdout, stderr } = spawnSync(process.execPath, [join(bare, 'try.js')], { encoding: 'utf8' });
    assert.equal(stderr, '');
    const { functions, error } = JSON.parse(stdout) as { functions: unknown; error: { code: string } };
    assert.equal(error.code, 'NATIVE_UNAVAILABLE');
    assert.ok(typeof functions === 'number' || functions === 'SYSFS_UNAVAILABLE');
  });
});
