/**
 * A 16550 UART, the serial port of PCs: transmitter and receiver with FIFOs of 16 bytes at the speed of its divisor,
 * modem lines, interrupts by priority, and a line whose other end is nothing or a plug that sends back.
 * National Semiconductor PC16550D, June 1995: section 8 (registers), table II (which of them stands where).
 */
import type { DeviceModel } from '../device-model.js';
import { OptionReader } from '../models/options.js';
import type { PlatformBus, PlatformKind } from './platform-kind.js';

const DATA = 0;
const INTERRUPT_ENABLE = 1;
/** Read: what interrupts; written: FIFO control. */
const INTERRUPT_IDENT = 2;
const LINE_CONTROL = 3;
const MODEM_CONTROL = 4;
const LINE_STATUS = 5;
const MODEM_STATUS = 6;
const SCRATCH = 7;

const DIVISOR_ACCESS = 0x80;
const Enable = { received: 0x01, sent: 0x02, lineStatus: 0x04, modemStatus: 0x08 } as const;
/** Values of the identification, the highest priority first. */
const Ident = {
  lineStatus: 0x06,
  received: 0x04,
  timeout: 0x0c,
  sent: 0x02,
  modem: 0x00,
  none: 0x01,
} as const;
const FIFOS_ON = 0xc0;
const Fifo = { enable: 0x01, clearReceived: 0x02, clearSent: 0x04, trigger: 0xc0 } as const;
const Modem = { dtr: 0x01, rts: 0x02, out1: 0x04, out2: 0x08, loop: 0x10 } as const;
const Line = { ready: 0x01, overrun: 0x02, holdingEmpty: 0x20, empty: 0x40 } as const;
/** Levels in the high half of the modem status, their changes in the low. */
const Status = { cts: 0x10, dsr: 0x20, ri: 0x40, dcd: 0x80 } as const;

const FIFO_BYTES = 16;
const TRIGGERS = [1, 4, 8, 14] as const;
/** Hz of the crystal of PCs; a bit takes 16 of its cycles times the divisor. */
const CLOCK = 1_843_200;
/** Characters of silence after which what is in the FIFO is told of. */
const TIMEOUT_CHARACTERS = 4;

type Peer = 'nothing' | 'echo';

interface UartOptions {
  readonly peer: Peer;
}

export const uart16550: PlatformKind<UartOptions> = {
  name: 'uart16550',
  summary: 'a 16550 serial port: FIFOs, modem lines, one interrupt line',
  size: 8,
  options: (given) => ({
    peer: new OptionReader('uart16550', given, ['peer']).choice<Peer>('peer', ['nothing', 'echo'], 'nothing'),
  }),
  create: ({ peer }, bus) => new Uart(peer, bus),
};

class Uart implements DeviceModel {
  readonly #peer: Peer;
  readonly #bus: PlatformBus;
  readonly #received: number[] = [];
  readonly #toSend: number[] = [];
  #divisor = 1;
  #enable = 0;
  #fifo = 0;
  #lineControl = 0;
  #modemControl = 0;
  #modemChanges = 0;
  #modemLevels = 0;
  #scratch = 0;
  #overrun = false;
  /** The shift register is at work. */
  #sending = false;
  /** The holding register became empty, and nobody was told yet. */
  #sent = false;
  /** Something stays in the receiver's FIFO below its trigger. */
  #timedOut = false;
  #silence: { cancel(): void } | undefined;

  constructor(peer: Peer, bus: PlatformBus) {
    this.#peer = peer;
    this.#bus = bus;
    this.#modemLevels = this.#levels();
  }

  /** Its bus has 8 bits: wider accesses reach the registers beside one another, the lowest first. */
  read(_region: number, offset: number, width: 1 | 2 | 4): number {
    let value = 0;
    for (let byte = 0; byte < width; byte++) value |= this.#readByte(offset + byte) << (8 * byte);
    return value >>> 0;
  }

