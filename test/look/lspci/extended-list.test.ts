/** The extended list's capabilities up to 0x1f in lspci's words: what they say of known spaces, and, where an lspci of the version that is followed is at hand, every word of random ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judges } from '../../../lab/lspci/judge.js';
import { extendedWriters } from '../../../src/look/lspci/extended/index.js';
import { lspciText, PLAIN } from '../../../src/look/lspci/index.js';
import { formatDump } from '../../../src/machines/capture/dump.js';
import { notations, PciAddress, type PciNames } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { madeFunction } from '../made-function.js';

const NO_NAMES: PciNames = {
  vendor: () => undefined,
  device: () => undefined,
  subsystem: () => undefined,
  baseClass: () => undefined,
  subclass: () => undefined,
  programmingInterface: () => undefined,
};

const EXPRESS = 0x10;
const [EXPRESS_AT, FIRST] = [0x40, 0x100];

/** A capability of the extended list. */
interface Entry {
  readonly id: number;
  readonly version: number;
  /** Where it starts. */
  readonly at: number;
  /** From its fourth byte on. */
  readonly registers: ArrayLike<number>;
}

/** Of a function with an Express capability of that device/port type and these extended ones, as far as `size`. */
function space(portType: number, entries: readonly Entry[], size = 4096): Uint8Array {
  const bytes = new Uint8Array(4096);
  bytes.set([0x86, 0x80, 0x34, 0x12, 0, 0, 0x10]);
  bytes[0x34] = EXPRESS_AT;
  bytes.set([EXPRESS, 0, 2 | (portType << 4), 0], EXPRESS_AT);
  for (const { at, registers } of entries)
    for (let i = 0; i < registers.length && at + 4 + i < 4096; i++) bytes[at + 4 + i] = registers[i] ?? 0;
  entries.forEach(({ id, version, at }, index) => {
    const next = entries[index + 1]?.at ?? 0;
    bytes.set([id & 0xff, id >> 8, version | ((next & 0xf) << 4), next >> 4], at);
  });
  return bytes.subarray(0, size);
}

function captureOf(spaces: readonly Uint8Array[]) {
  const functions = spaces.map((config, index) =>
    madeFunction(notations.hex.format(PciAddress.fromDevfn(0, index >> 8, index & 0xff)), config, {
      regions: undefined,
    }),
  );
  return { machine: 'made up', taken: undefined, functions };
}

const textOf = (spaces: readonly Uint8Array[], verbosity: number) =>
  lspciText(captureOf(spaces), NO_NAMES, { ...PLAIN, verbosity, ids: 'numbers' });

/** Of each function, what stands in its text from the first capability of the extended list on. */
function extendedTexts(text: string): string[] {
  return text.split(/^(?=[0-9a-f])/m).map((record) => {
    const start = record.search(new RegExp(`^\\tCapabilities: \\[${FIRST.toString(16)}`, 'm'));
    return start < 0 ? '' : record.slice(start);
  });
}

function words(entry: Omit<Entry, 'version' | 'at'>, portType = 0, verbosity = 2, size = 4096): string {
  const made = space(portType, [{ ...entry, version: 2, at: FIRST }], size);
  return (extendedTexts(textOf([made], verbosity))[0] ?? '').replace(/^\tCapabilities: \[.*?\] /, '');
}

/** Little-endian. */
const dwords = (...list: readonly number[]) => new Uint8Array(Uint32Array.from(list).buffer);

test('a root port has the error registers of a root, an endpoint has not', () => {
  const registers = dwords(1 << 20, 0, 0, 1, 0, 0x14, 1, 2, 3, 4, 7, 0x0800_0001, 0x0008_0010);
  const endpoint = words({ id: 1, registers });
  const port = words({ id: 1, registers }, 4);
  assert.match(endpoint, /\n\t\t\tECRC- UnsupReq\+ ACSViol-/);
  assert.match(endpoint, /AERCap:\tFirst Error Pointer: 14, /);
  assert.ok(endpoint.endsWith('\t\tHeaderLog: 00000001 00000002 00000003 00000004\n\n'));
  assert.equal(
    port.slice(endpoint.length - 1),
    '\t\tRootCmd: CERptEn+ NFERptEn+ FERptEn+\n\t\tRootSta: CERcvd+ MultCERcvd- UERcvd- MultUERcvd-\n' +
      '\t\t\t FirstFatal- NonFatalMsg- FatalMsg- IntMsgNum 1\n' +
      '\t\tErrorSrc: ERR_COR: 0010 ERR_FATAL/NONFATAL: 0008\n\n',
  );
});

