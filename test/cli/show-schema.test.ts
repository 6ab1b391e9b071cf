/** What `openslot show --json` prints, against its published schema, by a validator that is not ours. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import type { Machine } from '../../src/function/index.js';
import { bytesReader, decodeFunction, PciAddress } from '../../src/pci/index.js';
import { factsOf } from '../../src/cli/function-facts.js';
import { showData } from '../../src/cli/show-data.js';
import { checkProperty } from '../kept-seeds.js';
import { skip, startQemu } from '../machines/qemu/qemu.js';
import { EVERYTHING } from '../machines/qemu/subjects.js';
import { hostileSpace } from '../pci/hostile-spaces.js';

const schema = JSON.parse(
  readFileSync(new URL('../../../docs/schemas/show.json', import.meta.url), 'utf8'),
) as object;
const validate: ValidateFunction = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

/** Any bytes, and lists of fields that are whole, cut, or longer than the data. */
const hostileVpd = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc
    .tuple(
      fc.constantFrom(0x82, 0x90, 0x91),
      fc.nat(40),
      fc.constantFrom('PN', 'RV', 'RW', 'CP', 'V0'),
      fc.nat(12),
    )
    .chain(([tag, length, keyword, field]) =>
      fc
        .uint8Array({ maxLength: 40 })
        .map((rest) => Uint8Array.from([tag, length, 0, ...Buffer.from(keyword), field, ...rest])),
    ),
);

function assertValid(data: unknown, what: string): void {
  // What a reader gets is what JSON keeps of it.
  const text = JSON.stringify(data);
  assert.ok(validate(JSON.parse(text)), `${what}: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
}

const NAMES = { name: 'a name', subsystemName: null };

/** @returns the number of functions that there were. */
function checkMachine(machine: Machine): number {
  const functions = machine.list();
  for (const { address } of functions)
    assertValid(showData(address, factsOf(machine, address, []), NAMES), String(address));
  return functions.length;
}

describe('show --json is as its schema says', () => {
  test('of the simulated machine, and of one with errors to report and product data', () => {
    using machine = new SimMachine();
    assert.ok(checkMachine(machine) >= 8);
    using reporting = new SimMachine(
      parseMachine(`
roots:
  - slots:
      - {slot: "01", model: nvme, aer: true, vpd: {name: Disk, readOnly: {PN: X1, V0: "1"}, readWrite: {YA: "7"}}}
      - {slot: "02", model: multi, driver: gpio, vpd: {}}
`),
    );
    assert.ok(checkMachine(reporting) >= 2);
  });

  test('of this host', (context) => {
    let machine: LinuxMachine;
    try {
      machine = new LinuxMachine();
    } catch (cause) {
      context.skip(String(cause));
      return;
    }
    using host = machine;
    context.diagnostic(`${checkMachine(host)} functions`);
  });

  test('of QEMU’s models', { skip }, async () => {
    using machine = await startQemu(EVERYTHING);
    assert.ok(checkMachine(machine) >= 12);
  });

  test('of any configuration space', async () => {
    await checkProperty(
      'show: data of any configuration space and product data fits the schema',
      fc.property(hostileSpace, hostileVpd, (bytes, vpd) => {
        const facts = {
          summary: undefined,
          regions: [],
          resetMethods: [],
          interruptLine: undefined,
          decoded: decodeFunction(bytesReader(bytes)),
          vpd,
          findings: [],
        };
        assertValid(showData(new PciAddress(0, 0, 1, 0), facts, undefined), 'a space');
      }),
    );
  });

  test('and a fault would be seen', () => {
    using machine = new SimMachine();
    const [{ address } = { address: new PciAddress(0, 0, 1, 0) }] = machine.list();
    const data = showData(address, factsOf(machine, address, []), NAMES);
    assertValid(data, 'sound');
    for (const wrong of [
      { ...data, more: 1 },
      { ...data, address: '1:2.3' },
      { ...data, decoded: { ...data.decoded, header: [{ name: 'x' }] } },
      { ...data, findings: [{ code: 'nothing' }] },
    ])
      assert.equal(validate(JSON.parse(JSON.stringify(wrong))), false);
  });
});

describe('the commands', () => {
  const main = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'openslot-schema-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const openslot = (...args: readonly string[]) =>
    spawnSync(process.execPath, [main, ...args], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });

  test('print the schema, and what fits it', () => {
    assert.match(openslot('schema').stdout, /^show$/m);
    assert.deepEqual(JSON.parse(openslot('schema', 'show').stdout), schema);
    const unknown = openslot('schema', 'shwo');
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /SCHEMA_UNKNOWN[\s\S]*did you mean show/);
    const board = join(folder, 'board.yaml');
    writeFileSync(
      board,
      'roots: [{slots: [{slot: "02", model: nvme, aer: true, vpd: {readOnly: {SN: S-1}}}]}]\n',
    );
    const shown = openslot('show', '00:02.0', '--json', '--on', `sim:${board}`);
    assert.equal(shown.status, 0, shown.stderr);
    assertValid(JSON.parse(shown.stdout), 'the command');
    assert.match(shown.stdout, /"text": "S-1"/);
  });
});
