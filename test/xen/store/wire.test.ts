/** The wire codec: round trips, arbitrary chunks, garbage. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  decodeStrings,
  decodeText,
  encodeMessage,
  encodeStrings,
  encodeText,
  HEADER_SIZE,
  MAX_PAYLOAD,
  MessageDecoder,
  messageName,
  MessageType,
  XenStoreProtocolError,
} from '../../../src/xen/store/index.js';
import type { Message } from '../../../src/xen/store/index.js';
import { checkProperty } from '../../kept-seeds.js';

const word = fc.nat({ max: 0xffff_ffff });
const message: fc.Arbitrary<Message> = fc.record(
  {
    type: fc.oneof(fc.constantFrom(...Object.values(MessageType)), word),
    requestId: word,
    transactionId: word,
    payload: fc.uint8Array({ maxLength: MAX_PAYLOAD, size: 'max' }),
  },
  { noNullPrototype: true },
);
const latin1 = fc
  .array(fc.nat({ max: 0xff }), { maxLength: 200 })
  .map((codes) => String.fromCharCode(...codes));

/** Cuts bytes at arbitrary places. */
function chunks(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length));
}

function decode(parts: readonly Uint8Array[], decoder = new MessageDecoder()): Message[] {
  const found: Message[] = [];
  for (const part of parts) decoder.push(part, (one) => found.push(one));
  return found;
}

describe('encodeMessage', () => {
  it('lays out the header little-endian', () => {
    const payload = encodeStrings('domid');
    assert.ok(payload);
    const bytes = encodeMessage({ type: MessageType.READ, requestId: 0x01020304, transactionId: 5, payload });
    assert.equal(
      Buffer.from(bytes).toString('hex'),
      `02000000${'04030201'}05000000${'06000000'}${Buffer.from('domid\0').toString('hex')}`,
    );
  });

  it('refuses what the header or the limit cannot carry', () => {
    const whole = { type: 2, requestId: 1, transactionId: 0, payload: new Uint8Array(0) };
    assert.throws(
      () => encodeMessage({ ...whole, payload: new Uint8Array(MAX_PAYLOAD + 1) }),
      XenStoreProtocolError,
    );
    for (const bad of [-1, 0x1_0000_0000, 1.5, Number.NaN]) {
      assert.throws(() => encodeMessage({ ...whole, requestId: bad }), XenStoreProtocolError);
    }
  });
});

describe('MessageDecoder', () => {
  it('gives back any messages in any chunks, each with bytes of its own', async () => {
    await checkProperty(
      'store-wire: any messages in any chunks come back',
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (sent, cuts) => {
          const bytes = Uint8Array.from(Buffer.concat(sent.map(encodeMessage)));
          const decoder = new MessageDecoder();
          const found = decode(chunks(bytes, cuts), decoder);
          // A transport may reuse its memory once it was taken.
          bytes.fill(0xee);
          assert.deepEqual(found, sent);
          assert.equal(decoder.buffered, 0);
        },
      ),
    );
  });

  it('takes one byte at a time', () => {
    const sent: Message[] = [
      { type: MessageType.TRANSACTION_START, requestId: 1, transactionId: 0, payload: Uint8Array.of(0) },
      { type: MessageType.READ, requestId: 2, transactionId: 0, payload: new Uint8Array(0) },
      { type: MessageType.READ, requestId: 3, transactionId: 0, payload: Uint8Array.of(1, 2, 3) },
    ];
    const bytes = Buffer.concat(sent.map(encodeMessage));
    assert.deepEqual(decode([...bytes].map((byte) => Uint8Array.of(byte))), sent);
  });

  it('throws nothing but XenStoreProtocolError on garbage, and never holds more than one message', async () => {
    const noise = fc.uint8Array({ maxLength: 300, size: 'max' });
    // Pure noise announces a payload beyond the limit at once; with honest headers between, it is met at any place.
    const header = fc.tuple(word, word, word, fc.nat({ max: MAX_PAYLOAD + 50 }));
    const honest = header.map((words) => new Uint8Array(Uint32Array.from(words).buffer));
    const stream = fc.array(fc.oneof(noise, honest, message.map(encodeMessage)), { maxLength: 30 });
    await checkProperty(
      'store-wire: garbage throws protocol errors only',
      fc.property(stream, (garbage) => {
        const decoder = new MessageDecoder();
        for (const part of garbage) {
          try {
            decode([part], decoder);
          } catch (error) {
            assert.ok(error instanceof XenStoreProtocolError);
          }
          assert.ok(decoder.buffered < HEADER_SIZE + MAX_PAYLOAD);
        }
      }),
    );
  });

  it('gives the messages before a fault and is of no use after it', () => {
    const good = encodeMessage({ type: 2, requestId: 9, transactionId: 0, payload: Uint8Array.of(7) });
    const bad = encodeMessage({ type: 2, requestId: 10, transactionId: 0, payload: new Uint8Array(0) });
    new DataView(bad.buffer).setUint32(12, MAX_PAYLOAD + 1, true);
    const found: Message[] = [];
    const decoder = new MessageDecoder();
    assert.throws(
      () => {
        decoder.push(Buffer.concat([good, bad, good]), (one) => found.push(one));
      },
      (error: unknown) =>
        error instanceof XenStoreProtocolError &&
        error.code === 'XENSTORE_PROTOCOL' &&
        error.evidence['length'] === MAX_PAYLOAD + 1,
    );
    assert.deepEqual(
      found.map(({ requestId }) => requestId),
      [9],
    );
    assert.throws(() => {
      decoder.push(good, () => assert.fail());
    }, XenStoreProtocolError);
    assert.equal(decoder.buffered, 0);
  });

  it('takes a payload of exactly the limit', () => {
    const payload = new Uint8Array(MAX_PAYLOAD).fill(0x41);
    const [found] = decode([encodeMessage({ type: 2, requestId: 1, transactionId: 0, payload })]);
    assert.deepEqual(found?.payload, payload);
  });
});

describe('text on the wire', () => {
  it('keeps every byte', async () => {
    await checkProperty(
      'store-wire: text keeps every byte',
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        assert.deepEqual(encodeText(decodeText(bytes)), bytes);
      }),
    );
    // The bytes for which "latin1" of the web's decoders means windows-1252.
    assert.equal(decodeText(Uint8Array.of(0x80, 0x9f)), '\u0080\u009f');
  });

  it('refuses what is no byte', () => {
    assert.equal(encodeText('\u0100'), undefined);
    assert.equal(encodeStrings('a', '€'), undefined);
    assert.equal(encodeStrings('a\0b'), undefined);
  });

  it('lists strings and back', async () => {
    const text = latin1.map((one) => one.replaceAll('\0', '.'));
    await checkProperty(
      'store-wire: lists of strings round-trip',
      fc.property(fc.array(text, { maxLength: 10 }), (texts) => {
        const bytes = encodeStrings(...texts);
        assert.ok(bytes);
        assert.deepEqual(decodeStrings(bytes), texts);
      }),
    );
    assert.equal(decodeStrings(Uint8Array.of(0x41)), undefined);
    assert.deepEqual(decodeStrings(new Uint8Array(0)), []);
  });

  it('names types', () => {
    assert.equal(messageName(22), 'DIRECTORY_PART');
    assert.equal(messageName(20), 'type 20');
  });
});
