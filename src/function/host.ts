/** Host: what a machine is to its devices, and what it gives to whoever runs it (an embedded hypervisor). */
import type { PciAddress } from '../pci/address.js';
import type { ErrorSeverity } from './error-reports.js';
import type { Iova, RegisterAccess } from './function.js';

/** An address in the machine's physical address space; 53 bits hold every one of today's machines (52). */
export type PhysicalAddress = number & { readonly __brand: 'PhysicalAddress' };

/** What a bus master met when it tried to reach memory. */
export type DmaResult = 'done' | 'fault';

/** What a device may do to its machine. */
export interface Host {
  /** A bus master of this address reads memory into `into`; a fault is recorded by the machine and read as all ones. */
  dmaRead(requester: PciAddress, iova: Iova, into: Uint8Array): DmaResult;
  /** A bus master writes memory; nothing is written at a fault. */
  dmaWrite(requester: PciAddress, iova: Iova, from: Uint8Array): DmaResult;
  /** A message signalled interrupt: a 32-bit write that the machine takes as an interrupt. */
  message(requester: PciAddress, address: PhysicalAddress, data: number): void;
  /** The level of an INTx pin, 1 (INTA) to 4 (INTD). */
  setPin(requester: PciAddress, pin: 1 | 2 | 3 | 4, level: boolean): void;
  /** An error message (ERR_COR, ERR_NONFATAL, ERR_FATAL) on its way to the root. */
  reportError(requester: PciAddress, severity: ErrorSeverity): void;
}

/** One view of memory, for all requesters that are assigned to it. Disposed of, it reaches nothing any more. */
export interface IommuContext extends Disposable {
  /** As faults name it: `guest 3`. */
  readonly name: string;
  /** Pages of 4096 bytes; all three numbers are multiples of it. A page that is mapped already is replaced. */
  map(iova: Iova, physical: PhysicalAddress, bytes: number, access: { read: boolean; write: boolean }): void;
  unmap(iova: Iova, bytes: number): void;
}

/** A DMA, or an interrupt message, that reached nothing. */
export interface IommuFault {
  readonly requester: PciAddress;
  /** The first address that could not be reached. */
  readonly iova: Iova;
  readonly access: 'read' | 'write' | 'message';
  readonly why: 'unmapped' | 'not_allowed' | 'quarantined' | 'bus_master_off';
  /** Name of the requester's context, undefined without one. */
  readonly context: string | undefined;
}

/** DMA that an IOMMU stopped, for whoever wants to hear of it. */
export interface IommuFaultReports {
  /** The listener may be told a moment after the access, and of many accesses once. Disposing ends it. */
  onFault(listener: (fault: IommuFault) => void): Disposable;
}

/** A range of the machine's memory that one owner has. */
export interface MemoryRange extends Disposable {
  readonly base: PhysicalAddress;
  /** All of it; other threads may hold it too. */
  readonly buffer: SharedArrayBuffer;
  /** From now on it may be somebody else's memory: no thread may use it any more. */
  free(): void;
}

/** What a function has to write to raise one interrupt of a listener. */
export interface MessageTarget extends Disposable {
  readonly address: PhysicalAddress;
  /** 16 bits. */
  readonly data: number;
  free(): void;
}

/**
 * The processor's side of a machine: memory, the bus as loads and stores see it, interrupts, and who translates whose
 * DMA. Given to one owner; devices only have {@link Host}.
 */
export interface HostControl extends IommuFaultReports {
  /** False on a machine without an IOMMU: contexts are kept, and DMA reaches all memory whatever they say. */
  readonly translates: boolean;
  /** Fresh memory, zeroed, page aligned. @throws {MachineMemoryError} none is left. */
  allocateMemory(bytes: number): MemoryRange;
  /**
   * Loads and stores to addresses of the bus, memory or ports. What answers is decided at each access, as on a bus: a
   * BAR that does not decode, or nothing at all, reads all ones and swallows writes.
   */
  openRange(kind: 'memory' | 'io', base: PhysicalAddress, bytes: number): RegisterAccess;
  createContext(name: string): IommuContext;
  /**
   * Translates a requester's DMA from now on. `program`: its own context again, as at the start, which the `dma` of an
   * open function maps into. undefined: quarantine, where everything is a fault.
   */
  assignContext(requester: PciAddress, context: IommuContext | 'program' | undefined): void;
  /** Messages of this requester alone: those of others to this address are faults (interrupt remapping). */
  allocateMessage(requester: PciAddress, onMessage: () => void): MessageTarget;
  /** Told of each change of a level-triggered line, by the number that functions give as `interruptLine`. */
  watchLine(line: number, onLevel: (level: boolean) => void): Disposable;
  lineLevel(line: number): boolean;
}
