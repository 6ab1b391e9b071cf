/** What the compliance suite tests: one function of a machine, and how to make its device do what the cases need. */
import type { PciAddress } from '../../pci/index.js';
import type { Iova, PciFunction } from '../function.js';
import type { Machine, MachineCapabilities } from '../machine.js';

/** How a case makes the device interrupt: INTx, or the vector 0 of its messages. */
export interface InterruptStimulus {
  /** Makes the device raise the interrupt once; it may come a moment later. */
  readonly raise: () => void;
  /** Takes the cause away in the device. */
  readonly quiet: () => void;
}

/** How a case makes the device copy memory. */
export interface DmaStimulus {
  /** Most bytes that one copy moves. */
  readonly bytes: number;
  /** The device reads memory and writes what it read elsewhere. Done also when it could not reach one of them. */
  readonly copy: (from: Iova, to: Iova, bytes: number) => Promise<void>;
}

/** An I/O region with 4 bytes that keep what is written to them, in any width. */
export interface PortStorage {
  readonly region: number;
  /** A multiple of 4. */
  readonly offset: number;
}

/** What cases can want of a subject, each made for a function that is open and decodes. */
export interface Stimuli {
  /** Index of a memory region whose reads have no side effect. */
  readonly memoryRegion?: number;
  readonly ioRegion?: PortStorage;
  readonly intx?: (fn: PciFunction) => InterruptStimulus;
  /** Vector 0 of it. */
  readonly msi?: (fn: PciFunction) => InterruptStimulus;
  /** Vector 0 of it. */
  readonly msix?: (fn: PciFunction) => InterruptStimulus;
  readonly dma?: (fn: PciFunction) => DmaStimulus;
}

/** One function of a machine that the cases may use. */
export interface ComplianceSubject extends Stimuli {
  readonly machine: Machine;
  readonly address: PciAddress;
}

/** One promise of the port, shown on a device; `run` rejects where the machine does not keep it. */
export interface ComplianceCase {
  readonly name: string;
  /** Capabilities that a machine must declare for the case to apply. */
  readonly needs: readonly (keyof MachineCapabilities)[];
  /** What the subject must have for the case to apply. */
  readonly wants: readonly (keyof Stimuli)[];
  /** Changes the function for a moment; such cases are for functions that nobody uses. */
  readonly changes: boolean;
  readonly run: (subject: ComplianceSubject) => void | Promise<void>;
}
