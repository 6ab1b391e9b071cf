/** Our XenStore server beside the C xenstored of the lab's dom0: the same requests to both, every answer and event equal. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  connectSocket,
  joinPath,
  openSocket,
  StoreServer,
  type XenStore,
  type XenStoreClient,
} from '../../src/xen/store/index.js';
import { compare } from '../xen/store/comparison/compare.js';
import { generateSteps } from '../xen/store/comparison/generator.js';
import { replay } from '../xen/store/comparison/replay.js';

const SEED = 0x0517_0417;
const REQUESTS = 5000;
/** All that the requests write stands below these. */
const PLACE = { top: '/comparison', relativeTop: 'comparison', domains: [0] } as const;
const HOME = '/local/domain/0';

describe(`seed ${SEED}`, () => {
  let theirs: XenStoreClient;
  let directory: string;
  let server: StoreServer;

  before(async () => {
    theirs = await connectSocket();
    directory = await mkdtemp(join(tmpdir(), 'store-'));
    // No other domain runs while the suites do, and xenstored asks Xen who is there.
    server = new StoreServer({ hypervisor: { exists: (domain) => domain === 0 } });
    await copy(theirs, server, '/');
    await server.listen(join(directory, 'socket'));
  });

  after(async () => {
    await theirs.remove(PLACE.top);
    await theirs.remove(joinPath(HOME, PLACE.relativeTop));
    await theirs.close();
    await server.close();
    await rm(directory, { recursive: true });
  });

  test(`${REQUESTS} requests from three connections`, async (t) => {
    const steps = generateSteps({ seed: SEED, count: REQUESTS, ...PLACE });
    const [one, other] = [
      await replay(() => openSocket(), steps),
      await replay(() => openSocket([join(directory, 'socket')]), steps),
    ];
    const { told, differ, summary } = compare(steps, one, other);
    t.diagnostic(`${summary} (seed ${SEED})`);
    assert.equal(differ, 0, told.join('\n'));
    assert.ok(one.replies >= REQUESTS && one.events >= 1000);
  });
});

/** What xenstored holds already, so that the listings of its upper nodes are the same; the order is that of creation. */
async function copy(from: XenStore, to: StoreServer, path: string): Promise<void> {
  for (const name of (await from.list(path)) ?? []) {
    const child = joinPath(path, name);
    to.write(child, (await from.read(child)) ?? '');
    to.setPermissions(child, (await from.permissions(child)) ?? []);
    await copy(from, to, child);
  }
}
