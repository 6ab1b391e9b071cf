/** Random programs: what a recording answers is what the machine did, and any one change is found where it was made. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import {
  changeCommand,
  type ConfigWidth,
  type DmaBuffer,
  type InterruptStream,
  type Machine,
  type Region,
} from '../../../src/function/index.js';
import { recordMachine, ReplayDiffersError, ReplayMachine } from '../../../src/machines/index.js';
import { SimMachine } from '../../../src/machines/sim/index.js';
import { CommandBit, notations, OpenslotError } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-random-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const EDU = notations.hex.parse('01:00.0');

type Step =
  | { readonly do: 'config'; readonly offset: number; readonly width: ConfigWidth; readonly value?: number }
  | { readonly do: 'region'; readonly offset: number; readonly width: 1 | 2 | 4 | 8; readonly value?: number }
  | { readonly do: 'fill'; readonly at: number; readonly bytes: number; readonly value: number }
  | { readonly do: 'transfer'; readonly bytes: number; readonly toMemory: boolean }
  | { readonly do: 'raise' | 'wait' | 'iterate' | 'reset' | 'allocate' | 'free' };

const width = fc.constantFrom<ConfigWidth>(1, 2, 4);
const value = fc.option(fc.integer({ min: 0, max: 0xff }), { nil: undefined });
/** Aligned or not; what is no access must leave no trace. */
const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ offset: fc.integer({ min: 0x0c, max: 0x110 }), width, value })
    // Decoding and the BARs stay as they are: a program that moves them reads all ones ever after.
    .filter(({ offset, value: written }) => written === undefined || (offset >= 0x3c && offset < 0x40))
    .map((rest): Step => ({ do: 'config', ...defined(rest) })),
  fc
    .record({ offset: fc.integer({ min: 0, max: 0xa0 }), width: fc.constantFrom(1, 2, 4, 8), value })
    .map((rest): Step => ({ do: 'region', ...(defined(rest) as { offset: number; width: 4 }) })),
  fc.record({
    do: fc.constant('fill' as const),
    at: fc.integer({ min: 0, max: 4000 }),
    bytes: fc.integer({ min: 1, max: 96 }),
    value: fc.integer({ min: 0, max: 255 }),
  }),
  fc.record({
    do: fc.constant('transfer' as const),
    bytes: fc.integer({ min: 1, max: 4096 }),
    toMemory: fc.boolean(),
  }),
  fc
    .constantFrom(
      'raise' as const,
      'wait' as const,
      'iterate' as const,
      'reset' as const,
      'allocate' as const,
      'free' as const,
    )
    .map((name): Step => ({ do: name })),
);

function defined<T extends { readonly value?: number | undefined }>(
  step: T,
): Omit<T, 'value'> & { readonly value?: number } {
  const { value: written, ...rest } = step;
  return written === undefined ? rest : { ...rest, value: written };
}

