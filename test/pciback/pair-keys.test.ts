/** Keys of a pair, whatever a tool stack or a guest writes into them: read as the protocol has them, or refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BackendKeysError, FrontendKeysError, PairKeys } from '../../src/pciback/pair-keys.js';
import { domainId } from '../../src/xen/domain.js';
import { backendPath, frontendPath, parseState } from '../../src/xen/pciif/index.js';
import { StoreServer, XenStoreClient } from '../../src/xen/store/index.js';
import { checkProperty } from '../kept-seeds.js';

const [DOM0, GUEST] = [domainId(0), domainId(1)];
const [BACK, FRONT] = [backendPath(DOM0, GUEST), frontendPath(GUEST)];

const text = fc
  .oneof(
    fc.constantFrom(
      '',
      '0',
      '1',
      '2',
      '256',
      '257',
      '-1',
      ' 3 ',
      '0x10',
      '1e3',
      '7',
      '0000:00:08.0',
      '08.0',
      'fff',
      'ff',
      'é',
    ),
    fc.string({ maxLength: 20 }),
  )
  .map((value) => value.replace(/[^\0-\xff]/g, '?'));

test('property: any keys of a tool stack are functions of the protocol, or refused by name', async () => {
  await checkProperty(
    'pair-keys: tool stack keys',
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom('num_devs', 'dev-0', 'dev-1', 'state-0', 'vdevfn-0'), text),
      async (keys) => {
        const server = new StoreServer();
        await using store = new XenStoreClient(server.connect());
        for (const [key, value] of Object.entries(keys)) server.write(`${BACK}/${key}`, value);
        try {
          for (const { index, address, wantedSlot } of await new PairKeys(store, DOM0, GUEST).functions()) {
            assert.equal(keys[`dev-${index}`], String(address));
            assert.ok(wantedSlot === undefined || (wantedSlot >= 0 && wantedSlot < 32));
          }
        } catch (error) {
          assert.ok(error instanceof BackendKeysError, String(error));
          assert.equal(keys[String(error.evidence['key'])] ?? 'absent', error.evidence['value']);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('property: any keys of a guest are a page and a port, or refused by name', async () => {
  await checkProperty(
    'pair-keys: guest keys',
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom('pci-op-ref', 'event-channel', 'magic'), text),
      async (keys) => {
        const server = new StoreServer();
        await using store = new XenStoreClient(server.connect());
        for (const [key, value] of Object.entries(keys)) server.write(`${FRONT}/${key}`, value);
        try {
          const { page, port } = await new PairKeys(store, DOM0, GUEST).connection();
          assert.deepEqual(
            [keys['magic'], Number(keys['pci-op-ref']), Number(keys['event-channel'])],
            ['7', page, port],
          );
        } catch (error) {
          assert.ok(error instanceof FrontendKeysError, String(error));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('property: any text is a state', async () => {
  await checkProperty(
    'pair-keys: states',
    fc.property(fc.option(text, { nil: undefined }), (value) => {
      const state = parseState(value);
      assert.ok(state >= 0 && state <= 8);
      if (state !== 0) assert.equal(value, String(state));
    }),
  );
});
