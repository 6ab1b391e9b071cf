/** A program that was recorded runs on the recording as it ran on the machine, and is stopped where it does something else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, describe, test } from 'node:test';
import { driveEdu } from '../../../examples/edu.js';
import { applicability, COMPLIANCE_CASES } from '../../../src/function/compliance/index.js';
import { changeCommand, type Dma, type Machine, type PciFunction } from '../../../src/function/index.js';
import {
  openMachine,
  recordMachine,
  ReplayDiffersError,
  ReplayMachine,
} from '../../../src/machines/index.js';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { CommandBit, notations, OpenslotError } from '../../../src/pci/index.js';
import { simulatedSubjects } from '../../function/stimuli.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-recording-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const EDU = notations.hex.parse('01:00.0');

type Program = (fn: PciFunction) => Promise<void> | void;

let files = 0;
function fresh(): string {
  return join(folder, `${++files}.jsonl`);
}

async function recorded(program: Program): Promise<string> {
  const file = fresh();
  using machine = recordMachine(new SimMachine(), file);
  using fn = machine.open(EDU);
  await program(fn);
  return file;
}

async function replayed(file: string, program: Program): Promise<void> {
  using machine = await openMachine(`replay:${file}`);
  using fn = machine.open(EDU);
  await program(fn);
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}

function dmaOf({ dma }: PciFunction): Dma {
  assert.ok(dma);
  return dma;
}

/** What stopped the program. */
async function difference(file: string, program: Program): Promise<ReplayDiffersError> {
  try {
    await replayed(file, program);
  } catch (error) {
    assert.ok(error instanceof ReplayDiffersError, String(error));
    return error;
  }
  throw new Error('the program was not stopped');
}

async function refusal(action: () => Promise<unknown>): Promise<OpenslotError> {
  const error: unknown = await action().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof OpenslotError, String(error));
  return error;
}

describe('a recorded program, replayed', () => {
  test('the example for edu: registers, interrupts, DMA both ways', async () => {
    await replayed(await recorded(driveEdu), driveEdu);
  });

  test('every case of the compliance suite that changes a function', async () => {
    let ran = 0;
    for (const { address, dma, ...others } of simulatedSubjects(new SimMachine())) {
      // The others show nothing that these do not.
      if (others.memoryRegion === undefined) continue;
      // The one of edu polls a hundred thousand times; a copy engine's cases are the same.
      const stimuli = { ...others, ...(dma === undefined || address.equals(EDU) ? {} : { dma }) };
      for (const one of COMPLIANCE_CASES) {
        const subjectOf = (machine: Machine) => ({ ...stimuli, machine, address });
        const file = fresh();
        {
          using machine = recordMachine(new SimMachine(undefined, { clock: 'manual' }), file);
          // What a case finds beside the function is the machine's own, and in no recording.
          if (applicability(one, subjectOf(machine), true) !== 'runs') continue;
          await one.run(subjectOf(machine));
        }
        using machine = await openMachine(`replay:${file}`);
        await one.run(subjectOf(machine));
        ran++;
      }
    }
    assert.ok(ran > 60, `${ran} cases ran`);
  });

  test('memory that is polled without an access changes as it did', async () => {
    const program: Program = async (fn) => {
      fn.setEnabled(true);
      changeCommand(fn.config, CommandBit.busMaster);
      using memory = await dmaOf(fn).allocate(4096);
      using region = fn.openRegion(0);
      region.write64(0x80, 0x4_0000n);
      region.write64(0x88, memory.iova);
      region.write64(0x90, 16n);
      memory.bytes.fill(0xaa, 0, 16);
      region.write64(0x98, 3n);
      for (let turn = 0; memory.bytes[0] !== 0; turn++) {
        assert.ok(turn < 10_000);
        await sleep(1);
      }
      assert.equal(memory.bytes.subarray(0, 16).join(), new Uint8Array(16).join());
    };
    await replayed(await recorded(program), program);
  });

  test('refusals come again with their codes', async () => {
    const program: Program = async (fn) => {
      const { interrupts } = fn;
      assert.ok(interrupts);
      const code = (action: () => unknown) => {
        try {
          action();
        } catch (error) {
          return error instanceof OpenslotError ? error.code : String(error);
        }
        return 'none';
      };
      using _ = interrupts.open({ kind: 'msi', vector: 0 });
      assert.equal(
        code(() => interrupts.open({ kind: 'msi', vector: 0 })),
        'INTERRUPT_TAKEN',
      );
      assert.equal(
        code(() => fn.openRegion(5)),
        'REGION_ABSENT',
      );
      assert.equal(
        code(() => fn.config.read(3, 2)),
        'CONFIG_UNALIGNED',
      );
      const tooMuch = dmaOf(fn).allocate(2 ** 40);
      assert.equal((await refusal(() => tooMuch)).code, 'MACHINE_MEMORY');
    };
    await replayed(await recorded(program), program);
  });

  test('what is no access is in no recording', async () => {
    const file = await recorded((fn) => {
      using region = fn.openRegion(0);
      assert.throws(() => region.read32(2), { code: 'REGION_UNALIGNED' });
      assert.throws(() => fn.config.read(4096, 1), { code: 'CONFIG_OUT_OF_RANGE' });
    });
    assert.ok(!linesOf(file).some((line) => line.includes('refused')));
  });
});

