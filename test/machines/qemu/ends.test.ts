/** How QEMU does not start, how it ends, and that it never outlives whoever started it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openMachine } from '../../../src/machines/index.js';
import { QemuMachine } from '../../../src/machines/qemu/index.js';
import { PciAddress } from '../../../src/pci/index.js';
import { until } from '../../until.js';
import { skip, startQemu } from './qemu.js';

const EDU = new PciAddress(0, 0, 4, 0);
const GIVEN = '-device edu,addr=04.0';

const ends: Disposable[] = [];
after(() => {
  for (const end of ends) end[Symbol.dispose]();
});

async function start(patience?: number): Promise<QemuMachine> {
  const machine = await startQemu(GIVEN, patience === undefined ? {} : { patience });
  ends.push(machine);
  return machine;
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

test('without a QEMU there is a name of its package', async () => {
  await assert.rejects(QemuMachine.start('', { command: ['openslot-has-no-such-program'] }), {
    code: 'QEMU_MISSING',
    next: /apt-get install qemu-system-x86/,
  });
});

test('a program that is not QEMU is told of with what it said', async () => {
  await assert.rejects(QemuMachine.start('', { command: ['sh', '-c', 'echo no machine here >&2; exit 3'] }), {
    code: 'QEMU_NOT_STARTED',
    message: 'QEMU ended with 3: no machine here',
  });
});

test('an argument that is refused by us starts nothing', async () => {
  await assert.rejects(openMachine('qemu:-kernel vmlinuz'), { code: 'QEMU_ARGUMENT_REFUSED' });
});

test('a start that fails for want of descriptors is told of, and leaves none open, however far it came', () => {
  const program = fileURLToPath(new URL('few-descriptors.js', import.meta.url));
  const { stdout, stderr, status } = spawnSync(
    'sh',
    ['-c', 'ulimit -n 96 && exec "$@"', 'sh', process.execPath, program],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  const starts = stdout.trimEnd().split('\n');
  assert.ok(starts.length === 12, stdout);
  for (const start of starts)
    assert.match(start, /^\d+ (SYSTEM_CALL_FAILED|QEMU_NOT_STARTED|QEMU_MISSING) 0$/, stdout);
});

describe('QEMU', { skip }, () => {
  test('an argument that it refuses is told of in its own words, and leaves nothing', async () => {
    const before = openDescriptors();
    await assert.rejects(startQemu('-device no-such-device'), {
      code: 'QEMU_NOT_STARTED',
      message: /no-such-device.*not a valid device model name/,
      next: 'qemu-system-x86_64 -device help',
    });
    await assert.rejects(startQemu('-device nvme,drive=none'), { code: 'QEMU_NOT_STARTED', message: /none/ });
    assert.ok(openDescriptors() <= before + 1, 'descriptors are closed');
  });

  test('closing the machine closes all, twice does no harm', async () => {
    const warm = await start();
    warm[Symbol.dispose]();
    const before = openDescriptors();
    const machine = await start();
    const fn = machine.open(EDU);
    const region = fn.openRegion(0);
    const buffer = await fn.dma?.allocate(5000);
    using stream = fn.interrupts?.open({ kind: 'msi', vector: 0 });
    assert.equal(region.read32(0), 0x0100_00ed);
    machine[Symbol.dispose]();
    machine[Symbol.dispose]();
    assert.equal(stream?.wait(1000), undefined);
    assert.throws(() => region.read32(0), { code: 'REGION_CLOSED' });
    // What a program still holds is memory, though nobody else's.
    assert.ok(buffer !== undefined);
    buffer.bytes.fill(1);
    await until(
      () => openDescriptors() <= before,
      () => `${openDescriptors()} descriptors, ${before} before`,
    );
  });

  test('when it dies, registers read all ones, streams end, and it is told of once', async () => {
    const machine = await start();
    const told: string[] = [];
    machine.onEnded((why) => told.push(why));
    const fn = machine.open(EDU);
    fn.setEnabled(true);
    const region = fn.openRegion(0);
    const streams = [{ kind: 'intx' }, { kind: 'msi', vector: 0 }] as const;
    for (const source of streams) {
      using stream = fn.interrupts?.open(source);
      assert.equal(stream?.wait(1), undefined);
    }
    const stream = fn.interrupts?.open({ kind: 'intx' });
    const waiting = stream?.[Symbol.asyncIterator]().next();
    const buffer = await fn.dma?.allocate(1);
    buffer?.bytes.fill(7);
    machine.monitor.execute('quit').catch(() => undefined);
    // It may die between any two of these.
    await until(() => region.read32(0) === 0xffff_ffff);
    assert.equal(region.read64(0), 0xffff_ffff_ffff_ffffn);
    assert.equal(region.read8(0), 0xff);
    region.write32(0x60, 1);
    region.write64(0x80, 1n);
    assert.equal(fn.config.read(0, 2), 0xffff);
    fn.config.write(4, 2, 0);
    assert.deepEqual(await waiting, { done: true, value: undefined });
    assert.equal(stream?.wait(10_000), undefined);
    assert.equal(told.length, 1);
    assert.deepEqual(machine.list(), []);
    assert.throws(() => machine.open(EDU), { code: 'FUNCTION_NOT_FOUND' });
    for (const kind of ['intx', 'msi'] as const) {
      const source = kind === 'intx' ? { kind } : { kind, vector: 0 };
      assert.throws(() => fn.interrupts?.open(source), {
        code: 'INTERRUPT_FAILED',
        message: /QEMU has ended/,
      });
    }
    // Memory stays what it is, and is given back to the machine, not to whoever has its descriptor's number now.
    assert.equal(buffer?.bytes[0], 7);
    buffer[Symbol.dispose]();
    await until(() => machine.ended !== undefined);
    await assert.rejects(machine.monitor.execute('query-status'), { code: 'QEMU_COMMAND_FAILED' });
    fn.close();
  });

  test('Ctrl-C in the terminal of its program is not for it', async () => {
    const { pid } = await start();
    // proc_pid_stat(5): state, parent and process group behind the name.
    const [, group] = /\) \S \d+ (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    assert.equal(group, String(pid));
  });

  test('one that says nothing is gone when its time is up', async () => {
    const machine = await start(200);
    const told: string[] = [];
    machine.onEnded((why) => told.push(why));
    const fn = machine.open(EDU);
    process.kill(machine.pid, 'SIGSTOP');
    assert.equal(fn.config.read(0, 4), 0xffff_ffff);
    assert.match(told.join(), /^it did not answer "readl 0x[0-9a-f]+" in 200 ms$/);
    // Nobody waits for it a second time.
    assert.equal(fn.config.read(0, 1), 0xff);
  });

  test('the monitor refuses in its own words', async () => {
    const machine = await start();
    await assert.rejects(machine.monitor.execute('no-such-command'), {
      code: 'QEMU_COMMAND_FAILED',
      message: /no-such-command/,
    });
    assert.deepEqual(
      Object.keys((await machine.monitor.execute('query-status')) as object).includes('running'),
      true,
    );
  });

  for (const end of ['SIGKILL', 'exit', 'nothing more to do'] as const) {
    test(`it ends with a program that ends by ${end}`, async () => {
      const program = spawn(
        process.execPath,
        [fileURLToPath(new URL('leaves-qemu.js', import.meta.url)), end],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
        },
      );
      const [line] = (await once(program.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      assert.match(readFileSync(`/proc/${pid}/cmdline`, 'latin1'), /qemu-system/);
      program.stdin.end();
      if (end === 'SIGKILL') program.kill('SIGKILL');
      await once(program, 'exit');
      await until(
        () => hasEnded(pid),
        () => `QEMU ${pid} lives on`,
      );
    });
  }
});

/** Whoever it is left to may not have looked at it yet. */
function hasEnded(pid: number): boolean {
  const { stdout, status } = spawnSync('cat', [`/proc/${pid}/stat`], {
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status !== 0 || /\) [ZX] /.test(stdout);
}
