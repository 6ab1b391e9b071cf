/** What stands at one place of the guest's bus, shared by everybody who has opened it. */
import {
  allOnes,
  ConfigAccessError,
  sizeRegions,
  type ConfigSpace,
  type ConfigWidth,
  type FunctionSummary,
  type RegionInfo,
} from '../function/index.js';
import { CapabilityId, capabilityOffsets, Header, type PciAddress } from '../pci/index.js';
import { Command, OperationError } from '../xen/pciif/index.js';
import type { GuestPlatform } from '../xen/platform.js';
import { FunctionErrors } from './function-errors.js';
import { FunctionInterrupts } from './function-interrupts.js';
import { describeError, type Operations } from './operations.js';

/** The header's word for "no connection". */
const NO_LINE = 0xff;
const EXTENDED = 0x100;
const CONVENTIONAL_BYTES = 256;
const EXPRESS_BYTES = 4096;

/** Told when the back end says that it has no such function any more. */
export type VanishListener = (fn: BusFunction) => void;

export interface BusFunctionContext {
  readonly platform: GuestPlatform;
  readonly operations: Operations;
  /** Most MSI-X vectors that are enabled together. */
  readonly msixVectors: number;
  readonly onVanish: VanishListener;
  /** Told of a handler of errors that threw. */
  readonly onHandlerFailure: (step: string, error: unknown) => void;
}

/** Its configuration space is the raw one: no check of range or alignment. All ones once the function has left. */
export class BusFunction implements ConfigSpace {
  readonly address: PciAddress;
  readonly interrupts: FunctionInterrupts | undefined;
  readonly errors: FunctionErrors;
  readonly #context: BusFunctionContext;
  readonly #onLeave = new Set<() => void>();
  #left = false;
  #size: number | undefined;
  #regions: readonly RegionInfo[] | undefined;

  constructor(address: PciAddress, context: BusFunctionContext) {
    this.address = address;
    this.#context = context;
    this.errors = new FunctionErrors(address, context.onHandlerFailure);
    const { pirqs } = context.platform;
    this.interrupts = pirqs && new FunctionInterrupts(this, context.operations, pirqs, context.msixVectors);
  }

  get platform(): GuestPlatform {
    return this.#context.platform;
  }

  get hasLeft(): boolean {
    return this.#left;
  }

  /** 4096 for a PCI Express function whose extended space answers, else 256; asked once. */
  get size(): number {
    if (this.#size === undefined) {
      // The capability walk needs a bound before the size is known.
      this.#size = CONVENTIONAL_BYTES;
      const express = capabilityOffsets(this).has(CapabilityId.pcie);
      if (express && this.#extendedAnswers()) this.#size = EXPRESS_BYTES;
    }
    return this.#size;
  }

  /** A back end that knows 256 bytes only says no, or all ones. */
  #extendedAnswers(): boolean {
    try {
      return this.read(EXTENDED, 4) !== 0xffff_ffff;
    } catch (error) {
      if (error instanceof ConfigAccessError) return false;
      throw error;
    }
  }

  /** Found by sizing, at the first call. */
  get regions(): readonly RegionInfo[] {
    return (this.#regions ??= sizeRegions(this));
  }

  /** What the back end shows as the interrupt line: the pirq of INTx. */
  get interruptLine(): number | undefined {
    const line = this.read(Header.interruptLine, 1);
    const pin = this.read(Header.interruptPin, 1);
    return line === 0 || line === NO_LINE || pin === 0 ? undefined : line;
  }

  read(offset: number, width: ConfigWidth): number {
    const { operations } = this.#context;
    if (this.#left || !operations.perform(Command.configRead, this.address, offset, width, 0))
      return allOnes(width);
    if (operations.error === OperationError.success) return (operations.value & allOnes(width)) >>> 0;
    return this.#refused('read', offset, width);
  }

  write(offset: number, width: ConfigWidth, value: number): void {
    const { operations } = this.#context;
    if (this.#left || !operations.perform(Command.configWrite, this.address, offset, width, value)) return;
    if (operations.error !== OperationError.success) this.#refused('write', offset, width);
  }

  /** @returns all ones when the function is gone. @throws {ConfigAccessError} for every other refusal. */
  #refused(operation: 'read' | 'write', offset: number, width: ConfigWidth): number {
    const { error } = this.#context.operations;
    if (error !== OperationError.deviceNotFound)
      throw new ConfigAccessError('CONFIG_REFUSED', { operation, offset, width }, describeError(error));
    this.#context.onVanish(this);
    return allOnes(width);
  }

  /** As {@link Machine.list} shows it. @throws {ConfigAccessError} the back end refuses its header. */
  summary(): FunctionSummary {
    const identification = this.read(Header.vendor, 4);
    const kind = this.read(Header.revision, 4);
    const headerType = this.read(Header.type, 1) & 0x7f;
    const subsystem = headerType === 0 ? this.read(0x2c, 4) : undefined;
    return {
      address: this.address,
      vendor: identification & 0xffff,
      device: identification >>> 16,
      subsystemVendor: subsystem === undefined ? undefined : subsystem & 0xffff,
      subsystemDevice: subsystem === undefined ? undefined : subsystem >>> 16,
      classCode: kind >>> 8,
      revision: kind & 0xff,
      headerType,
      driver: undefined,
      iommuGroup: undefined,
      unreadable: [],
    };
  }

  /** Calls `listener` when the function leaves. @returns takes the listener away. */
  onLeave(listener: () => void): () => void {
    this.#onLeave.add(listener);
    return () => this.#onLeave.delete(listener);
  }

  /** Ends every stream and mapping of it. While the back end still answers, its interrupts are switched off there. */
  leave(backEndAnswers: boolean): void {
    if (this.#left) return;
    if (!backEndAnswers) this.#left = true;
    try {
      this.interrupts?.close();
    } finally {
      this.#left = true;
      for (const listener of [...this.#onLeave]) listener();
      this.#onLeave.clear();
    }
  }
}
