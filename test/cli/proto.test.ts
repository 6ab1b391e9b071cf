/** `openslot proto`: a mount in a process of its own, and programs, other terminals and accidents around it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, afterEach, describe, test } from 'node:test';
import { unmountAt, UnmountFlag } from '../../src/os/index.js';
import { until } from '../until.js';
import { Client, run, unmountable } from '../proto/mounting.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'openslot-proto-cli-'));
const directory = join(base, 'files');
const environment = {
  ...process.env,
  OPENSLOT_RUNTIME_DIR: join(base, 'run'),
  OPENSLOT_ON: 'sim',
  NO_COLOR: '1',
};
const EDU = '01:00.0';
const edu = (file: string) => join(directory, 'pci0:1:0:0', file);
const testdev = (file: string) => join(directory, 'pci0:0:4:0', file);

// Another user's program stands in it.
chmodSync(base, 0o755);
after(() => {
  rmSync(base, { recursive: true, force: true });
});

function openslot(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: environment,
  });
  return { status, stdout, stderr };
}

/** A refusal as data. */
function refusal(...args: readonly string[]): {
  readonly code: string;
  readonly evidence: Record<string, unknown>;
} {
  const { status, stderr } = openslot(...args, '--json');
  assert.equal(status, 1, stderr);
  return (JSON.parse(stderr) as { error: { code: string; evidence: Record<string, unknown> } }).error;
}

const running = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  running.clear();
  unmountAt(directory, UnmountFlag.detach);
});

/** `openslot proto mount`, ready. */
class Mount {
  readonly lines: string[] = [];
  readonly child: ChildProcess;

