/** A PCnet controller: its registers, its interrupt, and frames between the host's rings and a network. */
import type { Iova } from '../../../../function/index.js';
import type { DeviceModel, ModelBus, Timer } from '../../device-model.js';
import type { EthernetNetwork, NetworkPort } from '../../network/ethernet.js';
import { AddressProm } from './address-prom.js';
import { BusConfiguration } from './bus-configuration.js';
import { initializationBytes, parseInitialization } from './initialization.js';
import { Receiver } from './receiver.js';
import { Bcr, Csr, Feature, Mode, Port, Status } from './registers.js';
import { DescriptorRing } from './ring.js';
import { Transmitter } from './transmitter.js';

const INIT_NANOSECONDS = 10_000;
const SEND_NANOSECONDS = 20_000;
/** A transmitter looks into its ring by itself (data sheet, "Descriptor ring access mechanism"). */
const POLL_NANOSECONDS = 1_638_400;

/** What a read of the reset port sets; all others of {@link STORED} keep what they have. */
const CSR_DEFAULTS: readonly (readonly [number, number])[] = [
  [Csr.status, Status.stop],
  [Csr.masks, 0],
  [Csr.features, 0x0115],
  [Csr.extended, 0],
  [72, 1],
  [74, 1],
  [112, 0],
  [Csr.fifoThresholds, 0x1410],
  [Csr.chipLow, 0x1003],
  [Csr.chipHigh, 0x0262],
  [Csr.timeOut, 0x0200],
  [Csr.receiveLength, 1],
  [Csr.transmitLength, 1],
];
/** Control and status registers that are plain storage while the controller is stopped: first and last of each run. */
const STORED: readonly (readonly [number, number])[] = [
  [Csr.initLow, Csr.initHigh],
  [Csr.logicalAddress, 47],
  [72, 72],
  [74, 74],
  [Csr.receiveLength, Csr.receiveLength],
  [Csr.transmitLength, Csr.transmitLength],
  [112, 112],
];
/** {@link Csr.extended}: events that a written 1 clears. */
const EXTENDED_EVENTS = 0x0a90;
const CLEARED_BY_ONES =
  Status.initDone |
  Status.transmitted |
  Status.received |
  Status.memoryError |
  Status.missed |
  Status.collision |
  Status.babble;
const ERRORS = Status.memoryError | Status.missed | Status.collision | Status.babble;
const INDEX_MASK = 0x7f;

export class PcnetController implements DeviceModel {
  readonly #bus: ModelBus;
  readonly #prom: AddressProm;
  readonly #csr = new Uint16Array(128);
  readonly #configuration: BusConfiguration;
  readonly #network: EthernetNetwork | undefined;
  #index = 0;
  #wide = false;
  #transmitter: Transmitter | undefined;
  #receiver: Receiver | undefined;
  #work: Timer | undefined;
  #poll: Timer | undefined;

