/** Interrupts of a function that VFIO gives: the kernel counts each source in an event counter of ours. */
import { closeSync } from 'node:fs';
import {
  InterruptError,
  type InterruptCounter,
  type Interrupts,
  type InterruptSource,
  type InterruptSwitch,
} from '../../../function/index.js';
import { openEventCounter, SystemCallError, takeEvents } from '../../../os/index.js';
import type { PciAddress } from '../../../pci/index.js';
import { FileCounter } from '../../counting-files/index.js';
import type { VfioDevice } from './device.js';
import {
  disableInterrupts,
  InterruptIndex,
  NO_COUNTER,
  setCounters,
  unmaskPin,
  type InterruptDescription,
} from './requests.js';

/** The requests of a device that interrupts take. */
export type InterruptRequests = Pick<VfioDevice, 'interrupt' | 'setInterrupts'>;

type Kind = InterruptSource['kind'];

/**
 * Where the vectors of a kind cannot grow in number while they are on, the first one switches all of them on, each
 * without a counter until it is opened: to switch the kind off for one more would lose what comes meanwhile.
 */
export class VfioInterrupts implements InterruptSwitch {
  readonly available: Interrupts['available'];
  readonly #address: PciAddress;
  readonly #device: InterruptRequests;
  readonly #described: Readonly<Record<Kind, InterruptDescription>>;
  readonly #unmask = unmaskPin();
  /** Clears the function's own switch of its pin. */
  readonly #connectPin: () => void;
  /** Vectors of the kind that is on. */
  #granted = 0;

  constructor(address: PciAddress, device: InterruptRequests, connectPin: () => void) {
    this.#address = address;
    this.#device = device;
    this.#connectPin = connectPin;
    this.#described = {
      intx: device.interrupt(InterruptIndex.intx),
      msi: device.interrupt(InterruptIndex.msi),
      msix: device.interrupt(InterruptIndex.msix),
    };
    const { intx, msi, msix } = this.#described;
    this.available = { intx: intx.count, msi: msi.count, msix: msix.count };
  }

  on(source: InterruptSource, first: boolean): InterruptCounter {
    const fd = openEventCounter(`interrupts of ${this.#address}`);
    try {
      if (source.kind === 'intx') {
        this.#connectPin();
        this.#device.setInterrupts(setCounters(InterruptIndex.intx, 0, [fd]));
      } else if (first) this.#enable(source, fd);
      else this.#add(source, fd);
    } catch (cause) {
      closeSync(fd);
      if (!(cause instanceof SystemCallError)) throw cause;
      throw new InterruptError('INTERRUPT_FAILED', this.#address, source, cause.errno, 'dmesg | tail', {
        cause,
      });
    }
    return new FileCounter(this.#file(source.kind, fd));
  }

  off(source: InterruptSource, last: boolean): void {
    const index = InterruptIndex[source.kind];
    const vector = source.kind === 'intx' ? 0 : source.vector;
    try {
      this.#device.setInterrupts(last ? disableInterrupts(index) : setCounters(index, vector, [NO_COUNTER]));
    } catch (cause) {
      // A device that has gone has no interrupts either.
      if (!(cause instanceof SystemCallError)) throw cause;
    }
  }

  #enable(source: InterruptSource & { readonly vector: number }, fd: number): void {
    const { kind, vector } = source;
    const { count, canGrow } = this.#described[kind];
    if (canGrow) {
      this.#granted = count;
      this.#grant(source, this.#device.setInterrupts(setCounters(InterruptIndex[kind], vector, [fd])));
      return;
    }
    const all = (vectors: number) =>
      setCounters(
        InterruptIndex[kind],
        0,
        Array.from({ length: vectors }, (_, index) => (index === vector ? fd : NO_COUNTER)),
      );
    this.#granted = count;
    const offered = this.#device.setInterrupts(all(count));
    if (offered === 0) return;
    // The host has fewer to give, and has switched nothing on.
    if (vector < offered) {
      this.#granted = offered;
      this.#grant(source, this.#device.setInterrupts(all(offered)));
    } else this.#grant(source, offered);
  }

  #add(source: InterruptSource & { readonly vector: number }, fd: number): void {
    const { kind, vector } = source;
    if (vector >= this.#granted) this.#grant(source, this.#granted);
    this.#device.setInterrupts(setCounters(InterruptIndex[kind], vector, [fd]));
  }

  /** @param offered what the kernel returned: 0 where all was done. */
  #grant(source: InterruptSource, offered: number): void {
    if (offered === 0) return;
    throw new InterruptError(
      'INTERRUPT_FAILED',
      this.#address,
      source,
      `the host has only ${offered} vectors for it`,
      'open vectors from 0 on',
    );
  }

  #acknowledgePin(): void {
    try {
      this.#device.setInterrupts(this.#unmask);
    } catch (cause) {
      // As above; and a stream of it can still be closed.
      if (!(cause instanceof SystemCallError)) throw cause;
    }
  }

  #file(kind: Kind, fd: number) {
    return {
      fd,
      name: `interrupts of ${this.#address}`,
      read: () => takeEvents(fd),
      acknowledge: () => {
        if (kind === 'intx') this.#acknowledgePin();
      },
      close: () => {
        closeSync(fd);
      },
    };
  }
}
