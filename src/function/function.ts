/** The port: what a device gives to whoever drives it, and one PCI function as such a device. */
import type { PciAddress } from '../pci/address.js';
import type { ErrorRecovery } from './error-handlers.js';

/** A width that configuration space can be accessed with, in bytes. */
export type ConfigWidth = 1 | 2 | 4;

/**
 * Configuration space of one function. Each call is one access of exactly that width: never split, merged,
 * widened or repeated (PCI Local Bus 3.0, 6.1).
 */
export interface ConfigSpace {
  /** Bytes that can be accessed: 64 (the kernel's limit without privilege), 256 or 4096. */
  readonly size: number;
  /** An unsigned little-endian number. @throws {ConfigAccessError} out of range or not aligned to its width. */
  read(offset: number, width: ConfigWidth): number;
  /**
   * `value`: unsigned, of no more bits than `width` has.
   * @throws {ConfigAccessError} out of range, not aligned, or the machine refuses the write.
   */
  write(offset: number, width: ConfigWidth, value: number): void;
}

/** Index of the expansion ROM among the regions of a function. */
export const ROM_REGION = 6;

/** Where a region stands and what it is; known without opening it. */
export interface RegionInfo {
  /** 0 to 5 for a BAR (a 64-bit one has the index of its low half), {@link ROM_REGION} for the expansion ROM. */
  readonly index: number;
  readonly kind: 'memory' | 'io';
  /** Bytes. */
  readonly size: number;
  /** Address on the host's bus, 0n when none is assigned. */
  readonly address: bigint;
  readonly prefetchable: boolean;
  /** A memory BAR of 64 bits. */
  readonly wide: boolean;
}

/**
 * Registers by offset. Each call is one bus access of exactly that width; offsets must be aligned to the width and lie
 * inside, else {@link RegionAccessError}. 64-bit values are bigint, all others unsigned numbers.
 */
export interface RegisterAccess {
  read8(offset: number): number;
  read16(offset: number): number;
  read32(offset: number): number;
  /** @throws {RegionAccessError} on I/O: ports have no 64-bit access. */
  read64(offset: number): bigint;
  write8(offset: number, value: number): void;
  write16(offset: number, value: number): void;
  write32(offset: number, value: number): void;
  write64(offset: number, value: bigint): void;
}

/** A BAR as registers. */
export interface Region extends RegisterAccess, Disposable {
  readonly info: RegionInfo;
  /**
   * Accesses are loads and stores to a mapping: when the device vanishes or its decoding is switched off by the kernel,
   * the next one ends this process (SIGBUS). Absent where an access is a call.
   */
  readonly mapped?: true;
  /** After it every access throws {@link RegionAccessError}; a second close does nothing. */
  close(): void;
}

/** One interrupt of a source, with how many were raised since the last one that was taken. */
export interface Interrupt {
  readonly source: InterruptSource;
  readonly count: number;
}

/**
 * The pin, or one message by its number: `vector` from 0 on, at most 31 for MSI and 2047 for MSI-X (PCI Local Bus 3.0,
 * 6.8).
 */
export type InterruptSource =
  { readonly kind: 'intx' } | { readonly kind: 'msi' | 'msix'; readonly vector: number };

/**
 * Interrupts of a device for a program that drives it, never for pciback, whose guests get theirs from Xen.
 * Taking the next one acknowledges a level source.
 */
export interface InterruptStream extends AsyncIterable<Interrupt>, Disposable {
  /** Blocking twin of the iteration; undefined when `milliseconds` pass without an interrupt. */
  wait(milliseconds: number): Interrupt | undefined;
}

/**
 * Where the interrupts of a device come from, for a program that drives it. {@link PciFunction.interrupts} is absent
 * where the machine gives programs none.
 */
export interface Interrupts {
  /** Vectors that can be had of each kind; 0 where the device or the machine has none. */
  readonly available: { readonly intx: number; readonly msi: number; readonly msix: number };
  /**
   * Switches the source on for the program, and off again when the last stream of its kind is closed. One kind at a
   * time: messages disconnect the pin and each other. @throws {InterruptError | FunctionClosedError}
   */
  open(source: InterruptSource): InterruptStream;
}

/** A piece of a buffer that stands in one piece on the device's side. */
export interface DmaSegment {
  readonly iova: Iova;
  readonly bytes: number;
}