  /** `network` is undefined for a card without a cable. */
  constructor(bus: ModelBus, mac: Uint8Array, network: ((port: NetworkPort) => EthernetNetwork) | undefined) {
    this.#bus = bus;
    this.#prom = new AddressProm(mac);
    this.#configuration = new BusConfiguration(network !== undefined);
    this.#network = network?.({
      after: (nanoseconds, action) => {
        bus.after(nanoseconds, action);
      },
      deliver: (frame) => {
        this.#receive(frame);
      },
    });
    this.reset();
  }

  reset(): void {
    this.#prom.reset();
    this.#csr.fill(0);
    this.#configuration.reset();
    this.#softReset();
  }

  read(_region: number, offset: number, width: 1 | 2 | 4): number {
    if (offset < Port.rdp) return this.#hasWidth(width) ? this.#prom.read(offset, width) : allOnes(width);
    switch (this.#port(offset, width)) {
      case Port.rdp:
        return this.#readCsr(this.#index);
      case Port.rap:
        return this.#index;
      case Port.bdp:
        return this.#configuration.read(this.#index, this.#wide);
      case Port.reset:
        this.#softReset();
        return 0;
      default:
        return allOnes(width);
    }
  }

  write(_region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    if (offset < Port.rdp) {
      if (this.#hasWidth(width) && this.#configuration.promWritable) this.#prom.write(offset, width, value);
      return;
    }
    if (!this.#wide && width === 4 && offset === Port.rdp) {
      // The one way into the window of 32 bits. The value goes to the register as well.
      this.#wide = true;
    }
    switch (this.#port(offset, width)) {
      case Port.rdp:
        this.#writeCsr(this.#index, value & 0xffff);
        break;
      case Port.rap:
        this.#index = value & INDEX_MASK;
        break;
      case Port.bdp:
        this.#configuration.write(this.#index, value & 0xffff);
        break;
      default:
        break;
    }
  }

  /** In the window of 32 bits all of the PROM is dwords; in the other one nothing is. */
  #hasWidth(width: 1 | 2 | 4): boolean {
    return (width === 4) === this.#wide;
  }

  /** The port of an access, in the numbers of the window of 32 bits; undefined where the window has none of that width. */
  #port(offset: number, width: 1 | 2 | 4): number | undefined {
    if (this.#wide) return width === 4 ? offset : undefined;
    if (width !== 2) return undefined;
    return Port.rdp + (offset - Port.rdp) * 2;
  }

  get #status(): number {
    return this.#csr[Csr.status] ?? 0;
  }

  set #status(value: number) {
    this.#csr[Csr.status] = value;
  }

  /** Two registers of the chip's number are read as one of 32 bits in the wide window, as the data sheet has them. */
  #readCsr(index: number): number {
    if (index === Csr.chipLow && this.#wide)
      return ((this.#csr[Csr.chipHigh] ?? 0) * 0x1_0000 + (this.#csr[Csr.chipLow] ?? 0)) >>> 0;
    if (index === Csr.softwareStyle) return this.#configuration.read(Bcr.softwareStyle, this.#wide);
    return this.#csr[index] ?? 0;
  }

  #writeCsr(index: number, value: number): void {
    switch (index) {
      case Csr.status:
        this.#command(value);
        return;
      case Csr.masks:
        this.#csr[index] = value;
        break;
      case Csr.features:
        this.#setWithEvents(index, value, Feature.events | Feature.userInterrupt);
        break;
      case Csr.extended:
        this.#setWithEvents(index, value, EXTENDED_EVENTS);
        break;
      case Csr.softwareStyle:
        this.#configuration.write(Bcr.softwareStyle, value);
        break;
      default: {
        const stopped = (this.#status & Status.stop) !== 0;
        if (stopped && STORED.some(([first, last]) => index >= first && index <= last))
          this.#csr[index] = value;
      }
    }
    this.#updateInterrupt();
  }

  #setWithEvents(index: number, value: number, events: number): void {
    const before = this.#csr[index] ?? 0;
    this.#csr[index] = (value & ~events) | (before & events & ~value);
  }

  /** A write of the status register: events are cleared by ones, and the low bits are commands. */
  #command(value: number): void {
    let status = this.#status & ~(value & CLEARED_BY_ONES);
    status = (status & ~Status.interruptEnable) | (value & Status.interruptEnable);
    this.#status = status;
    if ((value & Status.stop) !== 0) this.#stop();
    else {
      if ((value & Status.init) !== 0) this.#begin(Status.init);
      if ((value & Status.start) !== 0) this.#begin(Status.start);
      if ((value & Status.transmitDemand) !== 0) this.#transmitSoon();
    }
    this.#updateInterrupt();
  }

  /** Registers go back to what a read of the reset port leaves; the PROM and the bus configuration stay. */
  #softReset(): void {
    this.#stop();
    for (const [index, value] of CSR_DEFAULTS) this.#csr[index] = value;
    this.#csr.fill(0, Csr.logicalAddress, Csr.mode + 1);
    for (let word = 0; word < 3; word++) this.#csr[Csr.physicalAddress + word] = this.#prom.read(2 * word, 2);
    this.#configuration.resetStyle();
    this.#wide = false;
    this.#index = 0;
    this.#updateInterrupt();
  }

  #stop(): void {
    this.#status = Status.stop;
    this.#work?.cancel();
    this.#poll?.cancel();
    this.#work = this.#poll = this.#transmitter = this.#receiver = undefined;
  }

  #begin(command: typeof Status.init | typeof Status.start): void {
    if ((this.#status & command) !== 0) return;
    const wasStopped = (this.#status & Status.stop) !== 0;
    this.#status = (this.#status & ~Status.stop) | command;
    // Both in one write: the block is read first, and then it starts.
    if (!wasStopped && command === Status.start && this.#work !== undefined) return;
    this.#work?.cancel();
    this.#work = this.#bus.after(INIT_NANOSECONDS, () => {
      this.#work = undefined;
      if ((this.#status & Status.init) !== 0 && (this.#status & Status.initDone) === 0) this.#initialize();
      if ((this.#status & Status.start) !== 0) this.#start();
      this.#updateInterrupt();
    });
  }

  #initialize(): void {
    const { style } = this.#configuration;
    const block = new Uint8Array(initializationBytes(style));
    const address = BigInt(
      ((this.#csr[Csr.initHigh] ?? 0) * 0x1_0000 + (this.#csr[Csr.initLow] ?? 0)) & ~3,
    ) as Iova;
    if (this.#bus.dmaRead(address, block) === 'fault') {
      this.#status |= Status.memoryError;
      return;
    }
    const { mode, physicalAddress, logicalAddress, receive, transmit } = parseInitialization(style, block);
    this.#csr[Csr.mode] = mode;
    const words = (bytes: Uint8Array, first: number) => {
      for (let place = 0; place < bytes.length; place += 2)
        this.#csr[first + place / 2] = (bytes[place] ?? 0) | ((bytes[place + 1] ?? 0) << 8);
    };
    words(physicalAddress, Csr.physicalAddress);
    words(logicalAddress, Csr.logicalAddress);
    for (const [{ base, length }, baseAt, lengthAt] of [
      [receive, Csr.receiveBase, Csr.receiveLength],
      [transmit, Csr.transmitBase, Csr.transmitLength],
    ] as const) {
      this.#csr[baseAt] = base & 0xffff;
      this.#csr[baseAt + 1] = base >>> 16;
      this.#csr[lengthAt] = -length;
    }
    this.#status |= Status.initDone;
  }

  #start(): void {
    const mode = this.#csr[Csr.mode] ?? 0;
    const { style } = this.#configuration;
    const ring = (baseAt: number, lengthAt: number) => {
      const base = (this.#csr[baseAt] ?? 0) + (this.#csr[baseAt + 1] ?? 0) * 0x1_0000;
      const length = 0x1_0000 - (this.#csr[lengthAt] ?? 0);
      return new DescriptorRing(this.#bus, style, base, length);
    };
    if ((mode & Mode.noReceiver) === 0) {
      this.#receiver ??= new Receiver(this.#bus, ring(Csr.receiveBase, Csr.receiveLength));
      this.#status |= Status.receiverOn;
    }
    if ((mode & Mode.noTransmitter) === 0) {
      this.#transmitter ??= new Transmitter(this.#bus, ring(Csr.transmitBase, Csr.transmitLength));
      this.#status |= Status.transmitterOn;
      this.#pollLater();
    }
  }

  #pollLater(): void {
    this.#poll?.cancel();
    this.#poll = this.#bus.after(POLL_NANOSECONDS, () => {
      if (((this.#csr[Csr.features] ?? 0) & Feature.noPolling) === 0) this.#transmit();
      this.#pollLater();
    });
  }

  #transmitSoon(): void {
    if (this.#transmitter === undefined) return;
    this.#poll?.cancel();
    this.#poll = this.#bus.after(SEND_NANOSECONDS, () => {
      this.#transmit();
      this.#pollLater();
    });
  }

  #transmit(): void {
    const transmitter = this.#transmitter;
    if (transmitter === undefined) return;
    const pad = ((this.#csr[Csr.features] ?? 0) & Feature.padTransmit) !== 0;
    for (let outcome = transmitter.next(pad); outcome !== undefined; outcome = transmitter.next(pad)) {
      if (outcome.frame !== undefined) this.#send(outcome.frame);
      this.#status |= outcome.fault ? Status.memoryError : Status.transmitted;
      if (!outcome.underflow && !outcome.fault) continue;
      this.#status &= ~Status.transmitterOn;
      this.#transmitter = undefined;
      break;
    }
    this.#updateInterrupt();
  }

  #send(frame: Uint8Array): void {
    if (((this.#csr[Csr.mode] ?? 0) & Mode.loop) !== 0) this.#receive(frame);
    else this.#network?.send(frame);
  }

  #receive(frame: Uint8Array): void {
    const receiver = this.#receiver;
    if (receiver === undefined || !receiver.accepts(frame, this.#csr)) return;
    const outcome = receiver.take(frame);
    if (outcome === 'received') this.#status |= Status.received;
    else this.#status |= outcome === 'missed' ? Status.missed : Status.memoryError;
    this.#updateInterrupt();
  }

  /** Summaries follow their parts, and the pin follows the summary. */
  #updateInterrupt(): void {
    const status = this.#status;
    const features = this.#csr[Csr.features] ?? 0;
    const masked = (this.#csr[Csr.masks] ?? 0) & 0x5f00;
    const events = (status & (CLEARED_BY_ONES & ~Status.collision) & ~masked) !== 0;
    const others = ((features >>> 1) & ~features & (Feature.events >>> 1)) !== 0;
    const raised = events || others;
    let next = status & ~(Status.error | Status.interrupt);
    if ((status & ERRORS) !== 0) next |= Status.error;
    if (raised) next |= Status.interrupt;
    this.#status = next;
    this.#bus.setPin(raised && (status & Status.interruptEnable) !== 0);
  }
}

function allOnes(width: 1 | 2 | 4): number {
  return 2 ** (8 * width) - 1;
}
