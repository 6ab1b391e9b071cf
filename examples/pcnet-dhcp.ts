/**
 * Asks a network for an address: switches an AMD PCnet card on, sends a DHCP discover and prints the offer. FreeBSD's
 * diagnostic for proto(4) does the same with the same chip, and sleeps where this one waits for an interrupt.
 * `node dist/examples/pcnet-dhcp.js [MACHINE [ADDRESS]]`. The registers: AMD Am79C970A data sheet; DHCP: RFC 2131.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  changeCommand,
  type DmaBuffer,
  type Interrupt,
  type InterruptStream,
  type PciFunction,
  type Region,
} from 'openslot/function';
import { CommandBit } from 'openslot/pci';
import { dhcpDiscover, parseOffer, type Offer } from './parts/dhcp.js';
import { runExample } from './parts/subject.js';

/** Offsets in the I/O window: of the 32-bit one, and of the reset port of the 16-bit one. */
const RDP = 0x10;
const RAP = 0x14;
const BDP = 0x1c;
const RESET_16 = 0x14;
const RESET_32 = 0x18;

const STATUS = 0;
const INIT_LOW = 1;
const INIT_HIGH = 2;
const FEATURES = 4;
const SOFTWARE_STYLE = 20;

/** Bits of the status register. */
const INIT = 0x0001;
const START = 0x0002;
const STOP = 0x0004;
const DEMAND = 0x0008;
const INTERRUPTS = 0x0040;
const INIT_DONE = 0x0100;
const EVENTS = 0x7f00;
/** Short frames get their padding from the controller. */
const PAD = 0x0915;
/** Addresses of 32 bits, descriptors of 16 bytes. */
const STYLE = 2;

const OWN = 0x8000_0000;
const WHOLE_FRAME = 0x0300_0000;
const RING_POWER = 2;
const RING = 2 ** RING_POWER;
const FRAME = 1536;
const CHECK_SEQUENCE = 4;

/** Places in the one buffer that program and card share. */
const RECEIVE_RING = 0x40;
const TRANSMIT_RING = RECEIVE_RING + RING * 16;
const FRAMES = 0x200;
const BUFFER = FRAMES + (RING + 1) * FRAME;

/** A card that is switched on, and off again when it is disposed of. */
class Pcnet implements Disposable {
  readonly mac: Uint8Array;
  readonly #region: Region;
  readonly #memory: DmaBuffer;
  readonly #view: DataView;
  readonly #interrupts: InterruptStream;
  readonly #arrivals: AsyncIterator<Interrupt>;
  #received = 0;

  private constructor(region: Region, memory: DmaBuffer, interrupts: InterruptStream) {
    this.#region = region;
    this.#memory = memory;
    this.#interrupts = interrupts;
    this.#arrivals = interrupts[Symbol.asyncIterator]();
    const { buffer, byteOffset, byteLength } = memory.bytes;
    this.#view = new DataView(buffer, byteOffset, byteLength);
    // A reset by either form of the window, whichever it has; then its form is known, and the other one is chosen.
    region.read32(RESET_32);
    region.read16(RESET_16);
    region.write32(RDP, 0);
    const low = region.read32(0);
    const high = region.read32(4);
    this.mac = Uint8Array.from({ length: 6 }, (_, index) => (index < 4 ? low : high) >>> (8 * (index & 3)));
  }

  static async start(fn: PciFunction): Promise<Pcnet> {
    if (fn.interrupts === undefined || fn.dma === undefined) throw new Error('it needs interrupts and DMA');
    fn.setEnabled(true);
    changeCommand(fn.config, CommandBit.busMaster);
    const memory = await fn.dma.allocate(BUFFER);
    const card = new Pcnet(fn.openRegion(0), memory, fn.interrupts.open({ kind: 'intx' }));
    await card.#initialize();
    return card;
  }

  /** At most {@link FRAME} bytes. */
  send(frame: Uint8Array): void {
    const place = FRAMES + RING * FRAME;
    this.#memory.bytes.set(frame, place);
    this.#describe(TRANSMIT_RING, place, frame.length, OWN | WHOLE_FRAME);
    this.#write(STATUS, INTERRUPTS | DEMAND);
  }

