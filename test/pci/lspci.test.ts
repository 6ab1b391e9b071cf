/** Differential test: the real lspci and our decoder read the same made-up functions and must agree. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytesReader,
  className,
  decodeFunction,
  decodedFields,
  walkCapabilities,
  walkExtendedCapabilities,
} from '../../src/pci/index.js';
import type { DecodedFunction } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { headerRules } from './lspci-header-rules.js';
import { pcieRules, presence } from './lspci-pcie-rules.js';
import { lspci, lspciVersion } from './lspci-run.js';
import type { LspciDevice } from './lspci-run.js';

const rules = [...headerRules, ...pcieRules];
const version = lspciVersion();
const skip =
  version === undefined ? 'lspci (package pciutils) is not installed: nothing to compare with' : false;
if (skip !== false) console.log(skip);

/** What is not left to chance in a made-up function. */
interface Frame {
  readonly layout: 0 | 1;
  readonly portType: number;
  readonly version: number;
}

/** Random bytes made into a function with PM, MSI, MSI-X and PCI Express capabilities; all their registers random. */
function made(random: Uint8Array, { layout, portType, version: pcieVersion }: Frame): Uint8Array {
  const bytes = Uint8Array.from(random);
  const set = (offset: number, ...values: number[]) => {
    bytes.set(values, offset);
  };
  const byte = (offset: number) => bytes[offset] ?? 0;
  // A vendor that is there, capabilities announced, no BIST running, a class that fits the header.
  set(0x00, 0x86, 0x80);
  set(0x06, byte(0x06) | 0x10);
  set(0x0f, byte(0x0f) & ~0x40);
  set(0x0e, layout | (byte(0x0e) & 0x80));
  if (layout === 1) set(0x0a, 0x04, 0x06);
  else if (byte(0x0b) === 0x06) set(0x0a, 0x80);
  set(0x34, 0x40);
  set(0x3d, byte(0x3d) % 5);
  if (layout === 1) {
    // Windows whose two halves are of one type, else lspci only complains.
    const ioType = byte(0x1c) & 1;
    const prefetchType = byte(0x24) & 1;
    for (const offset of [0x1c, 0x1d]) set(offset, (byte(offset) & 0xf0) | ioType);
    for (const offset of [0x20, 0x22]) set(offset, byte(offset) & 0xf0);
    for (const offset of [0x24, 0x26]) set(offset, (byte(offset) & 0xf0) | prefetchType);
  }
  set(0x40, 0x01, 0x50);
  set(0x50, 0x05, 0x70);
  set(0x70, 0x11, 0x80);
  set(0x80, 0x10, 0x00, (portType << 4) | pcieVersion);
  return bytes;
}

/** A reproducible stream of bytes (xorshift). */
function stream(seed: number): (length: number) => Uint8Array {
  let state = seed;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state >>> 24;
    });
}

/** What was compared, by dotted name. */
const compared = new Map<string, number>();

function count(name: string): void {
  compared.set(name, (compared.get(name) ?? 0) + 1);
}

function compareFields(
  device: LspciDevice,
  decoded: DecodedFunction,
  differences: Map<string, string>,
): void {
  const registers = [
    ...decoded.header,
    ...decoded.capabilities.flatMap((capability) => capability.registers),
  ];
  const ours = new Map(decodedFields(registers).map((field) => [field.name, field]));
  for (const rule of rules) {
    const { line, pattern, field: name } = rule;
    const text = device.lines.get(line);
    const theirs = text === undefined ? undefined : pattern.exec(text)?.[1];
    if (theirs === undefined) continue;
    const field = ours.get(name);
    assert.ok(field !== undefined, `${name}: lspci has it (${line}: ${text}), we do not`);
    const wanted = rule.expected(field.value, field, ours);
    if (wanted === undefined) continue;
    // Collected by field, so that one run shows every table entry that is wrong.
    if (theirs !== wanted)
      differences.set(name, `lspci: ${theirs}, we: ${wanted} (raw ${field.raw}) in ${line}: ${text}`);
    count(name);
  }
  for (const [line, register] of presence) {
    const here = registers.some(({ name }) => name === register);
    assert.equal(here, device.lines.has(line), `${register} present`);
    count(`presence of ${register}`);
  }
}

const REGION = /^(?:I\/O ports|Memory) at (\S+)(?: \((\S+), (non-)?prefetchable\))?/;