  write(_region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    for (let byte = 0; byte < width; byte++) this.#writeByte(offset + byte, (value >>> (8 * byte)) & 0xff);
  }

  reset(): void {
    this.#silence?.cancel();
    this.#received.length = this.#toSend.length = 0;
    this.#enable = this.#fifo = this.#lineControl = this.#modemControl = 0;
    this.#overrun = this.#sending = this.#sent = this.#timedOut = false;
    this.#modemLevels = this.#levels();
    this.#modemChanges = 0;
    this.#update();
  }

  #readByte(offset: number): number {
    const latched = (this.#lineControl & DIVISOR_ACCESS) !== 0;
    switch (offset) {
      case DATA:
        return latched ? this.#divisor & 0xff : this.#take();
      case INTERRUPT_ENABLE:
        return latched ? this.#divisor >>> 8 : this.#enable;
      case INTERRUPT_IDENT:
        return this.#identify();
      case LINE_CONTROL:
        return this.#lineControl;
      case MODEM_CONTROL:
        return this.#modemControl;
      case LINE_STATUS:
        return this.#readLineStatus();
      case MODEM_STATUS:
        return this.#readModemStatus();
      default:
        return this.#scratch;
    }
  }

  #writeByte(offset: number, value: number): void {
    const latched = (this.#lineControl & DIVISOR_ACCESS) !== 0;
    switch (offset) {
      case DATA:
        if (latched) this.#divisor = (this.#divisor & 0xff00) | value;
        else this.#send(value);
        break;
      case INTERRUPT_ENABLE:
        if (latched) this.#divisor = (this.#divisor & 0xff) | (value << 8);
        else this.#setEnable(value & 0x0f);
        break;
      case INTERRUPT_IDENT:
        this.#controlFifos(value);
        break;
      case LINE_CONTROL:
        this.#lineControl = value;
        break;
      case MODEM_CONTROL:
        this.#modemControl = value & 0x1f;
        this.#modemMoved();
        break;
      case SCRATCH:
        this.#scratch = value;
        break;
      // Line and modem status are the device's to write.
    }
    this.#update();
  }

