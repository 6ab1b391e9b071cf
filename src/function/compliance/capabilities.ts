/** What a machine can do as it shows on its functions, to compare with what it declares. */
import { Header } from '../../pci/index.js';
import type { InterruptSource, PciFunction } from '../function.js';
import type { Machine, MachineCapabilities } from '../machine.js';
import type { ComplianceSubject } from './subject.js';

/** Capabilities that can be seen from outside; whether addresses are machine frames, only a real Xen knows. */
export type Observed = Partial<Record<Exclude<keyof MachineCapabilities, 'machineFrames'>, boolean>>;

function firstSource(fn: PciFunction): InterruptSource | undefined {
  const available = fn.interrupts?.available;
  if (available === undefined) return undefined;
  if (available.intx > 0) return { kind: 'intx' };
  if (available.msi > 0) return { kind: 'msi', vector: 0 };
  return available.msix > 0 ? { kind: 'msix', vector: 0 } : undefined;
}

function opens(action: () => Disposable): boolean {
  try {
    action()[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}

async function observeFunction(fn: PciFunction, changing: boolean): Promise<Observed> {
  const { interrupts, dma } = fn;
  // Without touching anything it shows only whether these are there at all.
  if (!changing) return { interrupts: interrupts !== undefined, dma: dma !== undefined };
  const seen: Observed = { interrupts: interrupts !== undefined, dma: dma !== undefined };
  const source = firstSource(fn);
  if (interrupts !== undefined && source !== undefined)
    seen.interrupts = opens(() => interrupts.open(source));
  if (dma !== undefined) {
    const buffer = await dma.allocate(1).catch(() => undefined);
    seen.dma = buffer !== undefined;
    buffer?.[Symbol.dispose]();
  }
  for (const { index, kind } of fn.regions) {
    seen[kind === 'io' ? 'ioRegions' : 'memoryRegions'] = opens(() => fn.openRegion(index));
  }
  // Software may write it, and a guest too; PCI Express devices keep it without a meaning (Base 6.0, 7.5.1.1.7).
  const size = fn.config.read(Header.cacheLine, 1);
  fn.config.write(Header.cacheLine, 1, size ^ 0x10);
  seen.configWrite = fn.config.read(Header.cacheLine, 1) === (size ^ 0x10);
  fn.config.write(Header.cacheLine, 1, size);
  if (fn.resetMethods.length > 0) {
    seen.reset = await fn.reset().then(
      () => true,
      () => false,
    );
  }
  return seen;
}

/**
 * What any of the subjects shows of a machine's capabilities; what none of them can show is absent. `changing` allows
 * to use what is there: to open, to write, to reset.
 */
export async function observeCapabilities(
  machine: Machine,
  subjects: readonly Pick<ComplianceSubject, 'address'>[],
  changing: boolean,
): Promise<Observed> {
  const observed: Observed = {};
  for (const { address } of subjects) {
    const fn = machine.open(address);
    try {
      const group = machine.list().find((entry) => entry.address.equals(address))?.iommuGroup;
      const seen = { ...(await observeFunction(fn, changing)), iommuGroups: group !== undefined };
      for (const capability of Object.keys(seen) as (keyof Observed)[]) {
        observed[capability] = (observed[capability] ?? false) || (seen[capability] ?? false);
      }
    } finally {
      fn.close();
    }
  }
  return observed;
}