/** Runs the steps. @returns all that the program saw. */
async function run(machine: Machine, steps: readonly Step[], seen: unknown[]): Promise<void> {
  using fn = machine.open(EDU);
  const { dma, interrupts } = fn;
  assert.ok(dma && interrupts);
  fn.setEnabled(true);
  changeCommand(fn.config, CommandBit.busMaster);
  using region = fn.openRegion(0);
  using stream = interrupts.open({ kind: 'msi', vector: 0 });
  const buffers: DmaBuffer[] = [await dma.allocate(4096)];
  for (const one of steps) {
    try {
      seen.push(await make(one, { region, stream, buffers }));
    } catch (error) {
      if (!(error instanceof OpenslotError) || error instanceof ReplayDiffersError) throw error;
      seen.push(error.code);
    }
    seen.push(buffers.map(({ bytes }) => Buffer.from(bytes).toString('latin1')));
  }

  async function make(
    one: Step,
    parts: { region: Region; stream: InterruptStream; buffers: DmaBuffer[] },
  ): Promise<unknown> {
    const [first] = parts.buffers;
    switch (one.do) {
      case 'config':
        if (one.value === undefined) return fn.config.read(one.offset, one.width);
        return fn.config.write(one.offset, one.width, one.value);
      case 'region':
        return access(parts.region, one);
      case 'fill':
        return first?.bytes.fill(one.value, one.at, one.at + one.bytes).length;
      case 'transfer': {
        if (first === undefined) return 'no buffer';
        const [from, to] = one.toMemory ? [0x4_0000n, first.iova] : [first.iova, 0x4_0000n];
        parts.region.write64(0x80, from);
        parts.region.write64(0x88, to);
        parts.region.write64(0x90, BigInt(one.bytes));
        parts.region.write64(0x98, one.toMemory ? 7n : 5n);
        return parts.stream.wait(1000)?.count;
      }
      case 'raise':
        return parts.region.write32(0x60, 1);
      case 'wait':
        return parts.stream.wait(1)?.count;
      case 'iterate': {
        parts.region.write32(0x60, 2);
        for await (const { count } of parts.stream) return count;
        return 'ended';
      }
      case 'reset':
        return fn.reset();
      case 'allocate':
        parts.buffers.push(await (dma ?? assert.fail()).allocate(100));
        return parts.buffers.at(-1)?.iova;
      case 'free':
        return parts.buffers.pop()?.[Symbol.dispose]();
    }
  }
}

function access(region: Region, { offset, width: bytes, value: written }: Step & { do: 'region' }): unknown {
  if (bytes === 8)
    return written === undefined ? region.read64(offset) : region.write64(offset, BigInt(written));
  if (bytes === 4) return written === undefined ? region.read32(offset) : region.write32(offset, written);
  if (bytes === 2) return written === undefined ? region.read16(offset) : region.write16(offset, written);
  return written === undefined ? region.read8(offset) : region.write8(offset, written);
}

let files = 0;
async function record(steps: readonly Step[]): Promise<{ readonly file: string; readonly seen: unknown[] }> {
  const file = join(folder, `${++files}.jsonl`);
  const seen: unknown[] = [];
  using machine = recordMachine(new SimMachine(undefined, { clock: 'manual' }), file);
  await run(machine, steps, seen);
  return { file, seen };
}

test('a program sees on its recording what it saw on the machine', async () => {
  await checkProperty(
    'recording: replay is what was recorded',
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { file, seen } = await record(steps);
      using machine = new ReplayMachine(file);
      const again: unknown[] = [];
      await run(machine, steps, again);
      assert.deepEqual(again, seen);
    }),
    { numRuns: 25 },
  );
});

/** The questions of a recording, without what was answered. */
function questions(file: string): { readonly line: number; readonly text: string }[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((text, index) => ({ line: index + 1, entry: JSON.parse(text) as Record<string, unknown> }))
    .filter(
      ({ entry }) =>
        !/^(recording|inventory|interrupt|memory\.device|.*\.done|dma\.allocated|fault)$/.test(
          String(entry['op']),
        ),
    )
    .map(({ line, entry }) => ({
      line,
      text: JSON.stringify({ ...entry, is: undefined, refused: undefined }),
    }));
}

test('a program with one step changed is stopped exactly where it differs', async () => {
  await checkProperty(
    'recording: a changed program is stopped at its first difference',
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 15 }),
      step,
      fc.nat(),
      async (steps, other, place) => {
        const at = place % steps.length;
        const changed = steps.map((one, index) => (index === at ? other : one));
        const { file } = await record(steps);
        // What the changed program asks as long as it is answered the same: until there both are one program.
        const { file: changedFile } = await record(changed);
        const [before, now] = [questions(file), questions(changedFile)];
        const first = before.findIndex(({ text }, index) => text !== now[index]?.text);
        using machine = new ReplayMachine(file);
        const stopped = await run(machine, changed, []).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (first < 0) {
          assert.equal(stopped, undefined);
          return;
        }
        assert.ok(stopped instanceof ReplayDiffersError, String(stopped));
        assert.equal(stopped.line, before[first]?.line);
      },
    ),
    { numRuns: 25 },
  );
});
