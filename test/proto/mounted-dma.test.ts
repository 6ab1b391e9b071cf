/** Programs in other languages that drive a device through the mounted files: with its interrupts and its DMA, and when they are killed. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { MemoryFile } from '../../src/os/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { MountedFiles } from '../../src/proto/index.js';
import { until } from '../until.js';
import { MountDirectory, run, unmountable } from './mounting.js';

const PROGRAMS = fileURLToPath(new URL('../../../test/proto/programs/', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));
const EDU = new PciAddress(0, 0, 3, 0);
const FOLDER = 'pci0:0:3:0';
/** What the examples in C and Python print. */
const DRIVEN = ['identification 0x10000ed', 'interrupts 1', '10! = 3628800', 'memory from program', ''];
const BUS_MASTER = 4;

/** Why a program cannot be run here; false where it can. */
function missing(command: string): string | false {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0
    ? false
    : `there is no ${command}`;
}

/** An edu, mounted until the test is over. */
class MountedEdu implements AsyncDisposable {
  readonly machine: SimMachine;
  readonly files: MountedFiles;
  readonly #directory: MountDirectory;
  readonly #faults: unknown[];

  private constructor(
    machine: SimMachine,
    files: MountedFiles,
    directory: MountDirectory,
    faults: unknown[],
  ) {
    this.machine = machine;
    this.files = files;
    this.#directory = directory;
    this.#faults = faults;
  }

  static async make(): Promise<MountedEdu> {
    const directory = new MountDirectory();
    const machine = new SimMachine(parseMachine('roots: [{slots: [{slot: "03", model: edu}]}]'), {
      memoryFile: () => new MemoryFile('test'),
    });
    const faults: unknown[] = [];
    const files = await MountedFiles.mount({
      machine,
      directory: directory.path,
      onFault: (error) => faults.push(error),
    });
    return new MountedEdu(machine, files, directory, faults);
  }

  get folder(): string {
    return join(this.files.directory, FOLDER);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.files[Symbol.asyncDispose]();
    this.machine[Symbol.dispose]();
    this.#directory[Symbol.dispose]();
    assert.deepEqual(this.#faults, []);
  }
}

describe('a program in C', { skip: unmountable || missing('gcc') }, () => {
  test('that was written for FreeBSD’s busdma runs as it is', async () => {
    const built = mkdtempSync(join(tmpdir(), 'openslot-c-'));
    try {
      const program = join(built, 'freebsd_busdma');
      await run('gcc', '-Wall', '-Werror', '-o', program, join(PROGRAMS, 'freebsd_busdma.c'));
      await using edu = await MountedEdu.make();
      assert.equal((await run(program, edu.folder)).toString(), 'done\n');
    } finally {
      rmSync(built, { recursive: true });
    }
  });

  for (const kind of ['intx', 'msi0'])
    test(`drives edu completely, by ${kind}`, async () => {
      const built = mkdtempSync(join(tmpdir(), 'openslot-c-'));
      try {
        const program = join(built, 'edu');
        await run('gcc', '-Wall', '-Wextra', '-Werror', '-o', program, join(EXAMPLES, 'edu.c'));
        await using edu = await MountedEdu.make();
        assert.deepEqual((await run(program, edu.folder, kind)).toString().split('\n'), DRIVEN);
      } finally {
        rmSync(built, { recursive: true });
      }
    });
});

describe('a program in Python', { skip: unmountable || missing('python3') }, () => {
  const program = join(EXAMPLES, 'edu.py');

  for (const kind of ['intx', 'msi0'])
    test(`drives edu completely, by ${kind}`, async () => {
      await using edu = await MountedEdu.make();
      assert.deepEqual((await run('python3', program, edu.folder, kind)).toString().split('\n'), DRIVEN);
    });

  test('has memory of its own loaded, by any of its threads, and cannot make the server wait for itself', async () => {
    await using edu = await MountedEdu.make();
    const output = await run('python3', join(PROGRAMS, 'client_memory.py'), edu.folder);
    assert.deepEqual(output.toString().split('\n'), [
      'loaded by a thread, synced by another',
      'pages of the mount: EFAULT',
      'identification 3412e811',
      '',
    ]);
  });

  for (const kind of ['intx', 'msi0'])
    test(`gets a signal at each interrupt of ${kind} that it asked for`, async () => {
      await using edu = await MountedEdu.make();
      const output = await run('python3', join(PROGRAMS, 'signals.py'), edu.folder, kind);
      assert.deepEqual(output.toString().split('\n'), [
        'signal True code -1 count 1',
        'signal True code -1 count 1',
        'after close None',
        '',
      ]);
    });

  test('that is killed with maps, an interrupt and DMA live leaves nothing behind', async () => {
    await using edu = await MountedEdu.make();
    using fn = edu.machine.open(EDU);
    for (let round = 0; round < 3; round++) {
      const child = spawn('python3', [program, edu.folder, 'msi0', '--stay'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
      await until(
        () => output.includes('live'),
        () => output,
      );
      assert.equal(edu.files.functions.folderOf(EDU)?.holders.length, 4);
      assert.equal(fn.config.read(4, 2) & BUS_MASTER, BUS_MASTER);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await until(() => edu.files.functions.folderOf(EDU)?.holders.length === 0);
      assert.equal(fn.config.read(4, 2) & BUS_MASTER, 0, 'the device masters the bus no more');
      assert.equal(fn.config.read(0x42, 2) & 1, 0, 'its messages are off');
      using buffer = await fn.dma?.allocate(1);
      assert.equal(buffer?.iova, 0x10_0000n, 'its memory is free');
    }
    // What the last one has started reaches nothing.
    await until(() => edu.machine.iommuFaults.recent.at(-1)?.why === 'bus_master_off');
  });
});
