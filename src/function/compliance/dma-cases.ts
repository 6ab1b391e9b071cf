/** Cases of DMA: the device reads and writes the program's memory, and nothing besides. */
import { CommandBit } from '../../pci/index.js';
import { changeCommand } from '../command.js';
import type { Dma, DmaBuffer, DmaConstraints, Iova, PciFunction } from '../function.js';
import type { IommuFault } from '../host.js';
import { equal, holds, rejects, withMaster } from './checks.js';
import type { ComplianceCase, ComplianceSubject, DmaStimulus } from './subject.js';

const PAGE = 4096;

interface Parts {
  readonly subject: ComplianceSubject;
  readonly fn: PciFunction;
  readonly dma: Dma;
  readonly stimulus: DmaStimulus;
}

function dmaCase(name: string, run: (parts: Parts) => Promise<void>): ComplianceCase {
  return {
    name: `dma: ${name}`,
    needs: ['dma', 'memoryRegions'],
    wants: ['dma'],
    changes: true,
    run: (subject) =>
      withMaster(subject, async (fn) => {
        const { dma } = fn;
        holds('the function has DMA', dma !== undefined);
        const stimulus = subject.dma?.(fn);
        holds('there is a stimulus', stimulus !== undefined);
        await run({ subject, fn, dma, stimulus });
      }),
  };
}

function fill(buffer: DmaBuffer, value: (index: number) => number): Uint8Array {
  const bytes = buffer.bytes;
  for (let index = 0; index < bytes.length; index++) bytes[index] = value(index) & 0xff;
  return bytes;
}

const pattern = (index: number) => (index * 11 + 3) & 0xff;

/** Index of the first byte that is not as it should be, -1 when all are. */
function differs(bytes: Uint8Array, value: (index: number) => number): number {
  return bytes.findIndex((byte, index) => byte !== (value(index) & 0xff));
}

/** Milliseconds; long enough for a machine under load. */
const TOLD = 10_000;

interface FaultWatch extends Disposable {
  /** The first fault since the watch began; one may be told a moment after the access. */
  first(): Promise<IommuFault>;
}

/** What the machine tells of this function's faults, where it tells at all. */
function watchFaults({ machine, address }: ComplianceSubject): FaultWatch {
  let told: (fault: IommuFault) => void = () => undefined;
  const fault = new Promise<IommuFault>((resolve) => (told = resolve));
  const watch = machine.faults?.onFault((one) => {
    if (one.requester.equals(address)) told(one);
  });
  return {
    first: async () => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => {
          resolve(undefined);
        }, TOLD);
      });
      const first = await Promise.race([fault, late]);
      clearTimeout(timer);
      holds('the fault was told of', first !== undefined);
      return first;
    },
    [Symbol.dispose]: () => watch?.[Symbol.dispose](),
  };
}