  private constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [MAIN, 'proto', 'mount', directory, ...args], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.child);
    this.child.once('exit', () => running.delete(this.child));
    for (const stream of [this.child.stdout, this.child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
  }

  static async make(...args: readonly string[]): Promise<Mount> {
    const mount = new Mount(args);
    await mount.says(/^ready: /);
    await mount.says(/Ctrl-C/);
    return mount;
  }

  async says(expected: RegExp): Promise<void> {
    await until(
      () => {
        assert.equal(this.child.exitCode, null, this.lines.join('\n'));
        return this.lines.some((line) => expected.test(line));
      },
      () => this.lines.join('\n'),
    );
  }

  /** Its exit code, once it has ended, by the signal or by itself. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      if (signal !== undefined) child.kill(signal);
      await ended;
    }
    return child.exitCode;
  }
}

const has = (program: string) => spawnSync(program, ['--version']).status === 0;

describe('proto mount', { skip: unmountable }, () => {
  test('prints what there is, serves it, and ends in order', async () => {
    const mount = await Mount.make();
    const first = mount.lines.indexOf('  pci0:0:4:0/  (00:04.0)');
    assert.ok(first > 0, mount.lines.join('\n'));
    assert.deepEqual(mount.lines.slice(first + 1, first + 5), [
      '    pcicfg      4 KiB',
      '    10.mem      4 KiB',
      '    14.io       64 B',
      '    18.mem      4 KiB',
    ]);
    assert.match(
      mount.lines.find((line) => line.startsWith('ready: ')) ?? '',
      /3 functions, 1 platform device of sim/,
    );
    assert.ok(mount.lines.includes('isa:0x3f8 is there'));
    const ports = mount.lines.indexOf('  isa:0x3f8/');
    assert.deepEqual(mount.lines.slice(ports + 1, ports + 3), ['    00.io       8 B', '    intx']);
    // The command that it prints, as it stands.
    const printed = mount.lines.find((line) => line.includes('dd if='));
    assert.ok(printed !== undefined);
    assert.equal(spawnSync('sh', ['-c', printed.replace(/\|.*/, '')]).stdout.length, 4);
    await using client = new Client();
    await client.open(join(directory, 'isa:0x3f8', '00.io'));
    assert.equal(await mount.end('SIGINT'), 0);
    assert.ok(mount.lines.some((line) => line.includes(`process ${client.pid} has isa:0x3f8/00.io open`)));
    assert.equal(existsSync(directory), false, 'it goes with the mount that made it');
  });

  test('owns the machine: other terminals look at it, claim into the mount, and release what nobody has open', async () => {
    const mount = await Mount.make();
    assert.match(openslot('show', EDU).stdout, /header\.device +0x11e8/);
    assert.equal(openslot('claim', EDU).status, 0);
    await using client = new Client();
    const fd = await client.open(edu('10.mem'));
    assert.equal(await client.read(fd, 0, 4), 'ed000001');
    assert.equal(spawnSync('dd', [`if=${edu('10.mem')}`, 'bs=4', 'count=1']).status, 1);
    await mount.says(/process \d+ does not get pci0:1:0:0\/10\.mem: EBUSY/);
    assert.match(openslot('get', EDU, 'identification', '--enable').stdout, /0x010000ed/);
    assert.equal(refusal('set', EDU, 'liveness=1').code, 'FUNCTION_DRIVEN', 'a program has it');
    const { code, evidence } = refusal('release', EDU);
    assert.equal(code, 'FUNCTION_IN_USE');
    assert.deepEqual(evidence['pids'], [String(client.pid)]);
    await client.value({ call: 'close', fd });
    assert.equal(openslot('release', EDU).status, 0);
    assert.equal(await client.errno({ call: 'open', path: edu('10.mem') }), 'ENOENT');
    assert.equal(await mount.end('SIGTERM'), 0);
  });

  test('takes a named function from its driver where that is said, and gives it back', async () => {
    const { code } = refusal('proto', 'mount', directory, EDU);
    assert.equal(code, 'FUNCTION_NOT_FREE');
    assert.equal(refusal('proto', 'mount', directory, '00:1f.0').code, 'FUNCTION_NOT_FOUND');
    assert.equal(refusal('proto', 'mount', directory, '--unsafe-dma', '09:00.0').code, 'FUNCTION_NOT_FOUND');
    for (const [args, said] of [
      [['01:00.0'], /in the place of the directory: openslot proto mount \/dev\/proto 01:00\.0/],
      [[directory, '--claim'], /--claim takes functions that are named/],
      [[directory, '--unsafe-dma', '--claim'], /an option stands in the place of its address/],
      [[directory, EDU, '--for', 'vfio'], /--for means nothing without --claim/],
      [[directory, '--allow', 'network'], /--allow means nothing without --claim/],
      [[directory, '--even-if-critical', EDU], /--even-if-critical means nothing without --claim/],
    ] as const) {
      const { status, stderr } = openslot('proto', 'mount', ...args);
      assert.notEqual(status, 0);
      assert.match(stderr, said);
    }
    assert.equal(refusal('proto', 'mount', directory, 'isa:0x2f8').code, 'PLATFORM_DEVICE_NOT_FOUND');
    const ports = await Mount.make('isa:0x3f8');
    assert.equal(spawnSync('ls', [directory], { encoding: 'utf8' }).stdout, 'isa:0x3f8\n');
    assert.equal(await ports.end('SIGINT'), 0, ports.lines.join('\n'));
    const mount = await Mount.make(EDU, '--claim');
    assert.deepEqual(spawnSync('ls', [directory], { encoding: 'utf8' }).stdout, 'pci0:1:0:0\n');
    assert.equal(await mount.end('SIGINT'), 0, mount.lines.join('\n'));
  });

  test('ends in order also after a function that it took was released from another terminal', async () => {
    const mount = await Mount.make(EDU, '--claim');
    assert.equal(openslot('release', EDU).status, 0);
    assert.equal(await mount.end('SIGINT'), 0, mount.lines.join('\n'));
  });

  test('a server that is killed leaves a mount that the next one clears', async () => {
    const mount = await Mount.make();
    await using client = new Client();
    const fd = await client.open(testdev('10.mem'));
    await mount.end('SIGKILL');
    assert.equal(await client.errno({ call: 'read', fd, length: 4, offset: 0 }), 'ENOTCONN');
    assert.equal(await client.errno({ call: 'list', path: directory }), 'ENOTCONN');
    const next = await Mount.make();
    await client.open(testdev('10.mem'));
    assert.equal(
      await client.errno({ call: 'read', fd, length: 4, offset: 0 }),
      'ENOTCONN',
      'the old open is dead',
    );
    assert.equal(await next.end('SIGINT'), 0);
    assert.ok(
      next.lines.some((line) => line.includes(`process ${client.pid} has pci0:0:4:0/10.mem open`)),
      next.lines.join('\n'),
    );
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(base));
  });
});

describe('proto unmount', { skip: unmountable }, () => {
  test('names who is in the way, and goes ahead where it must', async () => {
    const mount = await Mount.make();
    await using client = new Client();
    const fd = await client.open(testdev('10.mem'));
    const busy = openslot('proto', 'unmount', directory);
    assert.equal(busy.status, 1);
    assert.match(busy.stderr, new RegExp(`MOUNT_BUSY.*\\(process ${client.pid}\\) has ${testdev('10.mem')}`));
    assert.equal(await client.read(fd, 0, 4), '00000000', 'nothing has happened to it');
    assert.equal(openslot('proto', 'unmount', directory, '--force').status, 0);
    assert.equal(await client.errno({ call: 'read', fd, length: 4, offset: 0 }), 'ENOTCONN');
    assert.equal(await mount.end(), 0);
  });

  test('knows a folder that somebody stands in, and a directory where nothing is', async () => {
    const mount = await Mount.make();
    await using client = new Client();
    await client.value({ call: 'chdir', path: testdev('.') });
    assert.match(openslot('proto', 'unmount', directory).stderr, new RegExp(`process ${client.pid}`));
    await client.value({ call: 'chdir', path: base });
    assert.equal(openslot('proto', 'unmount', directory).status, 0);
    assert.equal(await mount.end(), 0);
    assert.match(openslot('proto', 'unmount', directory).stderr, /NOT_MOUNTED/);
  });
});

