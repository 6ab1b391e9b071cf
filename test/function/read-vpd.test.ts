/** Vital product data read through the window of simulated and broken functions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVpd, VpdUnreadableError, type ConfigSpace } from '../../src/function/index.js';
import { bytesReader, PciAddress } from '../../src/pci/index.js';
import { SimMachine } from '../../src/machines/sim/index.js';
import { FULL_SHAPE, ProbeKind } from '../machines/sim/probe.js';

const AT = new PciAddress(0, 0, 2, 0);

function probe(vpd: Uint8Array | undefined) {
  const shape = { ...FULL_SHAPE, ...(vpd === undefined ? {} : { vpd }) };
  const kind = new ProbeKind({ full: [shape] });
  const machine = new SimMachine(
    { roots: [{ slots: [{ slot: '02', model: 'probe' }] }] },
    { kinds: [kind], clock: 'manual' },
  );
  return machine.open(AT);
}

/** Configuration space with a window that answers as `flags` says, and tells of every write. */
function window(flags: (address: number) => number) {
  const bytes = new Uint8Array(256);
  bytes.set([0x86, 0x80, 0x34, 0x12, 0, 0, 0x10, 0]);
  bytes.set([0x40], 0x34);
  bytes.set([0x03], 0x40);
  const writes: (readonly [offset: number, width: number, value: number])[] = [];
  const plain = bytesReader(bytes);
  const config: ConfigSpace = {
    size: 256,
    read: (offset, width) => (offset === 0x42 ? flags(writes.at(-1)?.[2] ?? 0) : plain.read(offset, width)),
    write: (offset, width, value) => void writes.push([offset, width, value]),
  };
  return { config, writes };
}

test('the data ends at its end tag', () => {
  const data = Uint8Array.of(0x82, 5, 0, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x78);
  using fn = probe(Uint8Array.of(...data, 1, 2, 3, 4, 5, 6, 7));
  assert.deepEqual(readVpd(fn, undefined), data);
});

test('what is no data at all is told as far as it was read', () => {
  using fn = probe(Uint8Array.of(0x22, 1, 2, 3, 4, 5, 6, 7));
  assert.deepEqual(readVpd(fn, undefined), Uint8Array.of(0x22));
});

test('a function without the capability has none', () => {
  assert.equal(
    readVpd({ address: AT, config: { ...window(() => 0).config, size: 0x40 } }, undefined),
    undefined,
  );
});

test('a function with a driver is refused, without an access to the window', () => {
  const { config, writes } = window(() => 0x8000);
  assert.throws(() => readVpd({ address: AT, config }, 'driver e1000'), VpdUnreadableError);
  assert.deepEqual(writes, []);
});

test('nothing is written but addresses with a clear flag, each once', () => {
  // The data register reads 0: an unknown resource, so one dword is all.
  const { config, writes } = window((address) => address | 0x8000);
  assert.deepEqual(readVpd({ address: AT, config }, undefined), Uint8Array.of(0));
  assert.deepEqual(writes, [[0x42, 2, 0]]);
});

test('a device that never answers, and one that is gone, are told in time', () => {
  for (const [flags, why] of [
    [0, /did not read its dword at 0x0/],
    [0xffff, /nothing answers/],
  ] as const) {
    const { config, writes } = window(() => flags);
    assert.throws(() => readVpd({ address: AT, config }, undefined), why);
    assert.equal(writes.length, 1);
  }
});
