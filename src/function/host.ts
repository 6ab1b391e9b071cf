/** Host: what a machine is to its devices. Simulated and emulated machines implement it; a real one is its own. */
import type { PciAddress } from '../pci/address.js';
import type { Iova } from './function.js';

/** An address in the machine's physical address space. */
export type PhysicalAddress = bigint & { readonly __brand: 'PhysicalAddress' };

/** What a bus master met when it tried to reach memory. */
export type DmaResult = 'done' | 'fault';

/** One requester's view of memory: a context of the IOMMU, or the identity where there is none. */
export interface IommuContext {
  map(iova: Iova, physical: PhysicalAddress, bytes: number, access: { read: boolean; write: boolean }): void;
  unmap(iova: Iova, bytes: number): void;
}

export interface Host {
  /** A bus master of this address reads memory into `into`; a fault is recorded by the machine and read as all ones. */
  dmaRead(requester: PciAddress, iova: Iova, into: Uint8Array): DmaResult;
  /** A bus master writes memory; nothing is written at a fault. */
  dmaWrite(requester: PciAddress, iova: Iova, from: Uint8Array): DmaResult;
  /** A message signalled interrupt: a 32-bit write that the machine takes as an interrupt. */
  message(requester: PciAddress, address: PhysicalAddress, data: number): void;
  /** The level of an INTx pin, 1 (INTA) to 4 (INTD). */
  setPin(requester: PciAddress, pin: 1 | 2 | 3 | 4, level: boolean): void;
  /** The context that translates this requester, undefined where the machine has no IOMMU. */
  context(requester: PciAddress): IommuContext | undefined;
}