describe('programs in other languages', { skip: unmountable }, () => {
  test(
    'Python reads a register, and finds proto(4)’s refusals',
    { skip: has('python3') ? false : 'no python3' },
    async () => {
      const mount = await Mount.make(EDU, '--claim');
      const program = `
import os, errno
fd = os.open(${JSON.stringify(edu('10.mem'))}, os.O_RDWR)
print(os.pread(fd, 4, 0)[::-1].hex())
os.pwrite(fd, (0x12345678).to_bytes(4, 'little'), 4)
print(os.pread(fd, 4, 4)[::-1].hex())
for length, offset in ((3, 0), (4, 2), (4, 0x100000)):
    try: os.pread(fd, length, offset)
    except OSError as error: print(errno.errorcode[error.errno])
`;
      const output = await run('python3', '-c', program);
      // edu's liveness register answers with the complement.
      assert.deepEqual(output.toString().trim().split('\n'), [
        '010000ed',
        'edcba987',
        'EIO',
        'EINVAL',
        'EIO',
      ]);
      assert.equal(await mount.end('SIGINT'), 0);
    },
  );

  test(
    'a C program for FreeBSD’s files finds its register and its region',
    { skip: has('cc') ? false : 'no cc' },
    async () => {
      const source = `
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
struct proto_ioc_region { unsigned long address; unsigned long size; };
#define PROTO_IOC_REGION _IOWR('h', 1, struct proto_ioc_region)
int main(void) {
  int fd = open(${JSON.stringify(edu('10.mem'))}, O_RDWR);
  uint32_t id = 0;
  struct proto_ioc_region region = { 0, 0 };
  if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0 || read(fd, &id, 4) != 4) return 1;
  if (ioctl(fd, PROTO_IOC_REGION, &region) != 0 || region.address == 0) return 2;
  printf("%08x %lx\\n", id, region.size);
  return 0;
}`;
      writeFileSync(join(base, 'program.c'), source);
      const compiled = spawnSync('cc', ['-o', join(base, 'program'), join(base, 'program.c')], {
        encoding: 'utf8',
      });
      assert.equal(compiled.status, 0, compiled.stderr);
      const mount = await Mount.make(EDU, '--claim');
      assert.equal((await run(join(base, 'program'))).toString(), '010000ed 100000\n');
      assert.equal(await mount.end('SIGINT'), 0);
    },
  );
});

/** Why fusermount3 cannot be tried as another user. */
function noUserMount(): string | false {
  if (unmountable !== false) return unmountable;
  if (spawnSync('fusermount3', ['--version']).status !== 0) return 'no fusermount3';
  return spawnSync('setpriv', ['--version']).status === 0 ? false : 'no setpriv';
}

test('a user mounts by fusermount3, and even root does not reach the files', { skip: noUserMount() }, () => {
  // In a mount namespace of its own, where /dev/fuse is everybody's, as it is on most systems.
  const script = `
set -e
room=$1
mount -t tmpfs none "$room" && chmod 777 "$room"
mknod "$room/fuse" c 10 229 && chmod 666 "$room/fuse" && mount --bind "$room/fuse" /dev/fuse
user() { setpriv --reuid 65534 --regid 65534 --clear-groups env OPENSLOT_RUNTIME_DIR="$room/run" "$@"; }
user "$2" "$3" proto mount "$room/files" --on sim > "$room/log" 2>&1 &
server=$!
until grep -q Ctrl-C "$room/log"; do kill -0 $server || { cat "$room/log"; exit 1; }; sleep 0.05; done
user dd if="$room/files/pci0:0:4:0/pcicfg" bs=4 count=1 status=none
ls "$room/files" 2> /dev/null && exit 2
user "$2" "$3" proto unmount "$room/files"
wait $server
`;
  const room = mkdtempSync(join(base, 'room-'));
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', room, process.execPath, MAIN],
    { env: { ...process.env, NO_COLOR: '1' } },
  );
  assert.equal(status, 0, `${stdout.toString()}\n${stderr.toString()}`);
  assert.equal(stdout.subarray(0, 4).toString('hex'), '34120051');
});