describe('a program that was changed', () => {
  const program =
    (value: number, reads = 1): Program =>
    async (fn) => {
      fn.setEnabled(true);
      using region = fn.openRegion(0);
      region.write32(0x04, value);
      for (let read = 0; read < reads; read++) region.read32(0x04);
      using memory = await dmaOf(fn).allocate(64);
      memory.bytes[3] = value & 0xff;
      region.read32(0x00);
    };

  test('is stopped at the first access that differs, with both, and stays stopped', async () => {
    const file = await recorded(program(1));
    const line = linesOf(file).findIndex((text) => text.includes('"op":"write"')) + 1;
    const error = await difference(file, program(2));
    assert.deepEqual(
      [error.line, error.wanted, error.got],
      [
        line,
        'write 0x1, 4 wide, at 0x4 of region 0 of 0000:01:00.0',
        'write 0x2, 4 wide, at 0x4 of region 0 of 0000:01:00.0',
      ],
    );
    await difference(file, async (fn) => {
      assert.throws(() => fn.config.read(0, 4), ReplayDiffersError);
      await program(1)(fn);
    });
  });

  test('whoever serves it to others is told once, with the line', async () => {
    const file = await recorded(program(1));
    using machine = new ReplayMachine(file);
    const told: string[] = [];
    machine.onStopped((error) => told.push(`${error.code} ${String(error.evidence['line'])}`));
    using fn = machine.open(EDU);
    for (let time = 0; time < 2; time++)
      await assert.rejects(async () => program(3)(fn), { code: 'REPLAY_DIFFERS' });
    assert.equal(told.length, 1);
    assert.match(told.join(), /^REPLAY_DIFFERS \d+$/);
  });

  test('one access too many, one too few, one more at the end', async () => {
    const file = await recorded(program(1));
    assert.match((await difference(file, program(1, 2))).got, /^read 4 at 0x4/);
    assert.match((await difference(file, program(1, 0))).wanted, /^read 4 at 0x4/);
    using machine = await openMachine(`replay:${file}`);
    {
      using fn = machine.open(EDU);
      await program(1)(fn);
    }
    assert.throws(() => machine.open(EDU), { code: 'REPLAY_DIFFERS', wanted: 'the end of the recording' });
  });

  test('other content in a buffer', async () => {
    const write =
      (place: number): Program =>
      async (fn) => {
        using memory = await dmaOf(fn).allocate(4096);
        memory.bytes[place] = 7;
        fn.config.read(0, 4);
      };
    const file = await recorded(write(100));
    const { wanted, got } = await difference(file, write(200));
    assert.match(wanted, /^change buffer 1 at 0x64 \(1 bytes/);
    assert.match(got, /^change buffer 1 at 0xc8 \(1 bytes/);
    assert.match(
      (
        await difference(file, async (fn) => {
          using _ = await dmaOf(fn).allocate(4096);
          fn.config.read(0, 4);
        })
      ).got,
      /^read 4 of configuration space/,
    );
  });

  test('one that waits for an interrupt which its changed accesses never bring is told so, and does not hang', () => {
    const file = fresh();
    const script = (raise: boolean) => `
      import { openMachine } from 'openslot/machines';
      import { notations } from 'openslot/pci';
      using machine = await openMachine(process.argv[1]);
      using fn = machine.open(notations.hex.parse('01:00.0'));
      fn.setEnabled(true);
      fn.config.write(4, 2, fn.config.read(4, 2) | 4);
      using region = fn.openRegion(0);
      using stream = fn.interrupts.open({ kind: 'msi', vector: 0 });
      const next = stream[Symbol.asyncIterator]().next();
      ${raise ? 'region.write32(0x60, 1);' : ''}
      await next;`;
    const run = (name: string, raise: boolean, record?: string) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', lowered(script(raise)), name], {
        encoding: 'utf8',
        env: { ...process.env, ...(record === undefined ? {} : { OPENSLOT_RECORD: record }) },
      });
    const first = run('sim', true, file);
    assert.equal(first.status, 0, first.stderr);
    const same = run(`replay:${file}`, true);
    assert.equal(same.status, 0, same.stderr);
    const other = run(`replay:${file}`, false);
    assert.match(other.stderr, /recorded was "write 0x1, 4 wide, at 0x60.*next is "await msi0/);
  });
});

/** Node 20 has no `using`. */
function lowered(script: string): string {
  return script.replaceAll('using ', 'const ');
}