function compareBars(device: LspciDevice, decoded: DecodedFunction): void {
  for (const bar of decoded.bars) {
    const text = device.lines.get(`Region ${bar.index}`);
    if (bar.kind === 'empty') {
      assert.equal(text, undefined, `BAR ${bar.index} is empty`);
      continue;
    }
    if (bar.kind === 'upper') {
      // lspci 3.9 takes an upper half that is not 0 for another region, but one without an address.
      assert.match(text ?? 'at 0000', /at (0000|<)/, `BAR ${bar.index} is an upper half`);
      continue;
    }
    // lspci leaves an I/O BAR without address out while I/O decoding is off.
    if (bar.kind === 'io' && text === undefined && BigInt(bar.address) === 0n) continue;
    const [, address, type, non] = REGION.exec(text ?? '') ?? [];
    assert.ok(text !== undefined && address !== undefined, `BAR ${bar.index}: ${text}`);
    if (bar.kind === 'invalid') {
      assert.ok(type === 'type' || text.includes('type 3') || address.startsWith('<'), text);
    } else {
      assert.equal(text.startsWith('Memory'), bar.kind === 'memory');
      assert.equal(address.startsWith('<') ? 0n : BigInt(`0x${address}`), BigInt(bar.address), text);
      if (bar.kind === 'memory') {
        assert.equal(type, bar.belowOneMegabyte ? 'low-1M' : `${bar.width}-bit`);
        assert.equal(non === undefined, bar.prefetchable);
      }
    }
    count(`bar ${bar.kind}`);
  }
  const rom = [...device.lines.keys()].find((line) => line.startsWith('Expansion ROM at '));
  const [, romAddress] = /at (\S+)/.exec(rom ?? '') ?? [];
  if (decoded.rom === undefined || romAddress === undefined) return;
  assert.equal(romAddress.startsWith('<') ? 0n : BigInt(`0x${romAddress}`), BigInt(decoded.rom.address), rom);
  assert.equal(/\[disabled\]/.test(rom ?? ''), !decoded.rom.enabled, rom);
  count('rom');
}

function compare(spaces: readonly Uint8Array[]): void {
  const devices = lspci(spaces);
  assert.equal(devices.length, spaces.length);
  const differences = new Map<string, string>();
  devices.forEach((device, index) => {
    const decoded = decodeFunction(bytesReader(spaces[index] ?? new Uint8Array()));
    compareFields(device, decoded, differences);
    compareBars(device, decoded);
  });
  assert.deepEqual(Object.fromEntries(differences), {});
}

function total(): number {
  return [...compared.values()].reduce((sum, times) => sum + times, 0);
}

test('fixed seed: all port types, versions and header layouts', { skip }, (context) => {
  compared.clear();
  const next = stream(20240607);
  const spaces: Uint8Array[] = [];
  for (const layout of [0, 1] as const) {
    for (let portType = 0; portType < 16; portType++) {
      for (let round = 0; round < 8; round++) {
        spaces.push(made(next(256), { layout, portType, version: round === 0 ? 1 : 2 }));
      }
    }
  }
  compare(spaces);
  const silent = rules.map((rule) => rule.field).filter((field) => !compared.has(field));
  // The rules follow the words of 3.9; other versions call some things otherwise.
  if (version?.endsWith(' 3.9.0') === true) assert.deepEqual(silent, [], 'rules that met no line of lspci');
  else context.diagnostic(`without a line in this version: ${silent.join(', ') || 'none'}`);
  context.diagnostic(
    `${version}: ${total()} values of ${compared.size} kinds in ${spaces.length} functions agree`,
  );
  assert.ok(total() > 10_000);
});

test('random functions', { skip }, async (context) => {
  compared.clear();
  const frame = fc.record({
    layout: fc.constantFrom(0 as const, 1 as const),
    portType: fc.nat(15),
    version: fc.constantFrom(0, 1, 2, 2, 2, 3),
  });
  const space = fc
    .tuple(fc.uint8Array({ minLength: 256, maxLength: 256 }), frame)
    .map(([bytes, f]) => made(bytes, f));
  await checkProperty(
    'lspci: random functions decode alike',
    fc.property(fc.array(space, { minLength: 1, maxLength: 12 }), compare),
    { numRuns: 25 },
  );
  assert.ok(total() > 0);
  context.diagnostic(`${total()} values agree`);
});