  /** The next frame that came, as soon as an interrupt tells of it. */
  async receive(): Promise<Uint8Array> {
    for (;;) {
      const descriptor = RECEIVE_RING + this.#received * 16;
      if ((this.#view.getUint32(descriptor + 4, true) & OWN) === 0) {
        const length = (this.#view.getUint32(descriptor + 8, true) & 0xfff) - CHECK_SEQUENCE;
        const place = FRAMES + this.#received * FRAME;
        const frame = this.#memory.bytes.slice(place, place + length);
        this.#describe(descriptor, place, FRAME, OWN);
        this.#received = (this.#received + 1) % RING;
        return frame;
      }
      await this.#interrupted();
    }
  }

  [Symbol.dispose](): void {
    this.#write(STATUS, STOP);
    this.#interrupts[Symbol.dispose]();
    this.#region.close();
    this.#memory[Symbol.dispose]();
  }

  async #initialize(): Promise<void> {
    const view = this.#view;
    view.setUint16(2, (RING_POWER << 12) | (RING_POWER << 4), true);
    this.#memory.bytes.set(this.mac, 4);
    view.setUint32(20, this.#address(RECEIVE_RING), true);
    view.setUint32(24, this.#address(TRANSMIT_RING), true);
    for (let index = 0; index < RING; index++)
      this.#describe(RECEIVE_RING + index * 16, FRAMES + index * FRAME, FRAME, OWN);
    this.#region.write32(RAP, SOFTWARE_STYLE);
    this.#region.write32(BDP, STYLE);
    this.#write(FEATURES, PAD);
    this.#write(INIT_LOW, this.#address(0) & 0xffff);
    this.#write(INIT_HIGH, this.#address(0) >>> 16);
    this.#write(STATUS, INIT | INTERRUPTS);
    while (((await this.#interrupted()) & INIT_DONE) === 0);
    this.#write(STATUS, START | INTERRUPTS);
  }

  /** @returns the events that the interrupt was for; they are acknowledged. */
  async #interrupted(): Promise<number> {
    const { done } = await this.#arrivals.next();
    if (done === true) throw new Error('the card is switched off');
    const status = this.#read(STATUS);
    this.#write(STATUS, (status & EVENTS) | INTERRUPTS);
    return status & EVENTS;
  }

  /** The word with OWN is written last: with it the descriptor is the card's. */
  #describe(descriptor: number, place: number, bytes: number, status: number): void {
    this.#view.setUint32(descriptor, this.#address(place), true);
    this.#view.setUint32(descriptor + 8, 0, true);
    this.#view.setUint32(descriptor + 4, status | 0xf000 | (-bytes & 0xfff), true);
  }

  #address(place: number): number {
    return Number(this.#memory.iova) + place;
  }

  #read(register: number): number {
    this.#region.write32(RAP, register);
    return this.#region.read32(RDP);
  }

  #write(register: number, value: number): void {
    this.#region.write32(RAP, register);
    this.#region.write32(RDP, value);
  }
}

const PATIENCE_MILLISECONDS = 10_000;

export async function askForAddress(fn: PciFunction): Promise<Offer> {
  using card = await Pcnet.start(fn);
  console.log(
    `${fn.address}: PCnet, ${[...card.mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`,
  );
  const transaction = 0x6f70_656e;
  card.send(dhcpDiscover(card.mac, transaction));
  console.log('DHCP discover sent');
  const offered = async () => {
    for (;;) {
      const offer = parseOffer(await card.receive(), transaction);
      if (offer !== undefined) return offer;
    }
  };
  const silence = new AbortController();
  const nobody = sleep(PATIENCE_MILLISECONDS, undefined, { signal: silence.signal }).then(() => {
    throw new Error('nobody offers an address');
  });
  try {
    return await Promise.race([offered(), nobody]);
  } finally {
    silence.abort();
  }
}

await runExample(
  import.meta.url,
  {
    is: ({ vendor, device }) => vendor === 0x1022 && device === 0x2000,
    simulated: 'roots: [{bus: 0, slots: [{slot: "01", model: pcnet}]}]',
  },
  async (fn) => {
    const { address, server, router, leaseSeconds } = await askForAddress(fn);
    const way = router === undefined ? 'no router' : `router ${router}`;
    console.log(`offered ${address} by ${server}, ${way}, for ${leaseSeconds} s`);
  },
);