describe('a file', () => {
  test('that was cut off is good up to there, and says where', async () => {
    const file = await recorded((fn) => {
      for (let offset = 0; offset < 0x40; offset += 4) fn.config.read(offset, 4);
    });
    const lines = linesOf(file);
    const whole = lines.slice(0, 10).join('\n');
    const cut = fresh();
    writeFileSync(cut, `${whole}\n${lines[10]?.slice(0, 20) ?? ''}`);
    const error = await refusal(() =>
      replayed(cut, (fn) => {
        for (let offset = 0; offset < 0x40; offset += 4) fn.config.read(offset, 4);
      }),
    );
    assert.equal(error.code, 'RECORDING_TRUNCATED');
    assert.deepEqual(
      [error.evidence['line'], error.evidence['byte'], error.evidence['got']],
      [10, whole.length + 1, 'read 4 of configuration space at 0x1c of 0000:01:00.0'],
    );
  });

  test('of another kind is refused with its line', async () => {
    for (const [text, code] of [
      ['', 'RECORDING_TRUNCATED'],
      ['roots: []\n', 'RECORDING_MALFORMED'],
      ['{"op":"end"}\n', 'RECORDING_MALFORMED'],
      ['{"op":"recording","version":2}\n', 'RECORDING_MALFORMED'],
    ] as const) {
      const file = fresh();
      writeFileSync(file, text);
      assert.equal((await refusal(() => openMachine(`replay:${file}`))).code, code, text);
    }
    assert.equal((await refusal(() => openMachine(`replay:${folder}/none`))).code, 'RECORDING_FILE');
    assert.equal((await refusal(() => openMachine('replay'))).code, 'MACHINE_UNKNOWN');
  });

  test('whose lines were tampered with stops there', async () => {
    const file = await recorded(driveEdu);
    const lines = linesOf(file);
    for (const [from, to] of [
      ['"op":"interrupt.next"', '"op":"interrupt.open"'],
      ['"at":2048', '"at":4090'],
      ['"buffer":1,"size"', '"buffer":2,"size"'],
      ['"width":4', '"width":3'],
    ] as const) {
      const damaged = fresh();
      const index = lines.findIndex((line) => line.includes(from));
      assert.ok(index > 0, from);
      writeFileSync(
        damaged,
        lines.map((line, at) => (at === index ? line.replace(from, to) : line)).join('\n') + '\n',
      );
      const { code, evidence } = await refusal(() => replayed(damaged, driveEdu));
      assert.match(code, /^(REPLAY_DIFFERS|RECORDING_MALFORMED)$/, from);
      assert.equal(evidence['line'], index + 1, from);
    }
  });

  test('is private, and is there as far as it goes when the program is killed', async () => {
    const file = fresh();
    const script = `
      const { openMachine } = await import('openslot/machines');
      const { notations } = await import('openslot/pci');
      const machine = await openMachine('sim');
      const fn = machine.open(notations.hex.parse('01:00.0'));
      fn.config.read(0, 4);
      process.kill(process.pid, 'SIGKILL');`;
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, OPENSLOT_RECORD: file },
    });
    assert.equal(signal, 'SIGKILL');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(linesOf(file).at(-1) ?? '', /"op":"config.read".*"is":"0x11e81234"/);
    const error = await refusal(() =>
      replayed(file, (fn) => {
        assert.equal(fn.config.read(0, 4), 0x11e8_1234);
        fn.config.read(4, 4);
      }),
    );
    assert.equal(error.code, 'RECORDING_TRUNCATED');
  });

  test('of a program that ends by an exception is whole', () => {
    const file = fresh();
    const script = `
      const { openMachine } = await import('openslot/machines');
      await openMachine('sim');
      throw new Error('on purpose');`;
    spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, OPENSLOT_RECORD: file },
    });
    assert.equal(linesOf(file).at(-1), '{"op":"end"}');
  });

  test('tells of DMA that reached nothing', async () => {
    const file = await recorded(async (fn) => {
      fn.setEnabled(true);
      changeCommand(fn.config, CommandBit.busMaster);
      using region = fn.openRegion(0);
      region.write64(0x80, 0x4_0000n);
      region.write64(0x88, 0x770_0000n);
      region.write64(0x90, 16n);
      region.write64(0x98, 3n);
      for (let poll = 0; (region.read32(0x98) & 1) !== 0 && poll < 1e6; poll++);
      await Promise.resolve();
    });
    const fault = linesOf(file).find((line) => line.includes('"op":"fault"')) ?? '';
    assert.match(fault, /"device":"0000:01:00.0","access":"write","iova":"0x7700000","why":"unmapped"/);
  });

  test('of a machine with a single device replays as a machine of it', async () => {
    const file = fresh();
    recordMachine(new SimMachine(parseMachine('roots: [{slots: [{slot: "03", model: testdev}]}]')), file)[
      Symbol.dispose
    ]();
    using machine = await openMachine(`replay:${file}`);
    assert.deepEqual(
      machine.list().map(({ address, vendor, driver }) => [String(address), vendor, driver]),
      [['0000:00:03.0', 0x1234, undefined]],
    );
  });
});
