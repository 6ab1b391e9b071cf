/** The record of a guest on disk: what was put is found by the next process, wherever the former one was cut off. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { FileGuestRecords, type ExportRecord } from '../../src/pciback/index.js';
import { OpenslotError, PciAddress } from '../../src/pci/index.js';
import { domainId } from '../../src/xen/domain.js';
import type { Pirq } from '../../src/xen/platform.js';
import { checkProperty } from '../kept-seeds.js';

const GUEST = domainId(7);
let folder = '';
let prefix = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openslot-records-'));
  prefix = join(folder, 'run', 'linux');
  path = `${prefix}.guest-7`;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const anExport: fc.Arbitrary<ExportRecord> = fc.record(
  {
    address: fc.integer({ min: 0, max: 7 }).map((fn) => new PciAddress(0, 3, 0, fn)),
    virtual: fc.integer({ min: 0, max: 255 }).map((devfn) => PciAddress.fromDevfn(0, 0, devfn)),
    stage: fc.constantFrom('preparing' as const, 'given' as const, 'leaving' as const),
    msixTable: fc.constantFrom('none' as const, 'unknown' as const, 'ours' as const),
    decoding: fc.boolean(),
    interrupts: fc.record(
      {
        mode: fc.constantFrom('off' as const, 'msi' as const, 'msix' as const),
        pirqs: fc.array(
          fc.integer({ min: 16, max: 255 }).map((pirq) => pirq as Pirq),
          { maxLength: 4 },
        ),
        entries: fc.array(fc.nat(2047), { maxLength: 4 }),
        step: fc.constantFrom('settled' as const, 'changing' as const, 'unanswered' as const),
      },
      { noNullPrototype: true },
    ),
    registers: fc.constantFrom({}, { 4: 0x0407 }, { 4: 7, 16: 1, 100: 3 }),
    policy: fc.constantFrom(
      { source: '/var/lib/openslot/policies/8086-10d3.yaml', allowed: [] },
      { source: 'nic.yaml', allowed: ['header.latency', 'config:0x40/4'] },
    ),
  },
  {
    noNullPrototype: true,
    // Without a policy: held to the default, as records of former versions say it.
    requiredKeys: ['address', 'virtual', 'stage', 'msixTable', 'decoding', 'interrupts', 'registers'],
  },
);

type Change =
  { readonly put: ExportRecord } | { readonly drop: PciAddress } | { readonly connected: boolean };
const aChange: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: anExport.map((put) => ({ put })) },
  { weight: 1, arbitrary: anExport.map(({ address }) => ({ drop: address })) },
  { weight: 1, arbitrary: fc.boolean().map((connected) => ({ connected })) },
);

/** What the next process finds. */
function found(): object | undefined {
  const [record, ...others] = new FileGuestRecords(prefix).former();
  assert.deepEqual(others, []);
  if (record === undefined) return undefined;
  const { guest, uuid, connected, exports } = record;
  return { guest, uuid, connected, exports };
}