/** Offsets of lspci's capability lines, and the word it ends a damaged chain with. */
function chain(device: LspciDevice, list: 'standard' | 'extended'): { offsets: number[]; end: string } {
  const lines = device.capabilities.filter(({ offset }) => offset >= 0x100 === (list === 'extended'));
  const last = lines.at(-1);
  const end = /^<chain (\w+)>/.exec(last?.text ?? '')?.[1] ?? '';
  return { offsets: (end === '' ? lines : lines.slice(0, -1)).map(({ offset }) => offset), end };
}

test('chains of capabilities, loops and breaks included', { skip }, (context) => {
  const next = stream(7);
  const spaces = Array.from({ length: 300 }, (_, round) => {
    const bytes = new Uint8Array(round % 3 === 0 ? 4096 : 256);
    const random = next(256);
    bytes.set([0x86, 0x80, 1, 0, 0, 0, 0x10]);
    // Pointers among few places, so that chains get long, loop and break; ids that lspci knows by number only.
    const places = [0x40, 0x50, 0x61, 0x72, 0x83, 0x90, 0xa0, 0xb3, 0xc0, 0xd0, 0xe0, 0xf0];
    const pick = (value: number) => (value < 24 ? 0 : (places[value % places.length] ?? 0));
    bytes[0x34] = pick(random[0] ?? 0);
    places.forEach((place, index) => {
      const value = random[index + 1] ?? 0;
      bytes.set([value < 10 ? 0xff : 0x16 + (value & 0x3f), pick(random[index + 32] ?? 0)], place & ~3);
    });
    if (bytes.length === 256) return bytes;
    // lspci looks at the extended list only of a function that has a PCI Express capability.
    bytes[0x34] = 0xf0;
    bytes.set([0x10, 0x00, 0x02, 0x00], 0xf0);
    const view = new DataView(bytes.buffer);
    const targets = [0x100, 0x140, 0x181, 0x203, 0x3f0, 0xffc, 0x802, 0];
    targets.forEach((target, index) => {
      const value = random[index + 64] ?? 0;
      const pointer = targets[value % targets.length] ?? 0;
      const header =
        value < 16 ? 0xffffffff : ((pointer << 20) | ((value & 0xf) << 16) | (0x50 + (value & 7))) >>> 0;
      if (target !== 0) view.setUint32(target & ~3, header, true);
    });
    return bytes;
  });
  let entries = 0;
  const ends = new Map<string, number>();
  lspci(spaces).forEach((device, index) => {
    const reader = bytesReader(spaces[index] ?? new Uint8Array());
    for (const [list, walk] of [
      ['standard', walkCapabilities(reader)],
      ['extended', walkExtendedCapabilities(reader)],
    ] as const) {
      const theirs = chain(device, list);
      const code = walk.findings[0]?.code;
      assert.deepEqual(
        walk.entries.map((entry) => entry.offset),
        theirs.offsets,
        `space ${index}, ${list} list`,
      );
      if (theirs.end === 'looped') assert.equal(code, 'CAPABILITY_LOOP');
      else if (theirs.end === 'broken') assert.equal(code, 'CAPABILITY_BROKEN');
      // lspci ends the extended list at all ones without a word.
      else assert.ok(code === undefined || (list === 'extended' && code === 'CAPABILITY_BROKEN'), code);
      entries += walk.entries.length;
      ends.set(code ?? 'end', (ends.get(code ?? 'end') ?? 0) + 1);
    }
  });
  context.diagnostic(
    `${entries} entries agree; ${[...ends].map(([end, times]) => `${end} ${times}`).join(', ')}`,
  );
  for (const end of ['end', 'CAPABILITY_LOOP', 'CAPABILITY_BROKEN']) assert.ok(ends.has(end), end);
});

test('base classes that have a name here have one in lspci, and ffh is unassigned', { skip }, () => {
  const spaces = Array.from({ length: 256 }, (_, base) => {
    const bytes = new Uint8Array(64);
    bytes.set([0x86, 0x80, 0x11, 0x11], 0);
    // A subclass that no base class has.
    bytes.set([0x00, 0xee, base], 0x09);
    return bytes;
  });
  const named = lspci(spaces, 'names').map(
    ({ lines }) => / ([^:]+) \[..ee\]: /.exec(lines.get('device') ?? '')?.[1],
  );
  // Without pci.ids lspci has no names at all.
  if (named[0x01] === undefined) return;
  for (const [base, name] of named.entries()) {
    const ours = className((base << 16) | 0xee00);
    if (ours !== 'Unknown class') assert.ok(name !== undefined, `${base.toString(16)}: ${ours}`);
  }
  assert.equal(className(0xffee00), named[0xff]);
});