  /** Switching the sender's interrupt on tells of an empty holding register at once. */
  #setEnable(value: number): void {
    if ((value & ~this.#enable & Enable.sent) !== 0) this.#sent = this.#toSend.length === 0;
    this.#enable = value;
  }

  #controlFifos(value: number): void {
    const switched = ((value ^ this.#fifo) & Fifo.enable) !== 0;
    if (switched || (value & Fifo.clearReceived) !== 0) this.#forgetReceived();
    if (switched || (value & Fifo.clearSent) !== 0) this.#toSend.length = 0;
    this.#fifo = value & (Fifo.enable | Fifo.trigger);
  }

  #forgetReceived(): void {
    this.#received.length = 0;
    this.#timedOut = false;
    this.#silence?.cancel();
  }

  get #depth(): number {
    return (this.#fifo & Fifo.enable) !== 0 ? FIFO_BYTES : 1;
  }

  get #looped(): boolean {
    return (this.#modemControl & Modem.loop) !== 0;
  }

  /** Nanoseconds of one character: a start bit, 5 to 8 of data, parity, and 1 or 2 stop bits. */
  get #character(): number {
    const data = 5 + (this.#lineControl & 3);
    const bits = 1 + data + ((this.#lineControl & 8) !== 0 ? 1 : 0) + ((this.#lineControl & 4) !== 0 ? 2 : 1);
    return (bits * 16 * Math.max(1, this.#divisor) * 1e9) / CLOCK;
  }

  #send(value: number): void {
    this.#sent = false;
    // What does not fit any more is lost, as software was told that it would not.
    if (this.#toSend.length < this.#depth) this.#toSend.push(value);
    this.#shift();
  }

  #shift(): void {
    if (this.#sending) return;
    const value = this.#toSend.shift();
    if (value === undefined) return;
    this.#sending = true;
    if (this.#toSend.length === 0) this.#sent = true;
    this.#bus.after(this.#character, () => {
      this.#sending = false;
      const mask = (1 << (5 + (this.#lineControl & 3))) - 1;
      if (this.#looped || this.#peer === 'echo') this.#receive(value & mask);
      this.#shift();
      this.#update();
    });
  }

  #receive(value: number): void {
    if (this.#received.length >= this.#depth) this.#overrun = true;
    else this.#received.push(value);
    this.#awaitSilence();
  }

  #awaitSilence(): void {
    this.#silence?.cancel();
    this.#timedOut = false;
    if ((this.#fifo & Fifo.enable) === 0 || this.#received.length === 0) return;
    this.#silence = this.#bus.after(TIMEOUT_CHARACTERS * this.#character, () => {
      this.#timedOut = true;
      this.#update();
    });
  }

  #take(): number {
    const value = this.#received.shift() ?? 0;
    this.#awaitSilence();
    this.#update();
    return value;
  }

  #readLineStatus(): number {
    const idle = this.#toSend.length === 0;
    const status =
      (this.#received.length > 0 ? Line.ready : 0) |
      (this.#overrun ? Line.overrun : 0) |
      (idle ? Line.holdingEmpty : 0) |
      (idle && !this.#sending ? Line.empty : 0);
    this.#overrun = false;
    this.#update();
    return status;
  }

  #readModemStatus(): number {
    const status = this.#modemLevels | this.#modemChanges;
    this.#modemChanges = 0;
    this.#update();
    return status;
  }

  /** Inside of a loop the outputs are the inputs; a plug that sends back connects both pairs, too. */
  #levels(): number {
    const control = this.#modemControl;
    const [dtr, rts] = [(control & Modem.dtr) !== 0, (control & Modem.rts) !== 0];
    if (this.#looped) {
      const out1 = (control & Modem.out1) !== 0;
      const out2 = (control & Modem.out2) !== 0;
      return (
        (rts ? Status.cts : 0) | (dtr ? Status.dsr : 0) | (out1 ? Status.ri : 0) | (out2 ? Status.dcd : 0)
      );
    }
    if (this.#peer === 'nothing') return 0;
    return (rts ? Status.cts : 0) | (dtr ? Status.dsr | Status.dcd : 0);
  }

  /** The ring indicator tells of its end alone. */
  #modemMoved(): void {
    const levels = this.#levels();
    const changed = (levels ^ this.#modemLevels) & ~(levels & Status.ri);
    this.#modemChanges |= changed >>> 4;
    this.#modemLevels = levels;
  }

  get #pending(): number {
    const enabled = (bit: number) => (this.#enable & bit) !== 0;
    if (enabled(Enable.lineStatus) && this.#overrun) return Ident.lineStatus;
    const trigger = this.#depth === 1 ? 1 : (TRIGGERS[this.#fifo >>> 6] ?? 1);
    if (enabled(Enable.received) && this.#received.length >= trigger) return Ident.received;
    if (enabled(Enable.received) && this.#timedOut) return Ident.timeout;
    if (enabled(Enable.sent) && this.#sent) return Ident.sent;
    if (enabled(Enable.modemStatus) && this.#modemChanges !== 0) return Ident.modem;
    return Ident.none;
  }

  /** Reading that the sender is empty is what ends it. */
  #identify(): number {
    const pending = this.#pending;
    if (pending === Ident.sent) this.#sent = false;
    this.#update();
    return pending | ((this.#fifo & Fifo.enable) !== 0 ? FIFOS_ON : 0);
  }

  /** On PCs the line goes through the output 2, which a loop keeps from the outside. */
  #update(): void {
    const wired = (this.#modemControl & Modem.out2) !== 0 && !this.#looped;
    this.#bus.setPin(wired && this.#pending !== Ident.none);
  }
}
