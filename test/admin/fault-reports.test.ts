/** Faults of the IOMMU are told once in a while, however many there are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultReports } from '../../src/admin/fault-reports.js';
import type { IommuFault, Iova } from '../../src/function/index.js';
import { PciAddress } from '../../src/pci/index.js';

function source() {
  const listeners = new Set<(fault: IommuFault) => void>();
  return {
    listeners,
    onFault: (listener: (fault: IommuFault) => void): Disposable => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    fault(iova: number, device = 1, access: IommuFault['access'] = 'write'): void {
      for (const listener of listeners)
        listener({
          requester: new PciAddress(0, 1, device, 0),
          iova: BigInt(iova) as Iova,
          access,
          why: 'unmapped',
          context: 'guest 1',
        });
    },
  };
}

test('the first fault of a kind is told at once, the rest by number, a burst after its end by itself', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const machine = source();
  const told: string[] = [];
  const reports = new FaultReports(machine, ({ requester, iova, access }, count) =>
    told.push(`${requester.device} ${access} ${iova} ${count}`),
  );
  const hear = () => told.splice(0);
  machine.fault(0);
  assert.deepEqual(hear(), ['1 write 0 1']);
  for (let iova = 1; iova <= 100_000; iova++) machine.fault(iova);
  machine.fault(5, 2);
  machine.fault(6, 1, 'read');
  assert.deepEqual(hear(), ['2 write 5 1', '1 read 6 1'], 'another requester, another access');
  context.mock.timers.tick(1000);
  assert.deepEqual(hear(), ['1 write 100000 100000']);
  machine.fault(7);
  assert.deepEqual(hear(), [], 'the burst goes on');
  context.mock.timers.tick(1000);
  assert.deepEqual(hear(), ['1 write 7 1']);
  context.mock.timers.tick(1000);
  machine.fault(8);
  assert.deepEqual(hear(), ['1 write 8 1'], 'a new one');
  machine.fault(9);
  reports[Symbol.dispose]();
  assert.deepEqual(hear(), ['1 write 9 1'], 'nothing that was counted is lost');
  assert.equal(machine.listeners.size, 0);
});
