/** The client against peers that behave oddly: cuts, lies, replies out of order, floods, and the kernel's device. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  encodeMessage,
  encodeStrings,
  memoryPair,
  MessageDecoder,
  MessageType,
  XenStoreClient,
  XenStoreClosedError,
  XenStoreProtocolError,
  XenStoreRefusedError,
} from '../../../src/xen/store/index.js';
import type { Message, StoreTransport } from '../../../src/xen/store/index.js';

/** A client whose peer the test plays by hand. */
class HandPeer {
  readonly client: XenStoreClient;
  readonly received: Message[] = [];
  readonly #far: StoreTransport;

  constructor(chunk = Infinity) {
    const [near, far] = memoryPair({ chunk });
    this.#far = far;
    const decoder = new MessageDecoder();
    far.start({
      data: (bytes) => {
        decoder.push(bytes, (message) => this.received.push(message));
      },
      end: () => undefined,
    });
    this.client = new XenStoreClient(near);
  }

  /** The nth request, once it is there. */
  async request(index = 0): Promise<Message> {
    for (let turns = 0; turns < 20; turns += 1) {
      const message = this.received[index];
      if (message !== undefined) return message;
      await turn();
    }
    throw new Error(`no request ${index}`);
  }

  reply(to: Message, text: string, changes: Partial<Message> = {}): void {
    this.send(encodeMessage({ ...to, payload: Buffer.from(text, 'latin1'), ...changes }));
  }

  send(bytes: Uint8Array): void {
    this.#far.send(bytes);
  }

  cut(): void {
    this.#far.close();
  }
}

describe('replies', () => {
  it('are matched by number, in any order and any chunks', async () => {
    for (const chunk of [1, 7, Infinity]) {
      const peer = new HandPeer(chunk);
      const [a, b, c] = [peer.client.read('/a'), peer.client.read('/b'), peer.client.read('/c')];
      const requests = [await peer.request(0), await peer.request(1), await peer.request(2)];
      assert.equal(new Set(requests.map(({ requestId }) => requestId)).size, 3);
      for (const message of requests.reverse()) {
        const path = Buffer.from(message.payload).toString();
        if (path.startsWith('/b')) peer.reply(message, 'EACCES\0', { type: MessageType.ERROR });
        else peer.reply(message, `value of ${path.slice(0, -1)}`);
      }
      assert.equal(await a, 'value of /a');
      assert.equal(await c, 'value of /c');
      await assert.rejects(b, (error: unknown) => {
        assert.ok(error instanceof XenStoreRefusedError);
        assert.equal(error.code, 'XENSTORE_EACCES');
        assert.deepEqual(error.evidence, { operation: 'READ', path: '/b', errno: 'EACCES', by: 'server' });
        assert.match(error.next, /xenstore-ls/);
        return true;
      });
      await peer.client.close();
    }
  });

  it('are awaited for 16 requests at a time; the rest follows one by one', async () => {
    const peer = new HandPeer();
    const reads = Array.from({ length: 40 }, (_, index) => peer.client.read(`/${index}`));
    await peer.request(15);
    await turn();
    assert.equal(peer.received.length, 16);
    for (let index = 0; index < 40; index += 1) {
      peer.reply(await peer.request(index), String(index));
      await turn();
      assert.ok(peer.received.length <= index + 1 + 16);
    }
    assert.deepEqual(
      await Promise.all(reads),
      Array.from({ length: 40 }, (_, index) => String(index)),
    );
    await peer.client.close();
  });

  it('to WATCH may have number 0, as Linux’s device gives them', async () => {
    const peer = new HandPeer();
    const seen: string[] = [];
    const watching = [
      peer.client.watch('/a', (path) => void seen.push(path)),
      peer.client.watch('/b', (path) => void seen.push(path)),
    ];
    const [, token = ''] = Buffer.from((await peer.request(1)).payload)
      .toString()
      .split('\0');
    // The event of a watch may come before its answer.
    const event = encodeStrings('/b/c', token) ?? new Uint8Array(0);
    peer.send(
      encodeMessage({ type: MessageType.WATCH_EVENT, requestId: 0, transactionId: 0, payload: event }),
    );
    for (let index = 0; index < 2; index += 1) {
      peer.reply(await peer.request(index), 'OK\0', { requestId: 0 });
    }
    const [, second] = await Promise.all(watching);
    await turn();
    assert.deepEqual(seen, ['/b/c']);
    const ended = second?.unwatch();
    peer.reply(await peer.request(2), 'OK\0', { requestId: 0 });
    await ended;
    await peer.client.close();
  });
});

