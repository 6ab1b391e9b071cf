/** What sysfs tells of functions that share something: trees of files as the kernel shows them, and broken ones. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Examiner } from '../../src/admin/index.js';
import { neighboursOf, surveyMachine, type SurveyedFunction } from '../../src/function/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { notations } from '../../src/pci/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-neighbours-'));
after(() => {
  rmSync(folder, { recursive: true });
});

interface Files {
  /** Interrupt pin, 0 for none. */
  readonly pin?: number;
  /** Bus behind a bridge. */
  readonly secondary?: number;
  /** Bytes of configuration space that can be read. */
  readonly readable?: number;
  /** Kind of port of its PCI Express capability. */
  readonly express?: number;
  /** Bits that its access control has, all of them switched on. */
  readonly control?: number;
  readonly multifunction?: boolean;
  /** Files of the device, besides those above; undefined ones are not there. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  readonly driver?: string;
  readonly group?: number;
}

function configOf({ pin = 1, secondary, readable = 4096, express, control, multifunction }: Files): Buffer {
  const config = Buffer.alloc(4096);
  config.writeUInt32LE(0x0010_1b36, 0);
  config.writeUInt16LE(express === undefined ? 0 : 0x10, 6);
  config.writeUInt32LE(secondary === undefined ? 0x0200_0000 : 0x0604_0000, 8);
  config[0x0e] = (secondary === undefined ? 0 : 1) | (multifunction === true ? 0x80 : 0);
  config[0x3d] = pin;
  if (secondary !== undefined) config[0x19] = secondary;
  if (express !== undefined) {
    config[0x34] = 0x40;
    config.writeUInt32LE(0x0002_0010 | (express << 20), 0x40);
  }
  if (control !== undefined) {
    config.writeUInt32LE(0x0001_000d, 0x100);
    config.writeUInt16LE(control, 0x104);
    config.writeUInt16LE(control, 0x106);
  }
  return config.subarray(0, readable);
}

const NO_REGIONS = '0x0000000000000000 0x0000000000000000 0x0000000000000000\n'.repeat(7);

/** A sysfs directory of the PCI bus. */
function tree(name: string, functions: Readonly<Record<string, Files>>): LinuxMachine {
  const root = join(folder, name);
  for (const [text, own] of Object.entries(functions)) {
    const device = join(root, 'devices', `0000:${text}`);
    mkdirSync(device, { recursive: true });
    const files: Record<string, string | Buffer | undefined> = {
      config: configOf(own),
      uevent: `PCI_CLASS=${own.secondary === undefined ? '20000' : '60400'}\nPCI_ID=1B36:0010\n`,
      irq: '16\n',
      reset_method: 'flr\n',
      resource: NO_REGIONS,
      ...own.files,
    };
    for (const [file, content] of Object.entries(files)) {
      if (content === undefined) continue;
      mkdirSync(join(device, file, '..'), { recursive: true });
      writeFileSync(join(device, file), content);
    }
    if (own.driver !== undefined) symlinkSync(join(root, 'drivers', own.driver), join(device, 'driver'));
    if (own.group !== undefined)
      symlinkSync(join(root, 'iommu_groups', String(own.group)), join(device, 'iommu_group'));
    if (own.group !== undefined)
      mkdirSync(join(root, 'iommu_groups', String(own.group)), { recursive: true });
  }
  return new LinuxMachine({ root });
}

function near(machine: LinuxMachine, text: string) {
  const neighbours = neighboursOf(surveyMachine(machine), notations.hex.parse(text));
  assert.ok(neighbours !== undefined);
  const texts = (functions: readonly SurveyedFunction[]) =>
    functions.map(({ summary }) => notations.shortHex.format(summary.address));
  return {
    line: texts(neighbours.line),
    pages: neighbours.pages.map(({ other, page }) => `${texts([other]).join()} 0x${page.toString(16)}`),
    group: texts(neighbours.group),
  };
}

