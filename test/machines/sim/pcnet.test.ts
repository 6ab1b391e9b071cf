/** The PCnet model: rings in each layout, which frames it takes, its interrupt, and the network behind it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { crc32 } from 'node:zlib';
import {
  BUFFER,
  DEMAND,
  ENABLE,
  ERROR,
  INIT,
  INTERRUPT,
  OWN,
  PcnetCard,
  RDP,
  RESET,
  START,
  STOP,
  WHOLE,
  type Style,
} from './pcnet-card.js';
import { checkProperty } from '../../kept-seeds.js';

const STYLES: readonly Style[] = [0, 2, 3];
const LOOP = 0x0004;
const PROMISCUOUS = 0x8000;
const OWN_ADDRESS = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const RECEIVED = 0x0400;
const TRANSMITTED = 0x0200;

function frame(destination: readonly number[], length: number, fill = 0x5a): Uint8Array {
  const bytes = new Uint8Array(length).fill(fill);
  bytes.set(destination);
  bytes.set(OWN_ADDRESS, 6);
  return bytes;
}

describe('pcnet', () => {
  for (const style of STYLES) {
    test(`style ${style}: a frame that loops comes back whole, with its check sequence and both interrupts`, async () => {
      const card = await PcnetCard.start('network: none');
      card.begin({ style, mode: LOOP });
      assert.equal(card.read(0) & 0x0130, 0x0130, 'initialized, both halves on');
      const sent = frame(OWN_ADDRESS, 300);
      card.send(0, [sent.subarray(0, 100), sent.subarray(100)]);
      card.pass();
      assert.equal(card.sent(0).status & OWN, 0);
      assert.equal(card.sent(1).status & OWN, 0);
      const { status, detail, bytes } = card.received(0);
      assert.equal(status & (OWN | WHOLE | ERROR), WHOLE);
      assert.equal(detail & 0xfff, 304);
      assert.deepEqual(bytes.slice(0, 300), sent);
      const check = new DataView(bytes.buffer).getUint32(300, true);
      assert.equal(check, crc32(sent), 'frame check sequence');
      assert.equal(card.read(0) & (TRANSMITTED | RECEIVED | INTERRUPT), TRANSMITTED | RECEIVED | INTERRUPT);
      card.write(0, TRANSMITTED | RECEIVED | 0x0100 | ENABLE);
      assert.equal(card.read(0) & INTERRUPT, 0);
    });
  }

  test('any frame in any parts comes back as it was, round the rings', async () => {
    await checkProperty(
      'pcnet: any frame comes back as it was',
      fc.asyncProperty(
        fc.constantFrom(...STYLES),
        fc.array(
          fc.record({
            length: fc.integer({ min: 14, max: 1514 }),
            cut: fc.integer({ min: 1, max: 1513 }),
            fill: fc.integer({ min: 0, max: 255 }),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        async (style, frames) => {
          const card = await PcnetCard.start('network: none');
          card.begin({ style, mode: LOOP });
          let next = 0;
          for (const [index, { length, cut, fill }] of frames.entries()) {
            const sent = frame(OWN_ADDRESS, length, fill);
            const parts = cut < length ? [sent.subarray(0, cut), sent.subarray(cut)] : [sent];
            card.send(next, parts);
            next = (next + parts.length) % 4;
            card.pass();
            const place = index % card.receiveLength;
            const { status, detail, bytes } = card.received(place);
            assert.equal(status & (OWN | WHOLE | ERROR), WHOLE);
            assert.equal((detail & 0xfff) - 4, Math.max(length, 60));
            assert.deepEqual(bytes.slice(0, length), sent);
            card.offer(place);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('takes its own address, broadcasts and the groups of its filter; all when promiscuous', async () => {
    const group = [0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb];
    // The six upper bits of the register, which is the inverse of what the check sequence would be.
    const bit = BigInt((~crc32(Uint8Array.from(group)) >>> 26) & 63);
    const broadcast = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    const stranger = [0x52, 0x54, 0, 0x12, 0x34, 0x57];
    const cases: readonly (readonly [string, readonly number[], number, bigint, boolean])[] = [
      ['own', OWN_ADDRESS, 0, 0n, true],
      ['broadcast', broadcast, 0, 0n, true],
      ['broadcast, refused', broadcast, 0x4000, 0n, false],
      ['stranger', stranger, 0, 0n, false],
      ['stranger, promiscuous', stranger, PROMISCUOUS, 0n, true],
      ['group', group, 0, 1n << bit, true],
      ['group, not in the filter', group, 0, ~(1n << bit) & 0xffff_ffff_ffff_ffffn, false],
    ];
    for (const [what, destination, mode, filter, taken] of cases) {
      const card = await PcnetCard.start('network: none');
      card.begin({ mode: LOOP | mode, filter });
      card.send(0, [frame(destination, 64)]);
      card.pass();
      assert.equal((card.received(0).status & OWN) === 0, taken, what);
      assert.equal((card.read(0) & RECEIVED) !== 0, taken, what);
    }
  });

  test('a frame without a buffer is missed; one that outgrows them says so', async () => {
    const card = await PcnetCard.start('network: none');
    card.begin({ mode: LOOP, receive: 1, room: 128 });
    card.send(0, [frame(OWN_ADDRESS, 400)]);
    card.pass();
    assert.equal(card.received(0).status & (OWN | ERROR | BUFFER), ERROR | BUFFER);
    assert.equal(card.read(0) & 0x9000, 0);
    card.send(1, [frame(OWN_ADDRESS, 64)]);
    card.pass();
    assert.equal(card.read(0) & 0x9080, 0x9080, 'missed, error, interrupt');
  });

  test('a chain that ends in the middle of a frame turns the transmitter off', async () => {
    const card = await PcnetCard.start('network: none');
    card.begin({ mode: LOOP });
    card.send(0, [frame(OWN_ADDRESS, 64)], { last: false });
    card.pass();
    assert.equal(card.read(0) & 0x0010, 0);
    assert.notEqual(card.received(0).status & OWN, 0);
  });

  test('memory that cannot be reached is a memory error, and the card lives on', async () => {
    const card = await PcnetCard.start();
    card.fn.config.write(0x04, 2, 0x0003);
    card.begin();
    assert.equal(card.read(0) & 0x8900, 0x8800, 'error, and not initialized');
    card.write(0, STOP);
    card.fn.config.write(0x04, 2, 0x0007);
    card.begin();
    assert.equal(card.read(0) & 0x8930, 0x0130);
  });

  test('events wait for their masks and for the enable bit; the pin follows', async () => {
    const card = await PcnetCard.start('network: none');
    const line = card.fn.interruptLine;
    assert.ok(line !== undefined);
    const level = () => card.machine.host.lineLevel(line);
    card.begin({ mode: LOOP });
    assert.ok(level());
    card.write(0, 0x0100 | ENABLE);
    assert.ok(!level());
    card.write(0, STOP);
    card.write(3, 0x0100);
    card.write(0, INIT | START | ENABLE);
    card.pass();
    assert.equal(card.read(0) & 0x0180, 0x0100, 'masked: no interrupt');
    assert.ok(!level());
    card.write(3, 0);
    assert.ok(level());
    card.write(0, 0);
    assert.ok(!level(), 'not enabled');
    assert.equal(card.read(0) & INTERRUPT, INTERRUPT);
  });

  test('a transmitter finds a frame by itself, unless it is told not to look', async () => {
    for (const quiet of [false, true]) {
      const card = await PcnetCard.start('network: none');
      card.begin({ mode: LOOP });
      card.write(4, quiet ? 0x1115 : 0x0115);
      card.pass(10_000_000);
      // The rings are filled and nobody tells the card: the demand bit is written to a card that ignores it.
      card.write(0, ENABLE);
      const place = frame(OWN_ADDRESS, 64);
      card.memory.bytes.set(place, 0x5000);
      const view = new DataView(card.memory.bytes.buffer, card.memory.bytes.byteOffset);
      view.setUint32(0x200, card.at(0x5000), true);
      view.setUint32(0x204, 0x8300_f000 | (-64 & 0xfff), true);
      card.pass(10_000_000);
      assert.equal((card.sent(0).status & OWN) === 0, !quiet);
      card.write(0, ENABLE | DEMAND);
      card.pass();
      assert.equal(card.sent(0).status & OWN, 0);
    }
  });

  test('the reset port stops it, keeps the bus configuration, and takes the window back to 16 bits', async () => {
    const card = await PcnetCard.start();
    card.begin();
    assert.equal(card.region.read32(RESET), 0);
    assert.equal(card.region.read32(RDP), 0xffff_ffff);
    assert.equal(card.region.read16(RDP), STOP);
    assert.equal(card.region.read8(0), 0x52);
  });
});

describe('the network of pcnet', () => {
  /** What comes back for a frame; undefined for silence. */
  async function answer(request: Uint8Array): Promise<Uint8Array | undefined> {
    const card = await PcnetCard.start();
    card.begin();
    card.send(0, [request]);
    card.pass(10_000_000);
    const { status, detail, bytes } = card.received(0);
    return (status & OWN) === 0 ? bytes.slice(0, (detail & 0xfff) - 4) : undefined;
  }

  test('the router says where it is, and nobody says so of others', async () => {
    const ask = (host: number) => {
      const request = frame([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 60, 0);
      request.set(
        [8, 6, 0, 1, 8, 0, 6, 4, 0, 1, ...OWN_ADDRESS, 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, host],
        12,
      );
      return answer(request);
    };
    const reply = await ask(2);
    assert.deepEqual([...(reply ?? []).slice(0, 6)], OWN_ADDRESS);
    assert.deepEqual(
      [...(reply ?? []).slice(20, 42)],
      [0, 2, 0x52, 0x55, 10, 0, 2, 2, 10, 0, 2, 2, ...OWN_ADDRESS, 10, 0, 2, 15],
    );
    assert.equal(await ask(77), undefined);
  });

  test('a ping of the router comes back with its data; a broken one does not', async () => {
    const ping = frame([0x52, 0x55, 10, 0, 2, 2], 74, 0);
    const data = Uint8Array.from({ length: 32 }, (_, index) => index);
    ping.set(
      [8, 0, 0x45, 0, 0, 60, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 2, 15, 10, 0, 2, 2, 8, 0, 0, 0, 0, 1, 0, 7],
      12,
    );
    ping.set(data, 42);
    setSum(ping, 14, 20, 24);
    setSum(ping, 34, 40, 36);
    const reply = await answer(ping);
    assert.equal(reply?.[34], 0, 'echo reply');
    assert.deepEqual(reply.slice(38, 74), ping.slice(38, 74));
    ping[50] = 99;
    assert.equal(await answer(ping), undefined);
  });

  test('never throws, whatever the card sends', async () => {
    await checkProperty(
      'pcnet: the network never throws',
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 600 }),
        fc.constantFrom([], [8, 0, 0x45], [8, 6, 0, 1, 8, 0, 6, 4, 0, 1]),
        async (bytes, head) => {
          if (bytes.length > 12 + head.length) bytes.set(head, 12);
          await answer(bytes);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** The Internet checksum over a part of a packet, put to its place. */
function setSum(bytes: Uint8Array, start: number, length: number, place: number): void {
  bytes.set([0, 0], place);
  let sum = 0;
  for (let index = 0; index < length; index += 2)
    sum += (bytes[start + index] ?? 0) * 256 + (bytes[start + index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  bytes.set([(~sum >>> 8) & 0xff, ~sum & 0xff], place);
}