describe('a record', () => {
  test('property: cut off anywhere, it says what it said before or after a change', async () => {
    const property = fc.property(
      fc.array(aChange, { minLength: 1, maxLength: 8 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (changes, where) => {
        rmSync(path, { force: true });
        const record = new FileGuestRecords(prefix).create(GUEST);
        record.identify('a-guest', 'vpci');
        const said: (object | undefined)[] = [undefined];
        const sizes: number[] = [];
        for (const change of changes) {
          if ('put' in change) record.put(change.put);
          else if ('drop' in change) record.drop(change.drop);
          else record.setConnected(change.connected);
          said.push(found());
          sizes.push(found() === undefined ? 0 : statSync(path).size);
        }
        const { connected, exports } = record;
        if (found() === undefined) return;
        assert.deepEqual(found(), { guest: GUEST, uuid: 'a-guest', connected, exports });
        // The first write is the whole file, which a rename puts there; what follows is appended.
        const first = sizes.find((size) => size > 0) ?? 0;
        const size = first + Math.floor(where * (statSync(path).size - first));
        truncateSync(path, size);
        const complete = sizes.filter((one) => one <= size).length;
        assert.deepEqual(found(), said[complete]);
      },
    );
    await checkProperty('guest-record: cut off anywhere', property, { numRuns: 100 });
  });

  test('property: any file is a record, or is refused by name', async () => {
    new FileGuestRecords(prefix).create(GUEST).setConnected(true);
    const line = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constantFrom(
        '{"guest":7,"uuid":"x"}',
        '{"export":{}}',
        '{"returned":"x"}',
        '{"export":null}',
        '{"connected":1}',
      ),
    );
    const property = fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
      writeFileSync(path, lines.map((one) => `${one}\n`).join(''));
      try {
        found();
      } catch (error) {
        assert.ok(error instanceof OpenslotError, String(error));
        assert.equal(error.code, 'GUEST_RECORD_UNREADABLE');
        assert.equal(error.evidence['path'], path);
      }
    });
    await checkProperty('guest-record: any file', property, { numRuns: 300 });
  });

  test('that is damaged is refused by its line and field, and stays as it is', () => {
    const record = new FileGuestRecords(prefix).create(GUEST);
    record.identify('a-guest', 'vpci');
    record.setConnected(true);
    const [sound] = fc.sample(anExport, { numRuns: 1, seed: 2 });
    assert.ok(sound !== undefined);
    record.put({ ...sound, stage: 'given', decoding: true });
    record.drop(sound.address);
    record.close();
    const whole = readFileSync(path, 'utf8');
    for (const [written, damaged, why] of [
      ['"guest":7', '"guest":70000', /^line 1: guest: it is no domain id$/],
      ['"guest":7', '"guest":8', /^line 1: it is the record of guest 8$/],
      ['"topology":"vpci"', '"topology":"odd"', /^line 1: topology: /],
      ['"connected":true', '"connected":1', /^line 2: connected: /],
      ['"stage":"given"', '"stage":"taken"', /^line 3: export\.stage: /],
      ['"decoding":true', '"decoding":null', /^line 3: export\.decoding: /],
      ['"pirqs":[', '"pirqs":7,"entries":[', /^line 3: export\.interrupts\.pirqs: /],
      ['"returned":"', '"returned":"x', /^line 4: returned: it is no address$/],
      ['"returned"', '"back"', /^line 4: .*"back"/],
    ] as const) {
      const text = whole.replace(written, damaged);
      assert.notEqual(text, whole, written);
      writeFileSync(path, text);
      assert.throws(found, (error: unknown) => {
        assert.ok(error instanceof OpenslotError && error.code === 'GUEST_RECORD_UNREADABLE', String(error));
        assert.equal(error.evidence['path'], path);
        assert.match(String(error.evidence['why']), why);
        return true;
      });
      assert.equal(readFileSync(path, 'utf8'), text);
    }
  });

  test('of a long life stays short, is private, and goes with the guest', () => {
    const record = new FileGuestRecords(prefix).create(GUEST);
    const [export0] = fc.sample(anExport, { numRuns: 1, seed: 1 });
    assert.ok(export0 !== undefined);
    for (let turn = 0; turn < 2000; turn++) record.put({ ...export0, registers: { 4: turn } });
    assert.ok(statSync(path).size < 80_000, `${statSync(path).size} bytes`);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const [again] = new FileGuestRecords(prefix).former();
    assert.deepEqual(again?.exports[0]?.registers, { 4: 1999 });
    again?.setConnected(true);
    assert.equal(readFileSync(path, 'utf8').split('\n').length, 4, 'who finds it writes it anew');
    again?.remove();
    assert.deepEqual(new FileGuestRecords(prefix).former(), []);
  });

  test('has what a process that is killed had put', async () => {
    const program = `
      import { FileGuestRecords } from ${JSON.stringify(new URL('../../src/pciback/index.js', import.meta.url))};
      import { PciAddress } from ${JSON.stringify(new URL('../../src/pci/index.js', import.meta.url))};
      import { writeSync } from 'node:fs';
      const record = new FileGuestRecords(${JSON.stringify(prefix)}).create(7);
      const interrupts = { mode: 'off', pirqs: [], entries: [], step: 'settled' };
      const address = new PciAddress(0, 3, 0, 0);
      for (let turn = 1; ; turn++) {
        const registers = { 4: turn };
        record.put({ address, virtual: address, stage: 'given', msixTable: 'none', decoding: true, interrupts, registers });
        writeSync(1, turn + '\\n');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let heard = '';
    child.stdout.on('data', (bytes: Buffer) => {
      heard = (heard + bytes.toString()).slice(-100);
      if (/^\d{4,}$/m.test(heard)) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const last = Number(heard.split('\n').at(-2));
    const [record] = new FileGuestRecords(prefix).former();
    const kept = record?.exports[0]?.registers[4] ?? NaN;
    assert.ok(kept === last || kept === last + 1, `${last} was told, ${kept} is kept`);
  });
});
