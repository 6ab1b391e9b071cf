/** The ring transport: two ends over one shared memory, any chunks and indices, hostile guests, a server behind it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { domainId } from '../../../src/xen/domain.js';
import {
  encodeMessage,
  encodeStrings,
  MAX_PAYLOAD,
  MAX_WAITING,
  MessageType,
  RingTransport,
  StoreServer,
  XenStoreClient,
  XenStoreProtocolError,
} from '../../../src/xen/store/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { permissions } from './tree-text.js';

const [REQUEST_CONSUMER, REQUEST_PRODUCER, REPLY_CONSUMER, REPLY_PRODUCER] = [512, 513, 514, 515];
const [SERVER_FEATURES, CONNECTION, ERROR] = [516, 517, 518];

/** A page with both ends on it; each notification reaches the other end in a later turn, equal ones at once. */
class Page {
  readonly words = new Int32Array(new SharedArrayBuffer(4096));
  readonly client: RingTransport;
  readonly server: RingTransport;
  notifications = 0;

  constructor(start: { readonly requests?: number; readonly replies?: number } = {}) {
    for (const word of [REQUEST_CONSUMER, REQUEST_PRODUCER]) this.words[word] = start.requests ?? 0;
    for (const word of [REPLY_CONSUMER, REPLY_PRODUCER]) this.words[word] = start.replies ?? 0;
    const bytes = new Uint8Array(this.words.buffer);
    this.client = new RingTransport({ bytes, role: 'client', notify: this.#event(() => this.server) });
    this.server = new RingTransport({ bytes, role: 'server', notify: this.#event(() => this.client) });
  }

  #event(other: () => RingTransport): () => void {
    let raised = false;
    return () => {
      this.notifications++;
      if (raised) return;
      raised = true;
      setImmediate(() => {
        raised = false;
        other().onEvent();
      });
    };
  }
}

/** Collects what an end hears. */
class Ear {
  readonly chunks: Buffer[] = [];
  ends = 0;
  error: Error | undefined;
  drained = 0;
  resets = 0;

  constructor(transport: RingTransport) {
    transport.start({
      data: (bytes) => this.chunks.push(Buffer.from(bytes)),
      end: (error) => {
        this.ends++;
        this.error = error;
      },
      drained: () => void this.drained++,
      reset: () => void this.resets++,
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 100_000 && !isSo(); turns++) await turn();
  assert.ok(isSo());
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn();
}

describe('two ends of a ring', () => {
  it('carry any messages both ways, from any indices on', async () => {
    const sizes = fc.array(fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 5000 })), { maxLength: 8 });
    const index = fc.oneof(fc.nat({ max: 0xffff_ffff }), fc.integer({ min: 0xffff_f800, max: 0xffff_ffff }));
    await checkProperty(
      'store-ring: both ways, any sizes, any indices',
      fc.asyncProperty(sizes, sizes, index, index, async (there, back, requests, replies) => {
        const page = new Page({ requests, replies });
        const [client, server] = [new Ear(page.client), new Ear(page.server)];
        const make = (lengths: readonly number[], salt: number) =>
          lengths.map((length) =>
            Buffer.from(Array.from({ length }, (_, at) => (at * 31 + salt + length) & 0xff)),
          );
        const [asked, answered] = [make(there, 1), make(back, 2)];
        for (const bytes of asked) page.client.send(Uint8Array.from(bytes));
        for (const bytes of answered) page.server.send(Uint8Array.from(bytes));
        const [allAsked, allAnswered] = [Buffer.concat(asked), Buffer.concat(answered)];
        await until(
          () => server.bytes.length >= allAsked.length && client.bytes.length >= allAnswered.length,
        );
        assert.deepEqual(server.bytes, allAsked);
        assert.deepEqual(client.bytes, allAnswered);
        assert.ok(client.chunks.every(({ length }) => length <= 1024));
        assert.equal((page.words[REQUEST_PRODUCER] ?? 0) >>> 0, (requests + allAsked.length) >>> 0);
        assert.equal((page.words[REPLY_CONSUMER] ?? 0) >>> 0, (replies + allAnswered.length) >>> 0);
        await settle();
        assert.deepEqual([page.client.unsent, page.server.unsent], [0, 0]);
      }),
      { numRuns: 60 },
    );
  });

  it('take what arrived before they started, and tell the guest what the server can', async () => {
    const page = new Page();
    const client = new Ear(page.client);
    page.words[CONNECTION] = 0;
    page.client.send(Uint8Array.of(1, 2, 3));
    await settle();
    const server = new Ear(page.server);
    await settle();
    assert.deepEqual([...server.bytes], [1, 2, 3]);
    assert.equal(page.words[SERVER_FEATURES], 3);
    assert.deepEqual([client.ends, server.ends], [0, 0]);
  });

  it('wait while the other end is paused, and go on', async () => {
    const page = new Page();
    const [client, server] = [new Ear(page.client), new Ear(page.server)];
    await settle();
    page.server.pause();
    page.client.send(new Uint8Array(3000).fill(7));
    await settle();
    assert.equal(server.bytes.length, 0);
    assert.equal(page.client.unsent, 3000 - 1024);
    assert.equal(client.drained, 0);
    page.server.resume();
    await until(() => server.bytes.length === 3000);
    await settle();
    assert.deepEqual([page.client.unsent, client.drained], [0, 1]);
  });

  it('end when too much waits', async () => {
    const page = new Page();
    const client = new Ear(page.client);
    const part = MAX_WAITING / 4;
    for (let count = 0; count < 4; count++) page.client.send(new Uint8Array(part));
    await settle();
    assert.equal(client.ends, 0);
    page.client.send(new Uint8Array(2000));
    await settle();
    assert.ok(client.error instanceof XenStoreProtocolError);
    page.client.send(new Uint8Array(8));
    page.client.close();
    await settle();
    assert.equal(client.ends, 1);
  });

  it('notify once for an event, whatever it brings about', async () => {
    const page = new Page();
    new Ear(page.client);
    page.server.start({
      data: (bytes) => {
        for (const byte of bytes) page.server.send(Uint8Array.of(byte));
      },
      end: () => undefined,
    });
    await settle();
    page.notifications = 0;
    page.client.send(new Uint8Array(100));
    await settle();
    // The request, its answer with the taking of it, and the taking of the answer.
    assert.equal(page.notifications, 3);
  });

  it('end once, from inside a handler too, and hear nothing after it', async () => {
    const page = new Page();
    let heard = 0;
    let ends = 0;
    page.server.start({
      data: () => {
        heard++;
        page.server.close();
        page.server.send(Uint8Array.of(1));
      },
      end: () => void ends++,
    });
    const client = new Ear(page.client);
    page.client.send(Uint8Array.of(1));
    await settle();
    page.client.send(Uint8Array.of(2));
    await settle();
    assert.deepEqual([heard, ends, client.bytes.length], [1, 1, 0]);
  });
});

describe('a guest that writes anything into its page', () => {
  it('ends its own connection only, with the error said', async () => {
    const word = fc.constantFrom(
      REQUEST_PRODUCER,
      REQUEST_CONSUMER,
      REPLY_CONSUMER,
      REPLY_PRODUCER,
      SERVER_FEATURES,
    );
    const value = fc.oneof(
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      fc.integer({ min: -2000, max: 2000 }),
    );
    const step = fc.oneof(
      fc.record({ word, value }),
      fc.record({ at: fc.nat({ max: 2047 }), byte: fc.nat({ max: 255 }) }),
    );
    await checkProperty(
      'store-ring: hostile words',
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        await using store = new StoreServer();
        const page = new Page();
        store.serve(page.server, domainId(1));
        const client = new XenStoreClient(store.connect());
        const bytes = new Uint8Array(page.words.buffer);
        for (const one of steps) {
          if ('word' in one) page.words[one.word] = one.value;
          else bytes[one.at] = one.byte;
          page.server.onEvent();
          await turn();
        }
        assert.ok([0, 2, 3].includes(page.words[ERROR] ?? -1));
        await client.write('/a', '1');
        assert.equal(await client.read('/a'), '1');
        await client.close();
      }),
      { numRuns: 100 },
    );
  });

  it('is told of an index that is too far away, on either ring', async () => {
    for (const [word, value] of [
      [REQUEST_PRODUCER, 1025],
      [REQUEST_PRODUCER, -1],
      [REPLY_CONSUMER, 1],
      [REPLY_CONSUMER, -1025],
    ] as const) {
      const page = new Page();
      const server = new Ear(page.server);
      await settle();
      page.words[word] = value;
      page.server.send(Uint8Array.of(1));
      page.server.onEvent();
      await settle();
      assert.equal(page.words[ERROR], 2, `word ${word} = ${value}`);
      assert.equal(server.ends, 1);
      assert.ok(server.error instanceof XenStoreProtocolError);
    }
  });

  it('cannot make the server read its request twice', async () => {
    const page = new Page();
    const server = new Ear(page.server);
    page.client.start({ data: () => undefined, end: () => undefined });
    page.client.send(Uint8Array.of(1, 2, 3));
    await settle();
    page.words[REQUEST_CONSUMER] = 0;
    page.server.onEvent();
    await settle();
    assert.deepEqual([...server.bytes], [1, 2, 3]);
  });
});

