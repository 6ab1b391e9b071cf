/** The programs of examples/, unchanged, on functions that VFIO gives. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { EDU, NVME, openslot, PCNET } from './machine.js';

/** Each is run as `node dist/examples/PROGRAM.js linux ADDRESS …`. */
const PROGRAMS: readonly { readonly program: string; readonly words: readonly string[] }[] = [
  { program: 'edu', words: [String(EDU)] },
  { program: 'nvme-driver', words: [String(NVME), '/disk.img'] },
  { program: 'pcnet-dhcp', words: [String(PCNET)] },
];

for (const { program, words } of PROGRAMS) {
  const file = `dist/examples/${program}.js`;
  test(`${program} on ${words[0] ?? ''}`, (context) => {
    const [address = ''] = words;
    const claimed = openslot('list')
      .split('\n')
      .some((line) => line.includes(address) && line.includes('vfio-pci'));
    if (!claimed) openslot('claim', '--for', 'vfio', address);
    assert.ok(existsSync(file));
    const { status, stdout, stderr } = spawnSync(process.execPath, [file, 'linux', ...words], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
    for (const line of stdout.trim().split('\n')) context.diagnostic(line);
  });
}
