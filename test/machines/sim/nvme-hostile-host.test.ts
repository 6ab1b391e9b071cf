/** What a hostile host can do to the `nvme` model. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DmaResult, Iova } from '../../../src/function/index.js';
import { nvme } from '../../../src/machines/sim/models/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { MemoryBus } from './memory-bus.js';
import { MILLISECOND } from './nvme-device.js';
import {
  CC_ENABLED,
  completionBase,
  encodeCommand,
  submissionBase,
  type CommandFields,
} from './nvme-host.js';

const any64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
/** Commands that are nearly right, so that each check of a command is met, and those behind it. */
const nearlyRight = fc.record({
  opcode: fc.oneof(fc.constantFrom(0, 1, 2, 4, 5, 6, 8, 9, 10, 12), fc.nat(0xff)),
  flags: fc.constantFrom(0, 0, 0, 0, 0, 0x40),
  namespace: fc.constantFrom(1, 1, 1, 0, 2, 0xffff_ffff),
  prp1: fc.oneof(fc.constantFrom(0x18_0000n, 0x18_0004n, 0x19_0ff0n, 0x10_8000n, 0x10_c000n), any64),
  prp2: fc.oneof(fc.constantFrom(0x19_0000n, 0x19_0ff8n, 0x1a_0000n, 0n), any64),
  dword10: fc.oneof(fc.constantFrom(0, 1, 2, 0x000f_0001, 0x000f_0002, 0x000f_0003), fc.nat(0xffff_ffff)),
  dword11: fc.oneof(fc.constantFrom(0, 1, 3, 0x1_0001, 0x1_0003), fc.nat(0xffff_ffff)),
  dword12: fc.oneof(fc.nat(0x7f), fc.nat(0x7f), fc.nat(0xffff_ffff)),
});
/** What a hostile host does: registers of any value, queues of any content, time that passes or does not. */
const hostile = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('register' as const),
      offset: fc.oneof(
        fc.nat(0x3f).map((dword) => dword * 4),
        fc.nat(0x3ff).map((dword) => 0x1000 + dword * 4),
        fc.nat(0xb).map((dword) => 0x1000 + dword * 4),
      ),
      width: fc.constantFrom<1 | 2 | 4>(4, 4, 4, 2, 1),
      value: fc.oneof(fc.nat(0xffff_ffff), fc.nat(20), fc.constantFrom(CC_ENABLED, CC_ENABLED | 0x4000)),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      queue: fc.nat(2),
      fields: nearlyRight,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('head' as const), queue: fc.nat(2), head: fc.nat(15) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      nanoseconds: fc.constantFrom(0, 1_000, 100_000, MILLISECOND),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

test('no register write and no queue content throws, loops or piles up work', async (t) => {
  const seen = new Map<number, number>();
  await checkProperty(
    'nvme: a hostile host',
    fc.property(
      fc.array(hostile, { maxLength: 200, size: 'max' }),
      fc.constantFrom(0, 1_000),
      (actions, latency) => {
        const disk = new Uint8Array(64 << 10);
        const bus = new CountingBus(seen);
        const model = nvme.create(nvme.options({ disk, queues: 4, latency }), 0, bus);
        const write = (offset: number, value: number) => {
          model.write(0, offset, 4, value);
        };
        const tails = [0, 0, 0];
        const submit = (queue: number, fields: CommandFields) => {
          const tail = tails[queue] ?? 0;
          bus.memory.set(encodeCommand(tail, fields), submissionBase(queue) + tail * 64);
          tails[queue] = (tail + 1) % 16;
          write(0x1000 + queue * 8, tails[queue] ?? 0);
        };
        const restart = () => {
          tails.fill(0);
          for (const [offset, value] of [
            [0x14, 0],
            [0x24, 0x000f_000f],
            [0x28, submissionBase(0)],
            [0x2c, 0],
            [0x30, completionBase(0)],
            [0x34, 0],
            [0x14, CC_ENABLED],
          ] as const) {
            write(offset, value);
          }
          bus.advance(MILLISECOND);
          for (const id of [1, 2]) {
            const dword10 = (15 << 16) | id;
            submit(0, { opcode: 5, prp1: completionBase(id), dword10, dword11: 3 });
            submit(0, { opcode: 1, prp1: submissionBase(id), dword10, dword11: (id << 16) | 1 });
          }
          bus.advance(MILLISECOND);
        };
        // Lists that point to themselves.
        const view = new DataView(bus.memory.buffer);
        for (let at = 0x19_0000; at < 0x19_1000; at += 8) view.setBigUint64(at, 0x19_0000n, true);
        restart();
        for (const action of actions) {
          if (action.kind === 'register') {
            const mask = 2 ** (action.width * 8) - 1;
            model.write(0, action.offset & -action.width, action.width, (action.value & mask) >>> 0);
            const read = model.read(0, action.offset, 4);
            assert.ok(read === read >>> 0);
          } else if (action.kind === 'command') {
            submit(action.queue, action.fields);
          } else if (action.kind === 'head') {
            write(0x1004 + action.queue * 8, action.head);
          } else if (action.kind === 'restart') {
            restart();
          } else {
            // The queues hold less than 5 * 1024 commands; each event of the clock takes one.
            assert.ok(bus.advance(action.nanoseconds) <= 5 * 1024 + 2);
          }
          assert.ok(bus.timers <= 5 + 2, `${bus.timers} timers`);
        }
      },
    ),
  );
  const count = [...seen.values()].reduce((sum, one) => sum + one, 0);
  t.diagnostic(`${count} completions of ${seen.size} statuses`);
  assert.ok(count > 1_000 && seen.size > 8, 'the commands were reached');
});

/** Counts what the controller completes, by status. */
class CountingBus extends MemoryBus {
  readonly #seen: Map<number, number>;

  constructor(seen: Map<number, number>) {
    super(4 << 20);
    this.#seen = seen;
    this.messages = 'msix';
  }

  override dmaWrite(iova: Iova, from: Uint8Array): DmaResult {
    if (from.length === 16) {
      const status = new DataView(from.buffer, from.byteOffset).getUint16(14, true) >>> 1;
      this.#seen.set(status, (this.#seen.get(status) ?? 0) + 1);
    }
    return super.dmaWrite(iova, from);
  }
}
