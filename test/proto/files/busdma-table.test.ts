/** FreeBSD's requests, whatever a program makes of them: against a model of their rules, over the simulated machine's DMA. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '../../kept-seeds.js';
import {
  ANY,
  EDU,
  eduMachine,
  errnoOf,
  folderOf,
  openBusdma,
  ownMemory,
  Program,
  Request,
  type MapNumbers,
  type TagNumbers,
} from './busdma-program.js';

const MEMORY = 0x40_0000;
const CLIENT_BYTES = 0x8000;

interface ModelTag {
  readonly numbers: TagNumbers;
  readonly parent: ModelTag | undefined;
}

interface ModelMap {
  readonly tag: ModelTag;
  readonly allocated: boolean;
  /** Undefined while it is not loaded. */
  place: MapNumbers | undefined;
}

const min = (one: bigint, other: bigint) => (one < other ? one : other);

/** What the page of rules says that a tag becomes. */
function modelNumbers(given: TagNumbers, parent: TagNumbers | undefined): TagNumbers {
  const maxsegsz = given.maxsegsz > given.maxsz || given.nsegs === 1 ? given.maxsz : given.maxsegsz;
  const own = { ...given, maxsegsz, bndry: given.bndry === 0n ? 0xffff_ffffn : given.bndry };
  if (parent === undefined) return own;
  return {
    align: own.align > parent.align ? own.align : parent.align,
    bndry: min(own.bndry, parent.bndry),
    maxaddr: min(own.maxaddr, parent.maxaddr),
    maxsz: min(own.maxsz, parent.maxsz),
    maxsegsz: min(own.maxsegsz, parent.maxsegsz),
    nsegs: Math.min(own.nsegs, parent.nsegs),
    datarate: Math.min(own.datarate, parent.datarate),
  };
}

/** The program and what it should have, side by side. */
class Sides {
  readonly tags = new Map<bigint, ModelTag>();
  readonly maps = new Map<bigint, ModelMap>();
  readonly program: Program;
  readonly memory = ownMemory(CLIENT_BYTES);

  constructor(program: Program) {
    this.program = program;
  }

  /** A key of those that were ever given; most are still good. */
  key(of: 'tag' | 'map', choice: number): bigint {
    const keys = [...(of === 'tag' ? this.tags : this.maps).keys()];
    const key = keys[choice % (keys.length + 1)];
    if (key !== undefined) return key;
    // One of the other kind, or of none.
    const [foreign = 0x1234_5678n] = (of === 'tag' ? this.maps : this.tags).keys();
    return foreign;
  }

  check(): void {
    const places = [...this.maps.values()].flatMap(({ place }) => (place === undefined ? [] : [place]));
    for (const place of places)
      for (const other of places) {
        if (place === other) continue;
        assert.ok(
          place.busAddr + place.virtSize <= other.busAddr || other.busAddr + other.virtSize <= place.busAddr,
          'no two maps have one address',
        );
      }
  }
}

type Step = fc.AsyncCommand<Sides, Sides>;

/** The numbers of the tag hold for the map at this place. */
async function checkPlace(
  sides: Sides,
  key: bigint,
  { numbers }: ModelTag,
  place: MapNumbers,
  bytes: bigint,
): Promise<void> {
  assert.equal(place.virtSize, bytes);
  assert.equal(place.physNsegs, 1);
  if (numbers.align > 0n) assert.equal(place.busAddr % numbers.align, 0n);
  assert.ok(place.busAddr + bytes - 1n <= numbers.maxaddr);
  assert.ok(place.busNsegs >= 1 && place.busNsegs <= numbers.nsegs);
  let behind = 0n;
  for (let index = 0; index < place.busNsegs; index++) {
    const segment = await sides.program.segment(key, index);
    assert.deepEqual(
      [segment.busAddr, segment.physAddr, segment.virtAddr],
      [place.busAddr + behind, place.physAddr + behind, place.virtAddr + behind],
    );
    assert.ok(segment.virtSize > 0n && segment.virtSize <= numbers.maxsegsz);
    const last = segment.busAddr + segment.virtSize - 1n;
    if (numbers.bndry !== 0xffff_ffffn) assert.equal(segment.busAddr / numbers.bndry, last / numbers.bndry);
    behind += segment.virtSize;
  }
  assert.equal(behind, bytes);
  assert.equal(await errnoOf(sides.program.segment(key, place.busNsegs)), 'EINVAL');
}

function step(name: string, run: (sides: Sides) => Promise<void>): Step {
  return {
    check: () => true,
    run: async (_model, sides) => {
      await run(sides);
      sides.check();
    },
    toString: () => name,
  };
}

const isPower = (value: bigint) => value > 0n && (value & (value - 1n)) === 0n;