/** What a device demands of the addresses of its memory; what is absent is not demanded. */
export interface DmaConstraints {
  /** The buffer begins at a multiple of it. A power of two, in bytes; it is a page at least. */
  readonly alignment?: number;
  /** No segment crosses a multiple of it. A power of two, in bytes. */
  readonly boundary?: number;
  /** The highest address that the device can reach, that of the last byte. */
  readonly highest?: Iova;
  /** The most segments that the device takes for one buffer; 1 where absent. */
  readonly segments?: number;
  /** The most bytes of one segment. */
  readonly segmentBytes?: number;
}

/** Memory that program and device share. */
export interface DmaBuffer extends Disposable {
  readonly bytes: Uint8Array;
  /** Address of the first byte for the device, through the IOMMU where there is one. */
  readonly iova: Iova;
  /** All of the buffer as its constraints divide it, in its order. */
  readonly segments: readonly DmaSegment[];
  /** Where the buffer begins in {@link Dma.file}, a multiple of a page; undefined where there is no such file. */
  readonly fileOffset?: number;
}

/** An address as a device sees it on its side of the IOMMU. */
export type Iova = bigint & { readonly __brand: 'Iova' };

/**
 * Memory that a program and its device share: `allocate` places it as the device needs it, at addresses that the device
 * is told.
 */
export interface Dma {
  /**
   * Whole pages, zeroed, at least as many bytes as asked for; the device reaches them until they are disposed of, once
   * bus mastering is on. @throws {FunctionClosedError} @throws {DmaError} the constraints cannot be met.
   */
  allocate(bytes: number, constraints?: DmaConstraints): Promise<DmaBuffer>;
  /**
   * Descriptor of the file that has the pages of all buffers, for whoever shares them with another process; absent
   * where the memory is this process's alone. It is the machine's own, and open as long as the function is. Where the
   * machine can, it is of this one view of the function, and holds nothing else.
   */
  readonly file?: number | undefined;
}

/** Ways to reset a function, named as Linux's `reset_method` names them. */
export type ResetMethod = 'device_specific' | 'acpi' | 'flr' | 'af_flr' | 'pm' | 'bus' | 'cxl_bus';

/** What a device gives to whoever drives it. Interrupts and DMA are absent where the machine declares them absent. */
export interface Resources {
  readonly regions: readonly RegionInfo[];
  /**
   * Registers of one region; decoding is the caller's to switch on ({@link PciFunction.setEnabled}).
   * @throws {RegionAccessError} no such region, or the machine cannot open it.
   */
  openRegion(index: number): Region;
  /**
   * A descriptor whose mmap(2) maps a memory region's registers at the same offsets, for a program that owns its
   * process; whoever asks closes it. Absent on machines where none has. @throws {RegionAccessError} this region has none.
   */
  openRegionMemory?(index: number): number;
  readonly interrupts?: Interrupts;
  readonly dma?: Dma;
  /** Methods that work for this device here, in the order they would be tried; empty when it cannot be reset. */
  readonly resetMethods: readonly ResetMethod[];
  /**
   * Resets the device by the first of {@link resetMethods} that works, and settles when it answers again.
   * @throws {ResetError} no method, or the device did not come back.
   */
  reset(): Promise<ResetMethod>;
}

/** Ids of a virtual function, which its configuration space does not tell. */
export interface VirtualIds {
  readonly vendor: number;
  readonly device: number;
}

/** One PCI function: resources plus configuration space. */
export interface PciFunction extends Resources, Disposable {
  readonly address: PciAddress;
  readonly config: ConfigSpace;
  /**
   * Switches the device's decoding of memory and I/O on or off, through the host's own accounting where it has one.
   * @throws {EnableError} the host refuses.
   */
  setEnabled(enabled: boolean): void;
  /** Interrupt line of INTx as the host routes it (on Linux the IRQ, on Xen's dom0 the GSI); undefined without one. */
  readonly interruptLine: number | undefined;
  /**
   * Present for a virtual function (PCI Express Base 6.0, 9.3.4.1): its vendor and device read as all ones, and its memory
   * is decoded by its physical function's word, whatever Command holds.
   */
  readonly virtual?: VirtualIds;
  /** Absent where nobody would tell of errors: only a guest's driver is asked to recover its function. */
  readonly errors?: ErrorRecovery;
  /** Closes its regions, interrupts and DMA memory; every call afterwards throws. A second close does nothing. */
  close(): void;
}
