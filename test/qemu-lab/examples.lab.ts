/** The examples on QEMU's models, unchanged: each is a program that is given a machine's name. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { qemu, skip } from '../machines/qemu/qemu.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-examples-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const disk = join(folder, 'disk');
writeFileSync(
  disk,
  new Uint8Array(4 << 20).map((_, index) => (index * 7 + (index >> 9)) & 0xff),
);

/** The machine that each is given, what follows it, and the last line that is printed. */
type Program = readonly [name: string, machine: string, last: RegExp, ...following: string[]];
const PROGRAMS: readonly Program[] = [
  ['edu', '-device edu', /^DMA both ways: "through the device and back"$/],
  ['edu', '-device pcie-root-port,id=rp -device edu,bus=rp', /^DMA both ways/],
  [
    'nvme-driver',
    `-drive 'file=${disk},if=none,id=disk,format=raw' -device pcie-root-port,id=rp -device nvme,serial=EXAMPLE-1,drive=disk,bus=rp`,
    /^2048 blocks read and equal to the image$/,
    '01:00.0',
    disk,
  ],
  [
    'pcnet-dhcp',
    '-netdev user,id=net,restrict=on -device pcnet,netdev=net,romfile=',
    // restrict=on offers none.
    /^offered 10\.0\.2\.15 by 10\.0\.2\.2, no router, for 86400 s$/,
  ],
];

describe('examples on QEMU', { skip }, () => {
  for (const [name, machine, last, ...following] of PROGRAMS) {
    test(`${name} qemu:${machine.replaceAll(folder, '')}`, (context) => {
      assert.ok(qemu !== undefined);
      const program = fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [program, `qemu:${machine}`, ...following],
        {
          encoding: 'utf8',
          env: { ...qemu.environment, OPENSLOT_QEMU: qemu.command.map((word) => `'${word}'`).join(' ') },
        },
      );
      assert.equal(status, 0, stderr);
      const lines = stdout.trimEnd().split('\n');
      assert.match(lines.at(-1) ?? '', last);
      for (const line of lines) context.diagnostic(line);
    });
  }
});
