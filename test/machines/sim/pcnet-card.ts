/** A PCnet card as a test drives it: registers by number, rings in each of the three layouts, frames in and out. */
import assert from 'node:assert/strict';
import { SimMachine, parseMachine } from '../../../src/machines/sim/index.js';
import type { DmaBuffer, PciFunction, Region } from '../../../src/function/index.js';
import { PciAddress } from '../../../src/pci/index.js';

export const RDP = 0x10;
export const RAP = 0x14;
export const RESET = 0x18;
export const BDP = 0x1c;

export const INIT = 0x01;
export const START = 0x02;
export const STOP = 0x04;
export const DEMAND = 0x08;
export const ENABLE = 0x40;
export const INTERRUPT = 0x80;

export const OWN = 0x8000;
export const ERROR = 0x4000;
export const BUFFER = 0x0400;
export const WHOLE = 0x0300;

const RECEIVE_RING = 0x100;
const TRANSMIT_RING = 0x200;
const FRAMES = 0x1000;
const MEMORY_BYTES = 0x8000;

export type Style = 0 | 2 | 3;

export interface RingOptions {
  readonly style?: Style;
  readonly mode?: number;
  /** Bytes of each receive buffer. */
  readonly room?: number;
  /** Descriptors of the receive ring, a power of two. */
  readonly receive?: number;
  readonly filter?: bigint;
}

export class PcnetCard {
  readonly machine: SimMachine;
  readonly fn: PciFunction;
  readonly region: Region;
  readonly memory: DmaBuffer;
  readonly #view: DataView;
  #style: Style = 2;
  #room = 2048;
  #receive = 4;

  private constructor(machine: SimMachine, fn: PciFunction, memory: DmaBuffer) {
    this.machine = machine;
    this.fn = fn;
    this.memory = memory;
    this.region = fn.openRegion(0);
    this.#view = new DataView(memory.bytes.buffer, memory.bytes.byteOffset, memory.bytes.byteLength);
    this.region.write32(RDP, 0);
  }

  static async start(options = ''): Promise<PcnetCard> {
    const machine = new SimMachine(
      parseMachine(`roots: [{bus: 0, slots: [{slot: "05", model: pcnet, options: {${options}}}]}]`),
      { clock: 'manual' },
    );
    const fn = machine.open(new PciAddress(0, 0, 5, 0));
    fn.setEnabled(true);
    fn.config.write(0x04, 2, 0x0007);
    const memory = await fn.dma?.allocate(MEMORY_BYTES);
    assert.ok(memory !== undefined);
    return new PcnetCard(machine, fn, memory);
  }

  read(register: number): number {
    this.region.write32(RAP, register);
    return this.region.read32(RDP);
  }

  write(register: number, value: number): void {
    this.region.write32(RAP, register);
    this.region.write32(RDP, value);
  }

  pass(nanoseconds = 1_000_000): void {
    this.machine.clock.advance(nanoseconds);
  }

  /** Init block and rings are made, and the card is told to read them. */
  begin({ style = 2, mode = 0, room = 2048, receive = 4, filter = 0n }: RingOptions = {}): void {
    this.#style = style;
    this.#room = room;
    this.#receive = receive;
    const view = this.#view;
    const power = Math.log2(receive);
    const mac = Uint8Array.of(0x52, 0x54, 0, 0x12, 0x34, 0x56);
    view.setUint16(0, mode, true);
    if (style === 0) {
      this.memory.bytes.set(mac, 2);
      view.setBigUint64(8, filter, true);
      view.setUint32(16, (this.at(RECEIVE_RING) | (power << 29)) >>> 0, true);
      view.setUint32(20, (this.at(TRANSMIT_RING) | (2 << 29)) >>> 0, true);
    } else {
      view.setUint16(2, (2 << 12) | (power << 4), true);
      this.memory.bytes.set(mac, 4);
      view.setBigUint64(12, filter, true);
      view.setUint32(20, this.at(RECEIVE_RING), true);
      view.setUint32(24, this.at(TRANSMIT_RING), true);
    }
    for (let index = 0; index < receive; index++) this.offer(index);
    for (let index = 0; index < 4; index++) this.#put(TRANSMIT_RING, index, 0, 0, 0);
    this.region.write32(RAP, 20);
    this.region.write32(BDP, style);
    this.write(1, this.at(0) & 0xffff);
    this.write(2, this.at(0) >>> 16);
    this.write(0, INIT | START | ENABLE);
    this.pass();
  }

  /** Gives the card a receive buffer. */
  offer(index: number): void {
    this.#put(RECEIVE_RING, index, FRAMES + index * 0x800, this.#room, OWN);
  }

  /** Puts parts of a frame into the ring from a descriptor on, and tells the card. */
  send(index: number, parts: readonly Uint8Array[], { last = true } = {}): void {
    for (const [part, bytes] of parts.entries()) {
      const place = 0x5000 + part * 0x800;
      this.memory.bytes.set(bytes, place);
      const begin = part === 0 ? 0x0200 : 0;
      const end = last && part === parts.length - 1 ? 0x0100 : 0;
      this.#put(TRANSMIT_RING, (index + part) % 4, place, bytes.length, OWN | begin | end);
    }
    this.write(0, ENABLE | DEMAND);
  }

  sent(index: number): { status: number; detail: number } {
    return this.#get(TRANSMIT_RING, index);
  }

  received(index: number): { status: number; detail: number; bytes: Uint8Array } {
    const { status, detail } = this.#get(RECEIVE_RING, index);
    const place = FRAMES + index * 0x800;
    return { status, detail, bytes: this.memory.bytes.slice(place, place + this.#room) };
  }

  get receiveLength(): number {
    return this.#receive;
  }

  at(place: number): number {
    return Number(this.memory.iova) + place;
  }

  #put(ring: number, index: number, place: number, bytes: number, status: number): void {
    const view = this.#view;
    if (this.#style === 0) {
      const here = ring + index * 8;
      view.setUint16(here, this.at(place) & 0xffff, true);
      view.setUint16(here + 2, ((this.at(place) >>> 16) & 0xff) | (status & 0xff00), true);
      view.setUint16(here + 4, 0xf000 | (-bytes & 0xfff), true);
      view.setUint16(here + 6, 0, true);
      return;
    }
    const here = ring + index * 16;
    view.setUint32(here + (this.#style === 3 ? 8 : 0), this.at(place), true);
    view.setUint32(here + 4, ((status << 16) | 0xf000 | (-bytes & 0xfff)) >>> 0, true);
    view.setUint32(here + (this.#style === 3 ? 0 : 8), 0, true);
  }

  #get(ring: number, index: number): { status: number; detail: number } {
    const view = this.#view;
    if (this.#style === 0) {
      const here = ring + index * 8;
      return { status: view.getUint16(here + 2, true) & 0xff00, detail: view.getUint16(here + 6, true) };
    }
    const here = ring + index * 16;
    return {
      status: view.getUint16(here + 6, true),
      detail: view.getUint32(here + (this.#style === 3 ? 0 : 8), true),
    };
  }
}