describe('a refused watch', () => {
  it('never fires', async () => {
    const peer = new HandPeer();
    const watching = peer.client.watch('/a', () => assert.fail());
    const request = await peer.request();
    const payload = encodeStrings('/a', 'w1') ?? new Uint8Array(0);
    peer.send(encodeMessage({ type: MessageType.WATCH_EVENT, requestId: 0, transactionId: 0, payload }));
    peer.reply(request, 'ENOSPC\0', { type: MessageType.ERROR });
    await assert.rejects(watching, (error: unknown) => {
      return error instanceof XenStoreRefusedError && error.code === 'XENSTORE_ENOSPC';
    });
    await peer.client.close();
  });
});

describe('a peer that cuts the connection', () => {
  it('in the middle of a message loses what was asked, and the client says where', async () => {
    const peer = new HandPeer();
    const reads = Array.from({ length: 20 }, () => peer.client.read('/a'));
    const request = await peer.request();
    peer.send(encodeMessage({ ...request, payload: Buffer.from('half') }).subarray(0, 18));
    peer.cut();
    for (const read of reads) await assert.rejects(read, XenStoreClosedError);
    const why = await peer.client.closed;
    assert.ok(why instanceof XenStoreClosedError);
    assert.match(why.message, /cut after 18 bytes of a message/);
  });
});

describe('a peer that breaks the protocol', () => {
  const lies: readonly (readonly [string, (peer: HandPeer, request: Message) => void])[] = [
    [
      'a payload beyond the limit',
      (peer, request) => {
        const bytes = encodeMessage({ ...request, payload: new Uint8Array(0) });
        new DataView(bytes.buffer).setUint32(12, 0xffff_ffff, true);
        peer.send(bytes);
      },
    ],
    [
      'a reply to nothing',
      (peer, request) => {
        peer.reply(request, '', { requestId: request.requestId + 1 });
      },
    ],
    [
      'a reply of another type',
      (peer, request) => {
        peer.reply(request, '', { type: MessageType.DIRECTORY });
      },
    ],
    [
      'an error that is none',
      (peer, request) => {
        peer.reply(request, 'oops\0', { type: MessageType.ERROR });
      },
    ],
    [
      'a malformed event',
      (peer, request) => {
        peer.reply(request, '/a\0', { type: MessageType.WATCH_EVENT, requestId: 0 });
      },
    ],
  ];
  for (const [what, lie] of lies) {
    it(`by ${what} is left, with all that was asked of it rejected`, async () => {
      const peer = new HandPeer();
      const read = peer.client.read('/a');
      lie(peer, await peer.request());
      await assert.rejects(
        read,
        (error: unknown) =>
          error instanceof XenStoreClosedError && error.cause instanceof XenStoreProtocolError,
      );
      assert.ok((await peer.client.closed) instanceof XenStoreProtocolError);
      await assert.rejects(peer.client.read('/a'), XenStoreClosedError);
      await peer.client.close();
    });
  }

  it('inside a reply is left, too', async () => {
    const cases: readonly (readonly [(client: XenStoreClient) => Promise<unknown>, string])[] = [
      [(client) => client.list('/a'), 'x'],
      [(client) => client.permissions('/a'), 'q7\0'],
      [(client) => client.permissions('/a'), ''],
      [(client) => client.transaction(() => Promise.resolve()), 'x\0'],
    ];
    for (const [ask, answer] of cases) {
      const peer = new HandPeer();
      const asked = ask(peer.client);
      peer.reply(await peer.request(), answer);
      await assert.rejects(asked, XenStoreProtocolError);
      assert.ok((await peer.client.closed) instanceof XenStoreProtocolError);
    }
  });

  it('with a list in parts that never ends is left', async () => {
    for (const part of ['7\0', '']) {
      const peer = new HandPeer();
      const listing = peer.client.list('/a');
      peer.reply(await peer.request(0), 'E2BIG\0', { type: MessageType.ERROR });
      peer.reply(await peer.request(1), part);
      await assert.rejects(listing, XenStoreProtocolError);
    }
  });
});
