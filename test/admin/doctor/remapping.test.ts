/** Tables of IOMMUs: what is read of sound ones, and that no bytes of firmware make the doctor fail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readRemapping } from '../../../src/admin/doctor/firmware/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { dmar, dmarReserved, dmarUnit, ivrs, ivrsMemory, ivrsUnit } from './acpi-tables.js';

function read(name: 'DMAR' | 'IVRS', bytes: Uint8Array) {
  return readRemapping((path) => (path.endsWith(name) ? { bytes } : { errno: 'ENOENT' }));
}

const DMAR = dmar(1, [
  dmarUnit(),
  dmarUnit(),
  dmarReserved(0x1000n, 0x1fffn, [
    [0x1c, 0],
    [0, 1],
  ]),
]);
const IVRS = ivrs([
  ivrsUnit(0x10, 2),
  ivrsUnit(0x11, 2),
  ivrsUnit(0x40, 3),
  ivrsMemory(0x100, 0x8000n, 0x2000n),
  ivrsMemory(0x200, 0x8000n, 0x1000n, 0x2ff),
  ivrsMemory(0x300, 0x8000n, 0x1000n, 0x3ff, 8),
]);

test('a table of Intel tells its units, and the way to who has reserved memory', () => {
  assert.deepEqual(read('DMAR', DMAR), {
    state: 'read',
    table: {
      kind: 'DMAR',
      units: 2,
      remapsInterrupts: true,
      reserved: [
        {
          first: 0x1000n,
          last: 0x1fffn,
          devices: [
            {
              segment: 0,
              bus: 0,
              steps: [
                { device: 0x1c, function: 0 },
                { device: 0, function: 1 },
              ],
            },
          ],
          ranges: [],
        },
      ],
    },
  });
});

test('a table of AMD tells each unit once, and memory that is not merely kept from translation', () => {
  const told = read('IVRS', IVRS);
  assert.ok(told.state === 'read');
  assert.deepEqual(
    [told.table.units, told.table.reserved.map(({ first, last, ranges }) => [first, last, ranges])],
    [
      2,
      [
        [0x8000n, 0x9fffn, [{ segment: 0, first: 0x100, last: 0x100 }]],
        [0x8000n, 0x8fffn, [{ segment: 0, first: 0x200, last: 0x2ff }]],
      ],
    ],
  );
});

test('bytes that firmware got wrong are read or refused, and never more', async () => {
  const wrong = fc.tuple(
    fc.constantFrom(['DMAR', DMAR] as const, ['IVRS', IVRS] as const),
    fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 8 }),
    fc.nat(200),
  );
  await checkProperty(
    'doctor: tables of IOMMUs that firmware got wrong',
    fc.property(wrong, ([[name, sound], changes, length]) => {
      const bytes = sound.slice(0, length);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      const told = read(name, bytes);
      if (told.state === 'malformed') assert.ok(told.why !== '');
      else assert.equal(told.state, 'read');
    }),
  );
});