describe('interrupt lines', () => {
  test('by the number that the kernel shows, which is no line while a driver uses MSI', () => {
    const machine = tree('lines', {
      '00:05.0': { files: { irq: '20\n' } },
      '00:06.0': { files: { irq: '20\n' }, driver: 'e1000e' },
      '00:07.0': { files: { irq: '20\n', 'msi_irqs/20': 'msi\n' }, driver: 'igb' },
      // With MSI-X the line's number stays there.
      '00:08.0': { files: { irq: '20\n', 'msi_irqs/25': 'msix\n' }, driver: 'nvme' },
      '00:09.0': { pin: 0, files: { irq: '20\n' } },
      '00:0a.0': { files: { irq: '0\n' } },
    });
    assert.deepEqual(near(machine, '00:05.0').line, ['00:06.0', '00:08.0']);
    assert.deepEqual(near(machine, '00:09.0').line, []);
    assert.deepEqual(near(machine, '00:0a.0').line, []);
  });

  test('by the wire, where pins meet at a bridge, whatever the numbers say', () => {
    const machine = tree('wires', {
      '00:02.0': { secondary: 1, pin: 0, files: { irq: '0\n' } },
      // INTA of device 1 and INTB of device 0 are the bridge's INTB.
      '01:00.0': { pin: 2, files: { irq: '10\n' } },
      '01:01.0': { pin: 1, files: { irq: '11\n', 'msi_irqs/11': 'msi\n' } },
      '01:02.0': { pin: 1, files: { irq: '12\n' } },
    });
    assert.deepEqual(near(machine, '01:00.0').line, ['01:01.0']);
    assert.deepEqual(near(machine, '01:02.0').line, []);
  });
});

test('pages: of BARs and of the expansion ROM, where the kernel placed them', () => {
  const line = (start: number, end: number, flags: number) =>
    [start, end, flags].map((value) => `0x${value.toString(16).padStart(16, '0')}`).join(' ');
  const regions = (...lines: readonly string[]) => ({
    files: { irq: '0\n', resource: `${lines.join('\n')}\n` },
  });
  const empty = line(0, 0, 0);
  const machine = tree('pages', {
    '00:05.0': regions(line(0xfeb0_0000, 0xfeb0_07ff, 0x40200), line(0xc000, 0xc01f, 0x40101)),
    '00:06.0': regions(line(0xfeb0_0800, 0xfeb0_0fff, 0x40200), line(0xc020, 0xc03f, 0x40101)),
    '00:07.0': regions(
      ...[empty, empty, empty, empty, empty, empty],
      line(0xfeb0_0f00, 0xfeb0_0fff, 0x46200),
    ),
    '00:08.0': regions(line(0xfeb0_1000, 0xfeb0_1fff, 0x40200)),
    // Known by its size, and not placed.
    '00:09.0': regions(line(0xfeb0_0000, 0xfeb0_07ff, 0x2004_0200)),
    '00:0a.0': regions('no line at all', '0x1 0x2'),
  });
  assert.deepEqual(near(machine, '00:05.0').pages, ['00:06.0 0xfeb00000', '00:07.0 0xfeb00000']);
  assert.deepEqual(near(machine, '00:08.0').pages, []);
});

describe('IOMMU groups', () => {
  const PORT = { express: 4, pin: 0 };

  test('are the kernel’s where it tells them', () => {
    const machine = tree('told', {
      '00:01.0': { ...PORT, secondary: 1, group: 1 },
      '01:00.0': { express: 0, group: 1 },
      '01:00.1': { express: 0, group: 1 },
      '00:05.0': { group: 2 },
    });
    assert.equal(machine.capabilities.iommuGroups, true);
    assert.deepEqual(near(machine, '01:00.0').group, ['01:00.1']);
    assert.deepEqual(near(machine, '00:05.0').group, []);
  });

  test('are derived where it tells none, as under Xen', () => {
    const machine = tree('derived', {
      '00:01.0': { ...PORT, secondary: 1, control: 0x1f },
      '01:00.0': { express: 0 },
      '00:02.0': { ...PORT, secondary: 2 },
      '02:00.0': { express: 0 },
      '02:01.0': { express: 0 },
      '00:03.0': { secondary: 3 },
      '03:00.0': {},
      '03:01.0': {},
      '00:04.0': { multifunction: true },
      '00:04.1': { multifunction: true },
    });
    assert.equal(machine.capabilities.iommuGroups, false);
    const group = (text: string) => near(machine, text).group;
    assert.deepEqual([group('01:00.0'), group('02:00.0')], [[], ['02:01.0']]);
    assert.deepEqual([group('03:01.0'), group('00:04.0')], [['03:00.0'], ['00:04.1']]);
  });
});

