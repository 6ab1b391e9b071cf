/** The functions of the lab's machine with VFIO (lab/vfio/machine.ts), and claims on it. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ClaimPurpose, ClaimReport } from '../../src/admin/index.js';
import { askHost } from '../../src/cli/ownership.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import type { Wire } from '../../src/owner/index.js';
import { notations, type ErrorData, type PciAddress } from '../../src/pci/index.js';

const at = (text: string): PciAddress => notations.hex.parse(text);

/** 28 address lines for DMA. */
export const EDU = at('00:04.0');
export const TESTDEV = at('00:05.0');
/** Driven without an IOMMU. */
export const UIO_EDU = at('00:06.0');
export const PCNET = at('00:07.0');
export const NVME = at('01:00.0');
export const ETHERNET = at('02:00.0');
/** Behind one bridge to conventional PCI, so that the IOMMU cannot tell them apart. */
export const GROUPED_EDU = at('03:01.0');
export const GROUPED_ETHERNET = at('03:02.0');

/** Runs a command of ours; its output. @throws with the output where it fails. */
export function openslot(...words: readonly string[]): string {
  return execFileSync(process.execPath, ['dist/src/command/main.js', ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What `openslot claim --for` and `openslot release` do, without the seconds that a process takes to start here. */
export async function claim(purpose: ClaimPurpose, address: PciAddress): Promise<Wire<ClaimReport>> {
  return only(await askHost({ on: 'linux' }, 'claim', { addresses: [String(address)], purpose }));
}

export async function release(address: PciAddress): Promise<Wire<ClaimReport>> {
  return only(await askHost({ on: 'linux' }, 'release', { addresses: [String(address)] }));
}

function only(reports: readonly Wire<ClaimReport>[]): Wire<ClaimReport> {
  const [report, ...others] = reports;
  assert.ok(report !== undefined && others.length === 0);
  return report;
}

/** Claims a function, unless a suite before has done it. */
export async function claimFor(purpose: 'vfio' | 'uio', address: PciAddress): Promise<void> {
  const { driver } = new LinuxMachine().drivers.binding(address);
  if (driver !== { vfio: 'vfio-pci', uio: 'uio_pci_generic' }[purpose]) await claim(purpose, address);
}

/** Inserts a module of the machine's initramfs, and what it needs. */
export function loadModule(name: string): void {
  for (const file of readFileSync(`/modules/${name}.order`, 'utf8').split('\n').filter(Boolean)) {
    const loaded = readFileSync('/proc/modules', 'utf8').split('\n');
    const module = file.replace(/\.ko$/, '').replaceAll('-', '_');
    if (!loaded.some((line) => line.startsWith(`${module} `))) execFileSync('insmod', [`/modules/${file}`]);
  }
}

/** The refusal of a command of ours, as `--json` tells it. */
export function refusalOf(...words: readonly string[]): { readonly error: ErrorData } {
  const { status, stderr } = spawnSync(process.execPath, ['dist/src/command/main.js', ...words, '--json'], {
    encoding: 'utf8',
  });
  assert.equal(status, 1, stderr);
  return JSON.parse(stderr) as { error: ErrorData };
}
