/** The trace of a guest's accesses: what it notes, what it loses, and that nothing else changes by it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AccessTrace, GuestTrace } from '../../src/pciback/index.js';
import { OperationError } from '../../src/xen/pciif/index.js';
import { checkProperty } from '../kept-seeds.js';
import { disk } from '../function/shapes.js';
import { ExportingHost } from './exported.js';

const DISK = 0;

describe('the ring', () => {
  test('gives accesses in their order, as many as are asked for', () => {
    const trace = new AccessTrace(8);
    for (let offset = 0; offset < 5; offset++) trace.noteRead(1, offset * 4, 4, offset, 'done');
    const first = trace.since(0, 3);
    assert.deepEqual(
      first.accesses.map(({ number, offset, value }) => [number, offset, value]),
      [
        [0, 0, 0],
        [1, 4, 1],
        [2, 8, 2],
      ],
    );
    assert.deepEqual([first.lost, first.next], [0, 3]);
    assert.deepEqual(
      trace.since(first.next, 10).accesses.map(({ number }) => number),
      [3, 4],
    );
    assert.deepEqual(trace.since(5, 10), { accesses: [], lost: 0, next: 5 });
  });

  test('whatever is written and fetched: each access is given once, or counted as lost', async () => {
    await checkProperty(
      'access-trace: given once or lost',
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        fc.array(fc.record({ written: fc.nat(40), most: fc.integer({ min: 1, max: 20 }) }), {
          maxLength: 20,
        }),
        (capacity, steps) => {
          const trace = new AccessTrace(capacity);
          let [after, given, lost] = [0, 0, 0];
          for (const { written, most } of steps) {
            for (let i = 0; i < written; i++) trace.noteWrite(0, 4, 2, trace.count, 0xffff, 'denied');
            const part = trace.since(after, most);
            for (const [index, access] of part.accesses.entries()) {
              assert.equal(access.number, after + part.lost + index);
              assert.equal(access.value, access.number, 'not the value of a later one');
            }
            given += part.accesses.length;
            lost += part.lost;
            after = part.next;
          }
          const rest = trace.since(after, capacity);
          assert.equal(given + lost + rest.lost + rest.accesses.length, trace.count);
        },
      ),
    );
  });
});

describe('a traced function', () => {
  test('notes what the guest asked, what the policy takes of it, and what it was denied', async () => {
    await using host = await ExportingHost.start([disk()]);
    const [exported] = host.exports;
    assert.ok(exported !== undefined);
    using trace = new GuestTrace();
    trace.add(exported, exported.physical, true);
    const { handled: guest } = host;
    guest.read(DISK, 0, 4);
    guest.write(DISK, 0x0c, 1, 0x10);
    guest.write(DISK, 0x0c, 4, 0x4010);
    assert.equal(guest.write(DISK, 0xd2, 2, 0x8000).error, OperationError.accessDenied);
    const told = trace.accesses.since(0, 100).accesses;
    assert.deepEqual(
      told.map(({ kind, offset, width, value, takes, outcome }) => [
        kind,
        offset,
        width,
        value,
        takes,
        outcome,
      ]),
      [
        ['read', 0, 4, exported.config.read(0, 4), 0, 'done'],
        ['write', 0x0c, 1, 0x10, 0xff, 'done'],
        // BIST's start is taken as well, which stands in the highest byte.
        ['write', 0x0c, 4, 0x4010, 0x4000_00ff, 'done'],
        ['write', 0xd2, 2, 0x8000, 0xffff, 'denied'],
      ],
    );
  });

  test('answers as one that is not traced, and is not traced after the end', async () => {
    await using traced = await ExportingHost.start([disk()]);
    await using plain = await ExportingHost.start([disk()]);
    const [exported] = traced.exports;
    assert.ok(exported !== undefined);
    const trace = new GuestTrace();
    trace.add(exported, exported.physical, true);
    await checkProperty(
      'access-trace: answers as without',
      fc.property(
        fc.constantFrom(1, 2, 4),
        fc.nat(0xff),
        fc.boolean(),
        fc.nat(0xffff_ffff),
        (width, place, isRead, value) => {
          const offset = place - (place % width);
          const on = (host: ExportingHost) =>
            isRead ? host.handled.read(DISK, offset, width) : host.handled.write(DISK, offset, width, value);
          assert.deepEqual(on(traced), on(plain));
        },
      ),
    );
    const { count } = trace.accesses;
    assert.ok(count >= 100);
    trace[Symbol.dispose]();
    assert.equal(exported.space, exported.config, 'the very image again: nothing stands between');
    traced.handled.read(DISK, 0, 4);
    assert.equal(trace.accesses.count, count);
  });
});