describe('a server behind a ring', () => {
  function guest(store: StoreServer): { page: Page; client: XenStoreClient } {
    const page = new Page();
    store.serve(page.server, domainId(1));
    return { page, client: new XenStoreClient(page.client) };
  }

  it('answers a guest, its longest messages and its watches', async () => {
    await using store = new StoreServer();
    store.write('/local/domain/1', '');
    store.setPermissions('/local/domain/1', permissions('n1'));
    const { client } = guest(store);
    const seen: string[] = [];
    await client.watch('data', (path) => void seen.push(path));
    await client.write('data/long', 'x'.repeat(1900));
    assert.equal((await client.read('data/long'))?.length, 1900);
    for (let index = 0; index < 60; index++)
      store.write(`/local/domain/1/data/${'n'.repeat(70)}-${index}`, '');
    assert.equal((await client.list('data'))?.length, 61);
    await until(() => seen.length >= 62);
    assert.equal(await client.transaction((tx) => tx.read('data')), '');
    await client.close();
  });

  it('says that it gives up on a message that is too long', async () => {
    await using store = new StoreServer();
    const page = new Page();
    store.serve(page.server, domainId(1));
    const client = new Ear(page.client);
    const bytes = encodeMessage({ type: 2, requestId: 1, transactionId: 0, payload: new Uint8Array(0) });
    new DataView(bytes.buffer).setUint32(12, MAX_PAYLOAD + 1, true);
    page.client.send(bytes);
    await settle();
    assert.equal(page.words[ERROR], 3);
    assert.equal(store.connections, 0);
    assert.ok(client.error instanceof XenStoreProtocolError);
  });

  it('forgets everything when the guest begins anew', async () => {
    await using store = new StoreServer();
    store.write('/local/domain/1', '');
    store.setPermissions('/local/domain/1', permissions('n1'));
    const page = new Page();
    store.serve(page.server, domainId(1));
    const ear = new Ear(page.client);
    const ask = (type: number, transactionId: number, ...texts: readonly string[]): Uint8Array =>
      encodeMessage({
        type,
        requestId: 9,
        transactionId,
        payload: encodeStrings(...texts) ?? new Uint8Array(0),
      });
    page.client.send(ask(MessageType.WATCH, 0, 'x', 'token'));
    page.client.send(ask(MessageType.TRANSACTION_START, 0, ''));
    // Half a message.
    page.client.send(ask(MessageType.READ, 0, 'x').subarray(0, 18));
    await settle();
    assert.match(ear.bytes.toString('latin1'), /token/);
    page.words[CONNECTION] = 1;
    page.server.onEvent();
    assert.equal(page.words[CONNECTION], 0);
    assert.deepEqual([...page.words.subarray(REQUEST_CONSUMER, SERVER_FEATURES)], [0, 0, 0, 0]);
    const again = new XenStoreClient(
      new RingTransport({
        bytes: new Uint8Array(page.words.buffer),
        role: 'client',
        notify: () => {
          setImmediate(() => {
            page.server.onEvent();
          });
        },
      }),
    );
    page.client.close();
    store.write('/local/domain/1/x', '1');
    await settle();
    assert.equal(page.words[REPLY_PRODUCER], 0, 'no event of the watch of before');
    await again.close();
  });
});