describe('a tree that is broken', () => {
  test('missing files, empty files and a space of 64 bytes: what cannot be read is taken for what shares more', () => {
    const machine = tree('broken', {
      '00:05.0': { files: { irq: undefined, reset_method: undefined } },
      '00:06.0': { readable: 0, multifunction: true },
      '00:06.1': { readable: 64, multifunction: true },
      '00:07.0': { files: { resource: undefined } },
      '00:08.0': { files: { config: undefined } },
      '00:09.0': { files: { irq: 'many\n', reset_method: 'magic\n', resource: '' } },
    });
    const survey = surveyMachine(machine);
    assert.deepEqual(
      survey.functions.map(({ summary }) => notations.shortHex.format(summary.address)),
      ['00:05.0', '00:06.0', '00:06.1', '00:09.0'],
    );
    assert.deepEqual(near(machine, '00:06.0'), { line: ['00:06.1'], pages: [], group: ['00:06.1'] });
    assert.deepEqual(near(machine, '00:09.0'), { line: [], pages: [], group: [] });
  });

  test('findings of it are those that can be told; one that is not there has none', async () => {
    const machine = tree('findings', {
      '00:05.0': { files: { reset_method: '\n', irq: '17\n' } },
      '00:06.0': { files: { irq: '17\n' }, driver: 'e1000e' },
      '00:07.0': { files: { irq: '17\n' }, driver: 'pciback' },
    });
    const pool = new Pool(machine, new MemoryJournal());
    const names = async (translates: boolean | undefined, text: string) => {
      const examiner = new Examiner({ machine, pool, store: undefined, translates: () => translates });
      const findings = await examiner.look(notations.hex.parse(text));
      return findings.map(({ name, severity }) => `${name} ${severity}`);
    };
    assert.deepEqual(await names(undefined, '00:05.0'), ['shared-interrupt unsafe', 'no-reset unsafe']);
    assert.deepEqual(await names(false, '00:06.0'), ['shared-interrupt note', 'no-iommu unsafe']);
    assert.deepEqual(await names(true, '00:0f.0'), []);
  });
});

test('virtual functions are told by their link, have the kernel’s ids, and are no part of a device that is given whole', async () => {
  const config = configOf({ pin: 0 }).fill(0xff, 0, 4);
  const functions: Readonly<Record<string, Files>> = {
    '00:05.0': {},
    '00:05.1': {},
    '00:05.2': { files: { physfn: '', uevent: 'PCI_CLASS=20000\nPCI_ID=8086:10CA\n', reset: '' } },
    // Whoever drives it.
    '00:05.3': { files: { physfn: '', uevent: 'PCI_CLASS=20000\nPCI_ID=8086:10CA\n' }, driver: 'vfio-pci' },
    '00:05.4': {
      files: { physfn: '', uevent: 'PCI_CLASS=20000\nPCI_ID=8086:10CA\n' },
      driver: 'uio_pci_generic',
    },
  };
  const machine = tree('virtual', functions);
  writeFileSync(join(folder, 'virtual/devices/0000:00:05.2/config'), config);
  const survey = surveyMachine(machine);
  const device = (text: string) =>
    neighboursOf(survey, notations.hex.parse(text))?.device.map(({ summary }) => String(summary.address));
  assert.deepEqual(device('00:05.0'), ['0000:00:05.1']);
  for (const own of ['00:05.2', '00:05.3', '00:05.4']) assert.deepEqual(device(own), []);
  using physical = machine.open(notations.hex.parse('00:05.0'));
  assert.equal(physical.virtual, undefined);
  using fn = machine.open(notations.hex.parse('00:05.2'));
  assert.deepEqual(fn.virtual, { vendor: 0x8086, device: 0x10ca });
  assert.equal(await fn.reset(), 'flr', 'it came back, although it has no vendor');
});