test('times, sizes and numbers are those of the field, with their scale', () => {
  const cases: readonly (readonly [id: number, registers: Uint8Array, expected: RegExp])[] = [
    [0x03, dwords(0x03020100, 0x07060504), /^Device Serial Number 07-06-05-04-03-02-01-00\n/],
    [0x0e, dwords(0x0020_0501), /ARICap:\tMFVC\+ ACS-, Next Function: 5\n.*Function Group: 2\n/],
    [0x0f, dwords(0x8003_0010), /Queue Depth: 10\n\t\tATSCtl:\tEnable\+, Smallest Translation Unit: 03\n/],
    [0x18, dwords(0x1003_0c02), /snoop latency: 65536ns\n\t\tMax no snoop latency: 3145728ns\n/],
    [
      0x1e,
      dwords(0x0029_0a05, 0x4005_1404, 0x29),
      /PortTPowerOnTime=50us\n.*\n.*T_CommonMode=20us LTR1.2_Threshold=5120ns\n.*T_PwrOn=50us\n/,
    ],
    [0x1f, dwords(0x0000_ff04, 0x0000_0a03), /Greater than 254ns\n.*Enabled\+ RootSelected\+\n.*: 10ns\n/],
    [0x07, dwords(0x8000_000e, 0x0003_0200), /Device\(s\): 1-3, 31\n\t\tAssociatedBusNumbers: 02-03\n/],
    [
      0x05,
      dwords(0x0102_0100, 0, 0, 0x0a0b_0003, 0, 0x0120_3002),
      /Link0:\tDesc:\tTargetPort=0a TargetComponent=0b /,
    ],
  ];
  for (const [id, registers, expected] of cases) assert.match(words({ id, registers }), expected);
});

test('what is cut off is not guessed', () => {
  const registers = dwords(1, 2, 3, 4);
  assert.equal(words({ id: 0x0d, registers }, 0, 2, 0x106), 'Access Control Services\n\n');
  assert.equal(words({ id: 0x1e, registers }, 0, 2, 0x10c), 'L1 PM Substates\n\t\t<unreadable>\n\n');
  // Not even its line ends.
  assert.equal(words({ id: 0x03, registers }, 0, 2, 0x10a), '\n');
});

const followed = judges().find((judge) => judge.isFollowed);
const skip = followed === undefined ? 'no lspci of the version that is followed is at hand' : false;

/** What the two kinds of faults in a table show best: all bits alike but few, and all of them random. */
const registers = fc.oneof(
  fc.uint8Array({ minLength: 0x40, maxLength: 0x90 }),
  fc.array(fc.constantFrom(0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128), { minLength: 0x40, maxLength: 0x90 }),
  fc.array(fc.constantFrom(255, 255, 255, 255, 254, 253, 251, 247, 239, 223, 191, 127), {
    minLength: 0x40,
    maxLength: 0x90,
  }),
);

const ids = [...extendedWriters.keys()].filter((id) => id < 0x20);
const STEP = 0xa0;

const spaces = fc
  .record({
    portType: fc.nat(15),
    entries: fc.array(
      fc.record({ id: fc.constantFrom(...ids), version: fc.integer({ min: 1, max: 15 }), registers }),
      {
        minLength: 1,
        maxLength: 8,
      },
    ),
    size: fc.oneof(fc.constant(4096), fc.integer({ min: FIRST, max: 0x400 })),
  })
  .map(({ portType, entries, size }) =>
    space(
      portType,
      entries.map((entry, index) => ({ ...entry, at: FIRST + index * STEP })),
      size,
    ),
  );

test('every word is the followed lspci’s', { skip }, async (context) => {
  if (followed === undefined) return;
  let lines = 0;
  await checkProperty(
    'look: the extended list in lspci’s words',
    fc.property(
      fc.array(spaces, { minLength: 100, maxLength: 200 }),
      fc.integer({ min: 1, max: 3 }),
      (all, verbosity) => {
        const dump = formatDump(captureOf(all));
        const theirs = extendedTexts(followed.read(dump, ['-n', `-${'v'.repeat(verbosity)}`]));
        const ours = extendedTexts(textOf(all, verbosity));
        assert.equal(ours.length, theirs.length);
        theirs.forEach((text, index) => assert.equal(ours[index], text));
        lines += theirs.join('').split('\n').length;
      },
    ),
    // What differs is in the text; a smaller dump would only take long to find.
    { numRuns: 6, endOnFailure: true },
  );
  context.diagnostic(`${lines} lines agree`);
});