/** Whether maps can be made of a tag at all. */
function usable({ align, bndry, maxsz, maxsegsz, nsegs }: TagNumbers): boolean {
  if (maxsz === 0n || maxsegsz === 0n || nsegs === 0) return false;
  return (align === 0n || isPower(align)) && (bndry === 0xffff_ffffn || isPower(bndry));
}

/** Segments from a boundary on, one after the other. */
function fewestSegments({ bndry, maxsegsz }: TagNumbers, bytes: bigint): number {
  const window = bndry === 0xffff_ffffn ? 1n << 40n : bndry;
  let pieces = 0;
  for (let at = 0n; at < bytes; pieces++) at = min(bytes, min(at + maxsegsz, (at / window + 1n) * window));
  return pieces;
}

/** Mostly good ones, so that there are maps to do something with. */
function mostly<T>(good: readonly T[], bad: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  );
}

const ANYWHERE = 0xffff_ffff_ffff_ffffn;
const numbers: fc.Arbitrary<TagNumbers> = fc.record({
  align: mostly([1n, 16n, 4096n, 0x1_0000n], [0n, 3n]),
  bndry: mostly([0n, 0n, 4096n, 0x2000n, 0x2_0000n], [5n]),
  maxaddr: mostly([ANYWHERE, 0xffff_ffffn, 0xfff_ffffn], [0x1f_ffffn, 0n]),
  maxsz: mostly([1n, 100n, 4096n, 8192n, 20_000n], [0n, 0x1_0000_0000n]),
  maxsegsz: mostly([4096n, 6000n, 0x10_0000n], [0n]),
  nsegs: mostly([1, 3, 16, 16], [0]),
  datarate: fc.nat(3),
});
const choice = fc.nat(12);

