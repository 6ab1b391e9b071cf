/** What the kernel knows of a function besides its registers, on a saved sysfs tree. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { captureMachine } from '../../../src/function/index.js';
import { LinuxMachine } from '../../../src/machines/linux/index.js';
import { notations } from '../../../src/pci/index.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-facts-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ADDRESS = notations.hex.parse('0000:3b:00.1');
const MODALIAS = 'pci:v00008086d00001572sv00001043sd00001234bc02sc00i00';

/** A tree with one function; `files` are its attributes. */
function machine(name: string, files: Readonly<Record<string, string | Uint8Array>>): LinuxMachine {
  const root = join(folder, name);
  const device = join(root, 'devices', String(ADDRESS));
  mkdirSync(device, { recursive: true });
  const all = { config: new Uint8Array(256), resource: '', uevent: '', ...files };
  for (const [file, content] of Object.entries(all)) writeFileSync(join(device, file), content);
  for (const [slot, address] of [
    ['1', '0000:3a:00'],
    ['2-1', '0000:3b:00'],
    ['3', '0000:3b:01'],
  ] as const) {
    mkdirSync(join(root, 'slots', slot), { recursive: true });
    writeFileSync(join(root, 'slots', slot, 'address'), `${address}\n`);
  }
  const modules = join(root, 'modules');
  mkdirSync(modules);
  writeFileSync(
    join(modules, 'modules.alias'),
    [
      '# Aliases extracted from modules themselves.',
      'alias usb:v8086d* other',
      'alias pci:v0000808[67]d*sv*sd*bc02sc*i* any_of_two',
      'alias pci:v00008086d00001572sv*sd*bc*sc*i* i40e',
      'alias pci:v00008086d00001573sv*sd*bc*sc*i* none',
      'alias pci:v*d*sv*sd*bc02sc0?i* generic',
      'alias pci:v00008086d00001572sv*sd*bc*sc*i[!1]* i40e',
      'alias pci:v000010DEd*sv*sd*bc*sc*i* nouveau',
    ].join('\n'),
  );
  return new LinuxMachine({ root, modules });
}

test('node, label, slot and modules are the kernel’s', () => {
  using linux = machine('known', {
    modalias: `${MODALIAS}\n`,
    numa_node: '1\n',
    label: 'Onboard LAN 1\n',
    vpd: Uint8Array.of(0x78),
  });
  const { readVpd, ...facts } = linux.hostFacts(ADDRESS);
  assert.deepEqual(facts, {
    modules: ['any_of_two', 'i40e', 'generic'],
    numaNode: 1,
    label: 'Onboard LAN 1',
    physicalSlot: '2-1',
  });
  assert.deepEqual(readVpd?.(), Uint8Array.of(0x78));
  const [captured] = captureMachine(linux).functions;
  assert.deepEqual(captured?.vpd, Uint8Array.of(0x78));
  assert.equal(captured.numaNode, 1);
  assert.deepEqual(captured.modules, facts.modules);
});

test('what the kernel does not know is not told', () => {
  using linux = machine('unknown', { modalias: 'pci:v0000FFFFd0', numa_node: '-1\n' });
  const { readVpd, ...facts } = linux.hostFacts(ADDRESS);
  assert.deepEqual(facts, { modules: [], numaNode: undefined, label: undefined, physicalSlot: '2-1' });
  assert.equal(readVpd?.(), undefined);
});

test('product data that the kernel keeps off is not read past it', () => {
  const config = new Uint8Array(256);
  config.set([0x86, 0x80, 0x72, 0x15, 0, 0, 0x10]);
  config[0x34] = 0x40;
  config[0x40] = 0x03;
  using linux = machine('kept-off', { config });
  const [captured] = captureMachine(linux).functions;
  assert.equal(captured?.vpd, undefined);
  assert.deepEqual(
    captured?.unreadable.map(({ what, why }) => [what, why]),
    [
      [
        'vital product data',
        `VPD_UNREADABLE: the vital product data of ${ADDRESS} cannot be read: linux gives none of it`,
      ],
    ],
  );
  const after = readFileSync(join(folder, 'kept-off', 'devices', String(ADDRESS), 'config'));
  assert.deepEqual(new Uint8Array(after), config);
});

test('product data that cannot be read is a reason in the capture, not its end', () => {
  using linux = machine('broken', {});
  // Reading a directory fails as a device does that gives none.
  mkdirSync(join(folder, 'broken', 'devices', String(ADDRESS), 'vpd'));
  const [captured] = captureMachine(linux).functions;
  assert.equal(captured?.vpd, undefined);
  assert.equal(captured?.config.length, 256);
  assert.match(
    captured?.unreadable.map(({ what, why }) => `${what}: ${why}`).join('\n') ?? '',
    /^vital product data: VPD_UNREADABLE: the vital product data of 0000:3b:00.1 cannot be read: EISDIR$/,
  );
});

test('a function whose files cannot be read is a reason too, and without any other there is no capture', () => {
  using linux = machine('locked', {});
  const config = join(folder, 'locked', 'devices', String(ADDRESS), 'config');
  rmSync(config);
  mkdirSync(config);
  assert.throws(() => captureMachine(linux), { code: 'EISDIR' });
});
