/** The journal's file, whatever stands in it: records that it could have written, or a refusal that names it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { PciAddress } from '../../src/pci/index.js';
import { FileJournal, JournalUnreadableError } from '../../src/pool/index.js';
import { checkProperty } from '../kept-seeds.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-journal-'));
const path = join(folder, 'claims.json');
after(() => {
  rmSync(folder, { recursive: true });
});

test('property: any file is read or refused by name', async () => {
  const entry = fc.record(
    {
      address: fc.oneof(fc.constantFrom('0000:00:08.0', '0a:00.0', 'x'), fc.jsonValue()),
      formerDriver: fc.jsonValue(),
      holder: fc.oneof(fc.string(), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const content = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(fc.oneof(entry, fc.jsonValue())).map((all) => JSON.stringify(all)),
  );
  await checkProperty(
    'claim-journal: any file is read or refused by name',
    fc.property(content, (text) => {
      writeFileSync(path, text);
      try {
        for (const { address } of new FileJournal(path).records()) assert.ok(address instanceof PciAddress);
      } catch (error) {
        assert.ok(error instanceof JournalUnreadableError, String(error));
        assert.equal(error.evidence['path'], path);
      }
    }),
    { numRuns: 300 },
  );
});

test('property: what was put is what is read', async () => {
  const name = fc.option(fc.string(), { nil: undefined });
  const record = fc.record(
    {
      address: fc.integer({ min: 0, max: 255 }).map((devfn) => PciAddress.fromDevfn(0, 3, devfn)),
      formerDriver: name,
      formerOverride: name,
      holder: name,
    },
    { noNullPrototype: true },
  );
  await checkProperty(
    'claim-journal: what was put is what is read',
    fc.property(
      fc.uniqueArray(record, { selector: ({ address }) => address.sbdf, maxLength: 5 }),
      (records) => {
        rmSync(path, { force: true });
        const journal = new FileJournal(path);
        for (const one of records) journal.put(one);
        assert.deepEqual(new FileJournal(path).records(), records);
        for (const { address } of records) journal.remove(address);
        assert.deepEqual(journal.records(), []);
      },
    ),
    { numRuns: 30 },
  );
});

test('a link in the place of the next file is not followed', () => {
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'precious');
  rmSync(path, { force: true });
  symlinkSync(victim, `${path}.next`);
  new FileJournal(path).put({
    address: new PciAddress(0, 0, 8, 0),
    formerDriver: undefined,
    formerOverride: undefined,
    holder: undefined,
  });
  assert.equal(readFileSync(victim, 'utf8'), 'precious');
});

test('what a newer openslot has written is refused, and never written over', () => {
  const newer = JSON.stringify([{ address: '0000:00:08.0', holder: 'vfio-pci', lease: { until: 7 } }]);
  writeFileSync(path, newer);
  const journal = new FileJournal(path);
  const address = new PciAddress(0, 2, 0, 0);
  const record = { address, formerDriver: 'nvme', formerOverride: undefined, holder: undefined };
  assert.throws(() => {
    journal.put(record);
  }, JournalUnreadableError);
  assert.throws(() => {
    journal.remove(address);
  }, JournalUnreadableError);
  assert.equal(readFileSync(path, 'utf8'), newer);
});
