/** A program that is killed while it drives a function: the kernel ends what it had going. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { CapabilityId, capabilityOffsets, CommandBit, Header, type PciAddress } from '../../src/pci/index.js';
import { until } from '../until.js';
import { claimFor, EDU, loadModule, UIO_EDU } from './machine.js';

loadModule('uio_pci_generic');
const machine = new LinuxMachine();

/** What the hardware has on, past every driver. */
function liveBits(address: PciAddress): { readonly busMaster: boolean; readonly messages: boolean } {
  using fn = machine.open(address);
  const msi = capabilityOffsets(fn.config).get(CapabilityId.msi);
  assert.ok(msi !== undefined);
  return {
    busMaster: (fn.config.read(Header.command, 2) & CommandBit.busMaster) !== 0,
    messages: (fn.config.read(msi + 2, 2) & 1) !== 0,
  };
}

for (const [purpose, address, messages] of [
  ['vfio', EDU, true],
  ['uio', UIO_EDU, false],
] as const) {
  test(`killed while driving by ${purpose}`, async () => {
    await claimFor(purpose, address);
    const child = spawn(process.execPath, ['dist/test/vfio-lab/programs/drives.js', String(address)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) if (line === 'driving') break;
    assert.deepEqual(liveBits(address), { busMaster: true, messages });
    const ended = new Promise((resolve) =>
      child.once('exit', (_, signal) => {
        resolve(signal);
      }),
    );
    child.kill('SIGKILL');
    assert.equal(await ended, 'SIGKILL');
    assert.deepEqual(liveBits(address), { busMaster: false, messages: false });
    using fn = machine.open(address);
    fn.setEnabled(true);
    using bar = fn.openRegion(0);
    assert.equal(bar.read32(0), 0x0100_00ed);
    // Nothing resets this device: what it was doing comes to its end, and the next program finds it quiet.
    await until(
      () => (bar.read32(0x98) & 1) === 0,
      () => 'its transfer does not end',
    );
    bar.write32(0x64, 0xffff_ffff);
  });
}