export const dmaCases: readonly ComplianceCase[] = [
  dmaCase("memory is whole, aligned, zeroed and the program's own", async ({ dma }) => {
    using one = await dma.allocate(100);
    using two = await dma.allocate(3 * PAGE);
    for (const [buffer, bytes] of [
      [one, 100],
      [two, 3 * PAGE],
    ] as const) {
      holds('as large as asked for', buffer.bytes.length >= bytes);
      equal('page offset of the address', buffer.iova % BigInt(PAGE), 0n);
      equal(
        'first byte that is not 0',
        differs(buffer.bytes, () => 0),
        -1,
      );
    }
    const [low, high] = one.iova < two.iova ? [one, two] : [two, one];
    holds('addresses do not overlap', low.iova + BigInt(low.bytes.length) <= high.iova);
    fill(one, () => 0xff);
    equal(
      'the other is untouched',
      differs(two.bytes, () => 0),
      -1,
    );
  }),
  dmaCase(
    'the device reads what the program wrote, and the program what the device did',
    async ({ dma, stimulus }) => {
      using from = await dma.allocate(stimulus.bytes);
      using to = await dma.allocate(stimulus.bytes);
      fill(from, pattern);
      const target = fill(to, () => 0x5a);
      const bytes = Math.min(stimulus.bytes, 1000);
      await stimulus.copy(from.iova, (to.iova + 16n) as Iova, bytes);
      const expected = (index: number) => (index >= 16 && index < 16 + bytes ? pattern(index - 16) : 0x5a);
      equal('first byte that differs', differs(target, expected), -1);
    },
  ),
  dmaCase(
    'an address that was not given out is not written, and is told of',
    async ({ subject, dma, stimulus }) => {
      using from = await dma.allocate(PAGE);
      using to = await dma.allocate(PAGE);
      fill(from, pattern);
      const target = fill(to, () => 0x5a);
      using watch = watchFaults(subject);
      const above =
        (to.iova > from.iova ? to : from).iova + BigInt(Math.max(to.bytes.length, from.bytes.length));
      await stimulus.copy(from.iova, above as Iova, 64);
      equal(
        'first byte that differs',
        differs(target, () => 0x5a),
        -1,
      );
      if (subject.machine.faults === undefined) return;
      const fault = await watch.first();
      equal('access', fault.access, 'write');
      equal('address', fault.iova, above as Iova);
    },
  ),
  dmaCase('memory that was given back is not reached any more', async ({ subject, dma, stimulus }) => {
    using from = await dma.allocate(PAGE);
    const gone = await dma.allocate(PAGE);
    const { iova } = gone;
    gone[Symbol.dispose]();
    gone[Symbol.dispose]();
    using watch = watchFaults(subject);
    await stimulus.copy(from.iova, iova, 64);
    if (subject.machine.faults !== undefined) equal('address', (await watch.first()).iova, iova);
    using again = await dma.allocate(PAGE);
    equal(
      'first byte that is not 0',
      differs(again.bytes, () => 0),
      -1,
    );
  }),
  dmaCase('without bus mastering nothing is reached', async ({ fn, dma, stimulus }) => {
    using from = await dma.allocate(PAGE);
    using to = await dma.allocate(PAGE);
    fill(from, pattern);
    const target = fill(to, () => 0x5a);
    changeCommand(fn.config, 0, CommandBit.busMaster);
    await stimulus.copy(from.iova, to.iova, 64);
    equal(
      'first byte that differs',
      differs(target, () => 0x5a),
      -1,
    );
    changeCommand(fn.config, CommandBit.busMaster);
    await stimulus.copy(from.iova, to.iova, 64);
    equal('first byte that differs, with it', differs(target.subarray(0, 64), pattern), -1);
  }),
  dmaCase('a buffer is where the device needs it, in segments as it takes them', async ({ dma }) => {
    // One page first, so that what is aligned is so by more than luck.
    using page = await dma.allocate(PAGE);
    equal('segments where nothing is demanded', page.segments.length, 1);
    equal('the one segment begins with the buffer', page.segments[0]?.iova, page.iova);
    const bytes = 5 * PAGE + 100;
    const [alignment, boundary, segmentBytes] = [0x1_0000, 0x4000, 0x3000];
    const highest = 0xfff_ffffn as Iova;
    using buffer = await dma.allocate(bytes, { alignment, boundary, highest, segments: 4, segmentBytes });
    equal('alignment', buffer.iova % BigInt(alignment), 0n);
    holds('the device reaches its last byte', buffer.iova + BigInt(bytes) - 1n <= highest);
    holds('as many segments as it takes', buffer.segments.length <= 4);
    let next = buffer.iova;
    for (const { iova, bytes: size } of buffer.segments) {
      equal('a segment begins where the one before ends', iova, next);
      holds('a segment is not empty, and not too long', size > 0 && size <= segmentBytes);
      const last = iova + BigInt(size) - 1n;
      equal('boundary', iova / BigInt(boundary), last / BigInt(boundary));
      next = (iova + BigInt(size)) as Iova;
    }
    equal('bytes in all segments', next - buffer.iova, BigInt(bytes));
  }),
  dmaCase('what no address can satisfy is refused', async ({ dma }) => {
    const impossible: readonly (readonly [string, DmaConstraints])[] = [
      ['two pages in one segment that ends at a page', { boundary: PAGE }],
      ['two pages in one segment of a page', { segmentBytes: PAGE }],
      ['an alignment that is no power of two', { alignment: 3 * PAGE }],
      ['a boundary that is no power of two', { boundary: 3 * PAGE }],
    ];
    for (const [what, constraints] of impossible)
      await rejects(what, 'DMA_CONSTRAINTS', dma.allocate(2 * PAGE, constraints));
    await rejects(
      'memory below the first page',
      'DMA_NO_ADDRESS',
      dma.allocate(PAGE, { highest: 0xffen as Iova }),
    );
  }),
  dmaCase('a closed function allocates nothing', async ({ fn, dma }) => {
    fn.close();
    await rejects('allocate', 'FUNCTION_CLOSED', dma.allocate(PAGE));
  }),
];
