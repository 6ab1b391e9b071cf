/** The comparison that the lab makes with C xenstored, made between transports of our own: the same steps, the same answers. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openSocket, RingTransport, StoreServer, type StoreTransport } from '../../../src/xen/store/index.js';
import { domainId } from '../../../src/xen/domain.js';
import { compare } from './comparison/compare.js';
import { generateSteps } from './comparison/generator.js';
import { replay, type Replay } from './comparison/replay.js';
import { MessageType } from '../../../src/xen/store/index.js';

const PLACE = { top: '/comparison', relativeTop: 'comparison', domains: [0] } as const;

describe('the steps of a comparison', () => {
  const steps = generateSteps({ seed: 3, count: 1500, ...PLACE });

  it('are the same for the same seed, and others for another one', () => {
    assert.deepEqual(generateSteps({ seed: 3, count: 1500, ...PLACE }), steps);
    assert.notDeepEqual(generateSteps({ seed: 2, count: 1500, ...PLACE }), steps);
    const types = new Set(steps.map((step) => (step.kind === 'request' ? step.type : step.how)));
    assert.ok(types.size >= 25, `${types.size} kinds`);
    assert.ok(types.has(MessageType.DIRECTORY_PART) && types.has('too long'));
  });

  it('bring the same on a socket, in memory, byte by byte, and on a ring', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'store-'));
    const play = async (
      open: (server: StoreServer) => StoreTransport | Promise<StoreTransport>,
    ): Promise<Replay> => {
      await using server = new StoreServer({ hypervisor: { exists: (domain) => domain === 0 } });
      await server.listen(join(directory, 'socket'));
      return await replay(async () => await open(server), steps);
    };
    const first = await play(() => openSocket([join(directory, 'socket')]));
    assert.ok(first.events > 200);
    for (const other of [
      await play((server) => server.connect()),
      await play((server) => server.connect({ chunk: 1 })),
      await play(ring),
    ]) {
      const { differ, told } = compare(steps, first, other);
      assert.equal(differ, 0, told.join('\n'));
    }
    await rm(directory, { recursive: true });
  });

  it('tell of a server that answers otherwise', async () => {
    const play = (entries: number): Promise<Replay> => {
      const server = new StoreServer({
        quotas: { nameLength: entries },
        hypervisor: { exists: (id) => id === 0 },
      });
      return replay(() => Promise.resolve(server.connect()), steps.slice(0, 300));
    };
    const { differ, told, summary } = compare(steps.slice(0, 300), await play(2048), await play(30));
    assert.ok(differ > 0);
    assert.match(told[0] ?? '', /^step \d+: connection \d, [A-Z_]+, .*\n {2}theirs .*\n {2}ours {3}.*EINVAL/);
    assert.match(
      summary,
      new RegExp(`^\\d+ requests, \\d+ replies, \\d+ events compared, ${differ} differ$`),
    );
  });
});

/** A client's end of a ring on the server; it is dom0's, and it ends as a socket does. */
function ring(server: StoreServer): StoreTransport {
  const bytes = new Uint8Array(new SharedArrayBuffer(4096));
  const later = (other: () => RingTransport) => () => {
    setImmediate(() => {
      other().onEvent();
    });
  };
  const client: RingTransport = new RingTransport({ bytes, role: 'client', notify: later(() => far) });
  const far: RingTransport = new RingTransport({ bytes, role: 'server', notify: later(() => client) });
  server.serve(far, domainId(0));
  return {
    name: client.name,
    maxPayload: client.maxPayload,
    start: (handlers) => {
      client.start(handlers);
    },
    send: (sent) => {
      client.send(sent);
    },
    close: () => {
      client.close();
      // A ring has no end that the server would notice.
      far.close();
    },
  };
}
