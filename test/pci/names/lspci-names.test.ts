/** Every name in the package's pci.ids, as the real lspci finds it and as the index has it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { PACKAGE_INDEX } from '../../../src/ids/index.js';
import { IndexedNames, parseIdsText, PciAddress } from '../../../src/pci/index.js';
import { lspciVersion } from '../lspci-run.js';

const IDS = fileURLToPath(new URL('../../../../data/pci.ids', import.meta.url));
const skip = lspciVersion() === undefined ? 'lspci (package pciutils) is not installed' : false;
const names = new IndexedNames(readFileSync(PACKAGE_INDEX));

interface Asked {
  readonly vendor: number;
  readonly device: number;
  readonly subsystemVendor?: number;
  readonly subsystemDevice?: number;
  /** 24 bits. */
  readonly classCode?: number;
}

/** Little-endian, as in a dump. */
function bytesText(value: number, bytes: number): string {
  return Array.from({ length: bytes }, (_, i) =>
    (Math.floor(value / 256 ** i) % 256).toString(16).padStart(2, '0'),
  ).join(' ');
}

function dumpOf(functions: readonly Asked[]): string {
  return functions
    .map(({ vendor, device, subsystemVendor = 0, subsystemDevice = 0, classCode = 0 }, i) =>
      [
        `${String(PciAddress.fromDevfn(0, i >> 8, i & 0xff))} x`,
        `00: ${bytesText(vendor, 2)} ${bytesText(device, 2)} 00 00 00 00 00 ${bytesText(classCode, 3)} 00 00 00 00`,
        `2c: ${bytesText(subsystemVendor, 2)} ${bytesText(subsystemDevice, 2)}`,
        '3f: 00',
      ].join('\n'),
    )
    .join('\n\n');
}

/** What lspci prints of these functions, a line each. */
function lspciLines(functions: readonly Asked[], ...options: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'openslot-names-'));
  try {
    writeFileSync(join(folder, 'dump'), `${dumpOf(functions)}\n`);
    const { stdout, stderr, status } = spawnSync(
      process.env['OPENSLOT_LSPCI'] ?? 'lspci',
      ['-F', join(folder, 'dump'), '-i', IDS, ...options],
      { encoding: 'utf8', maxBuffer: 1 << 28 },
    );
    assert.equal(status, 0, stderr);
    return stdout.split('\n').filter((line) => /^[0-9a-f]/.test(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const unnamed = (id: number) => `Device ${id.toString(16).padStart(4, '0')}`;

/** The words between quotes that stand behind an address. */
function words(line: string): (string | undefined)[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => word?.replaceAll(/\\(.)/g, '$1'));
}

test('all vendors, devices and subsystems', { skip }, () => {
  const { vendors, devices, subsystems } = parseIdsText(readFileSync(IDS, 'utf8'));
  const parts = (pair: number) => [Math.floor(pair / 0x10000), pair % 0x10000] as const;
  const asked: Asked[] = [...vendors.keys()]
    // Two numbers that no function has: nothing is there.
    .filter((vendor) => vendor !== 0xffff && vendor !== 0)
    .map((vendor) => ({ vendor, device: 0xfffe }));
  for (const pair of devices.keys()) {
    const [vendor, device] = parts(pair);
    if (device === 0) {
      // lspci finds no subsystem of a device that has this number, though pci.ids names some.
      asked.push({ vendor, device });
      continue;
    }
    // Its own ids, those of another board of the same vendor, and all that are named.
    asked.push({ vendor, device, subsystemVendor: vendor, subsystemDevice: device });
    for (const own of subsystems.get(pair)?.keys() ?? []) {
      const [subsystemVendor, subsystemDevice] = parts(own);
      if (subsystemVendor !== 0xffff && subsystemVendor !== 0)
        asked.push({ vendor, device, subsystemVendor, subsystemDevice });
    }
  }
  assert.ok(
    asked.length > 35_000 && asked.length <= 0x10000,
    `${asked.length} functions fit into one domain`,
  );
  const lines = lspciLines(asked, '-mm');
  assert.equal(lines.length, asked.length);
  asked.forEach(({ vendor, device, subsystemVendor, subsystemDevice = 0 }, i) => {
    const [, ...found] = words(lines[i] ?? '');
    const ours = [names.vendor(vendor) ?? `Vendor`, names.device(vendor, device) ?? unnamed(device)];
    if (subsystemVendor === undefined) ours.push('', '');
    else {
      ours.push(
        names.vendor(subsystemVendor) ?? `Unknown vendor ${subsystemVendor.toString(16).padStart(4, '0')}`,
      );
      ours.push(
        names.subsystem(vendor, device, subsystemVendor, subsystemDevice) ?? unnamed(subsystemDevice),
      );
    }
    // Older versions cut names that are longer than their buffer.
    const cut = ours.map((name, nth) => {
      const text = found[nth] ?? '';
      return text.endsWith('...') && name.length > 127 && name.startsWith(text.slice(0, -3)) ? text : name;
    });
    assert.deepEqual(found, cut, lines[i]);
  });
});

test('all classes, subclasses and programming interfaces', { skip }, () => {
  const codes = Array.from({ length: 0x10000 }, (_, code) => code)
    // What lspci says of a bridge depends on its header too.
    .filter((code) => names.baseClass(code >>> 8) !== undefined && code >>> 8 !== 0x06);
  const interfaces = codes.flatMap((code) =>
    Array.from({ length: 0x100 }, (_, i) => code * 0x100 + i).filter(
      (all) => names.programmingInterface(all) !== undefined,
    ),
  );
  const all = [...codes.map((code) => code * 0x100), ...interfaces];
  const lines = lspciLines(
    all.map((classCode) => ({ vendor: 0x1234, device: 1, classCode })),
    '-v',
  );
  assert.equal(lines.length, all.length);
  assert.ok(interfaces.length > 50);
  all.forEach((classCode, i) => {
    const code = classCode >>> 8;
    const hex = code.toString(16).padStart(4, '0');
    const words = names.subclass(code) ?? `${names.baseClass(code >>> 8) ?? ''} [${hex}]`;
    const name = names.programmingInterface(classCode);
    const line = lines[i] ?? '';
    assert.equal(line.slice(line.indexOf(' ') + 1, line.indexOf(': ')), words, line);
    // Of IDE controllers without a name lspci tells the bits.
    if (name !== undefined || code !== 0x0101)
      assert.equal(/\(prog-if [0-9a-f]{2} \[(.*?)\]\)$/.exec(line)?.[1], name, line);
  });
});