const steps = [
  fc.record({ given: numbers, parent: fc.option(choice, { nil: undefined }) }).map(({ given, parent }) =>
    step(`tag of ${parent ?? 'none'}`, async (sides) => {
      const key = parent === undefined ? undefined : sides.key('tag', parent);
      const above = key === undefined ? undefined : sides.tags.get(key);
      if (key !== undefined && above === undefined) {
        assert.equal(await errnoOf(sides.program.tag(given, key)), 'EINVAL');
        return;
      }
      const made = await sides.program.tag(given, key);
      const expected = modelNumbers(given, above?.numbers);
      assert.deepEqual(made.numbers, expected);
      assert.ok(!sides.tags.has(made.key) && !sides.maps.has(made.key));
      sides.tags.set(made.key, { numbers: expected, parent: above });
    }),
  ),
  choice.map((which) =>
    step(`destroy tag ${which}`, async (sides) => {
      const key = sides.key('tag', which);
      const tag = sides.tags.get(key);
      const used =
        [...sides.maps.values()].some((map) => map.tag === tag) ||
        [...sides.tags.values()].some((other) => other.parent === tag);
      const expected = tag === undefined ? 'EINVAL' : used ? 'EBUSY' : '';
      assert.equal(await sides.program.errno(Request.tagDestroy, key), expected);
      if (expected === '') sides.tags.delete(key);
    }),
  ),
  choice.map((which) =>
    step(`allocate of ${which}`, async (sides) => {
      const key = sides.key('tag', which);
      const tag = sides.tags.get(key);
      if (tag === undefined || !usable(tag.numbers)) {
        assert.equal(await errnoOf(sides.program.allocate(key)), 'EINVAL');
        return;
      }
      if (fewestSegments(tag.numbers, tag.numbers.maxsz) > tag.numbers.nsegs) {
        assert.equal(await errnoOf(sides.program.allocate(key)), 'EFBIG');
        return;
      }
      if (tag.numbers.maxaddr === 0n || tag.numbers.maxsz > BigInt(MEMORY)) {
        assert.equal(await errnoOf(sides.program.allocate(key)), 'ENOMEM');
        return;
      }
      const outcome = await sides.program.allocate(key).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        assert.equal((outcome as { errno?: string }).errno, 'ENOMEM');
        assert.ok(sides.maps.size > 0, 'all that the device reaches is taken');
        return;
      }
      const { key: map, map: place } = outcome as Awaited<ReturnType<Program['allocate']>>;
      sides.maps.set(map, { tag, allocated: true, place });
      await checkPlace(sides, map, tag, place, tag.numbers.maxsz);
    }),
  ),
  choice.map((which) =>
    step(`create of ${which}`, async (sides) => {
      const key = sides.key('tag', which);
      const tag = sides.tags.get(key);
      if (tag === undefined || !usable(tag.numbers)) {
        assert.equal(await errnoOf(sides.program.create(key)), 'EINVAL');
        return;
      }
      sides.maps.set(await sides.program.create(key), { tag, allocated: false, place: undefined });
    }),
  ),
  fc.record({ which: choice, free: fc.boolean() }).map(({ which, free }) =>
    step(`${free ? 'free' : 'destroy'} map ${which}`, async (sides) => {
      const key = sides.key('map', which);
      const map = sides.maps.get(key);
      const expected = map === undefined ? 'EINVAL' : map.allocated !== free ? 'ENXIO' : '';
      assert.equal(await sides.program.errno(free ? Request.memFree : Request.mdDestroy, key), expected);
      if (expected === '') sides.maps.delete(key);
    }),
  ),
  fc
    .record({ which: choice, bytes: fc.constantFrom(0, 1, 100, 5000, 0x8000), bad: fc.boolean() })
    .map(({ which, bytes, bad }) =>
      step(`load ${bytes} into ${which}`, async (sides) => {
        const key = sides.key('map', which);
        const map = sides.maps.get(key);
        const address = bad ? 0x1000n : sides.memory.address;
        const outcome = await sides.program.load(key, address, bytes).catch((error: unknown) => error);
        const errno = outcome instanceof Error ? (outcome as unknown as { errno: string }).errno : '';
        if (map === undefined) assert.equal(errno, 'EINVAL');
        else if (map.allocated) assert.equal(errno, 'ENXIO');
        else if (map.place !== undefined) assert.equal(errno, 'EBUSY');
        else if (bytes === 0) assert.equal(errno, 'EINVAL');
        else if (BigInt(bytes) > map.tag.numbers.maxsz) assert.equal(errno, 'EFBIG');
        else if (fewestSegments(map.tag.numbers, BigInt(bytes)) > map.tag.numbers.nsegs)
          assert.equal(errno, 'EFBIG');
        else if (errno === 'ENOMEM') assert.ok(map.tag.numbers.maxaddr < 0x20_0000n);
        else if (bad) assert.equal(errno, 'EFAULT');
        else {
          assert.equal(errno, '');
          map.place = outcome as MapNumbers;
          assert.equal(map.place.virtAddr, address);
          await checkPlace(sides, key, map.tag, map.place, BigInt(bytes));
        }
      }),
    ),
  choice.map((which) =>
    step(`unload ${which}`, async (sides) => {
      const key = sides.key('map', which);
      const map = sides.maps.get(key);
      const expected = map === undefined ? 'EINVAL' : map.place === undefined ? 'ENXIO' : '';
      assert.equal(await sides.program.errno(Request.mdUnload, key), expected);
      if (map !== undefined && expected === '') map.place = undefined;
      assert.equal(await errnoOf(sides.program.segment(key, 0)), map === undefined ? 'EINVAL' : 'ENXIO');
    }),
  ),
  fc.record({ which: choice, op: fc.nat(15) }).map(({ which, op }) =>
    step(`sync ${which} ${op}`, async (sides) => {
      const key = sides.key('map', which);
      const map = sides.maps.get(key);
      const expected = map === undefined ? 'EINVAL' : map.place === undefined ? 'ENXIO' : '';
      assert.equal(await errnoOf(sides.program.sync(key, op)), expected);
    }),
  ),
  fc.integer({ min: 0, max: 0xffff_ffff }).map((request) =>
    step(`request ${request}`, async (sides) => {
      if ((Object.values(Request) as number[]).includes(request)) return;
      assert.equal(await sides.program.errno(request), 'EINVAL');
    }),
  ),
];

test('requests do what the rules say, in every order, and leave nothing', async () => {
  const property = fc.asyncProperty(
    fc.commands(steps, { maxCommands: 80, size: 'max' }),
    async (commands) => {
      const machine = eduMachine(`memory: ${MEMORY}`);
      const folder = folderOf(machine);
      const file = openBusdma(folder);
      const sides = new Sides(new Program(file));
      await fc.asyncModelRun(() => ({ model: sides, real: sides }), commands);
      file.release();
      machine.host.allocateMemory(MEMORY).free();
      using fn = machine.open(EDU);
      const again = await fn.dma?.allocate(1);
      assert.equal(again?.iova, 0x10_0000n, 'all addresses are, too');
      machine[Symbol.dispose]();
    },
  );
  await checkProperty('busdma: requests against their rules', property, { numRuns: 60 });
});

test('more tags or maps than one program can want are refused', async () => {
  using machine = eduMachine();
  const file = openBusdma(folderOf(machine));
  const program = new Program(file);
  const { key } = await program.tag(ANY);
  for (let tags = 1; tags < 4096; tags++) await program.tag(ANY);
  assert.equal(await errnoOf(program.tag(ANY)), 'ENOMEM');
  for (let maps = 0; maps < 4096; maps++) await program.create(key);
  assert.equal(await errnoOf(program.create(key)), 'ENOMEM');
  assert.equal(await errnoOf(program.allocate(key)), 'ENOMEM');
  file.release();
});
