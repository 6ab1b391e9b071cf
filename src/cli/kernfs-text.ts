/** The text of NetBSD's files /kern/xen/pci/0000:bb:dd.f, for a function of any machine (sys/arch/xen/xen/pciback.c). */
import { ROM_REGION, type FunctionSummary, type RegionInfo } from '../function/index.js';
import { AddressRangeError, type PciAddress } from '../pci/index.js';

/** What the low byte of "no interrupt", -1, shows. */
const NO_IRQ = 0xff;

/** The file's name: the domain in it is constant. @throws {AddressRangeError} the function is in another domain. */
export function kernfsName(address: PciAddress): string {
  if (address.domain !== 0) throw new AddressRangeError('domain', address.domain, 0);
  return String(address);
}

export interface KernfsFacts {
  readonly summary: Pick<FunctionSummary, 'vendor' | 'device' | 'subsystemVendor' | 'subsystemDevice'>;
  readonly regions: readonly Pick<RegionInfo, 'index' | 'kind' | 'size' | 'address'>[];
  readonly interruptLine: number | undefined;
}

/**
 * Identifiers, a line for each BAR that has an address (the second number is one past its end), and the interrupt:
 * decimal, its low 8 bits. At most 355 bytes, so NetBSD's limit of 512 for a file is never met.
 */
export function kernfsText({ summary, regions, interruptLine }: KernfsFacts): string {
  const hex = (value: number | bigint, digits: number) => `0x${value.toString(16).padStart(digits, '0')}`;
  const bars = regions
    .filter(({ index, address }) => index < ROM_REGION && address !== 0n)
    .sort((a, b) => a.index - b.index)
    .map(({ kind, address, size }) => {
      const end = address + BigInt(size);
      return `${kind === 'io' ? 'I/O' : 'mem'}: ${hex(address, 8)} - ${hex(end, 8)}`;
    });
  const lines = [
    `vendor: ${hex(summary.vendor, 4)}`,
    `product: ${hex(summary.device, 4)}`,
    `subsys_vendor: ${hex(summary.subsystemVendor ?? 0, 4)}`,
    `subsys_product: ${hex(summary.subsystemDevice ?? 0, 4)}`,
    ...bars,
    `irq: ${interruptLine === undefined ? NO_IRQ : interruptLine & 0xff}`,
  ];
  return `${lines.join('\n')}\n`;
}
