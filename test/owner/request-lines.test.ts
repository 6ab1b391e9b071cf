/** Lines to the owner's socket: each gets one answer with its id, whatever it holds. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { PciAddress } from '../../src/pci/index.js';
import { OwnerSocket } from '../../src/owner/index.js';
import { checkProperty } from '../kept-seeds.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-lines-'));
after(() => {
  rmSync(folder, { recursive: true });
});

test('property: every line is answered once, in order', async () => {
  await using owner = await OwnerSocket.bind('linux', join(folder, 'linux.sock'));
  const claimed: string[] = [];
  const report = ({ addresses }: { readonly addresses: readonly PciAddress[] }) => {
    claimed.push(...addresses.map(String));
    return addresses.map((address) => ({
      address,
      holder: undefined,
      formerDriver: undefined,
      quarantined: false,
    }));
  };
  owner.serve({ pool: () => [], claim: report, release: report });
  const client = connect(join(folder, 'linux.sock'));
  const answers = createInterface({ input: client })[Symbol.asyncIterator]();
  const request = fc.record(
    {
      id: fc.oneof(fc.integer(), fc.jsonValue()),
      request: fc.oneof(fc.constantFrom('pool', 'claim', 'release'), fc.jsonValue()),
      parameters: fc.oneof(
        fc.record({
          addresses: fc.oneof(
            fc.array(fc.constantFrom('00:08.0', '0000:0a:1f.7', '00:20.0'), { maxLength: 3 }),
            fc.jsonValue(),
          ),
        }),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: [] },
  );
  const line = fc.oneof(
    request.map((value) => JSON.stringify(value)),
    fc.json(),
    fc.string({ maxLength: 40 }),
  );
  await checkProperty(
    'request-lines: every line is answered once',
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 5 }), async (lines) => {
      // A line is what a line reader takes for one.
      const sent = lines.map((text) => text.replace(/[\n\r\u2028\u2029]/g, ' '));
      client.write(sent.map((text) => `${text}\n`).join(''));
      for (const text of sent) {
        const { value } = (await answers.next()) as { value: string };
        const answer = JSON.parse(value) as { id: number; result?: unknown; error?: { code: string } };
        assert.ok('result' in answer !== 'error' in answer, value);
        if (answer.error !== undefined) assert.match(answer.error.code, /^(REQUEST|ADDRESS)_/, text);
      }
    }),
    { numRuns: 200 },
  );
  client.destroy();
  for (const address of claimed) assert.match(address, /^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/);
});
