/** A PCI-to-PCI bridge: bus numbers and windows in a type 1 header, and what they let through. */
import { allOnes, ConfigImage, type ConfigWidth } from '../../../function/index.js';
import { CommandBit, Header, header1 } from '../../../pci/index.js';
import { SimBus, type BusFunction, type Routing } from './bus.js';
import type { Window } from '../../firmware/index.js';
import { tableRegisters } from '../device/config-registers.js';

const SECONDARY_RESET = 0x40;
const HEADER_TYPE = 1;
const MULTIFUNCTION = 0x80;
const HIGH = 0x1_0000_0000;
const SIZE = 256;

/** QEMU's bridge without hot-plug. */
export const BRIDGE_IDENTITY = { vendor: 0x1b36, device: 0x0001, classCode: 0x060400, revision: 0 } as const;

function registers(multifunction: boolean) {
  return tableRegisters(header1, 0, {
    vendor: { initial: BRIDGE_IDENTITY.vendor },
    device: { initial: BRIDGE_IDENTITY.device },
    command: { writable: 0x0147 },
    class: { initial: BRIDGE_IDENTITY.classCode >>> 8 },
    type: { initial: HEADER_TYPE | (multifunction ? MULTIFUNCTION : 0) },
    bist: { writable: 0 },
    bar0: { writable: 0 },
    bar1: { writable: 0 },
    prefetch_base: { initial: 1 },
    prefetch_limit: { initial: 1 },
    // Ports have 16 bits here.
    io_base_upper: { writable: 0 },
    io_limit_upper: { writable: 0 },
    rom: { writable: 0 },
    bridge_control: { writable: 0x0043 },
  });
}

export class Bridge implements BusFunction {
  readonly bus: SimBus;
  readonly devfn: number;
  readonly behind: SimBus;
  /** It passes requests up under one requester id for all that stands behind it, as a bridge to conventional PCI does. */
  readonly aliases: boolean;
  readonly #routing: Routing;
  readonly #multifunction: boolean;
  #image: ConfigImage;
  #command = 0;
  #control = 0;
  secondary = 0;
  subordinate = 0;
  io: Window = { base: 0, limit: -1 };
  memory: Window = this.io;
  prefetchable: Window = this.io;

  constructor(parts: {
    readonly bus: SimBus;
    readonly devfn: number;
    readonly multifunction: boolean;
    readonly aliases: boolean;
    readonly routing: Routing;
  }) {
    const { bus, devfn, multifunction, aliases, routing } = parts;
    this.bus = bus;
    this.devfn = devfn;
    this.aliases = aliases;
    this.#multifunction = multifunction;
    this.#routing = routing;
    this.#image = new ConfigImage({ size: SIZE, registers: registers(multifunction) });
    this.behind = new SimBus(bus.domain, this);
    this.#decode();
  }

  get configSize(): number {
    return this.#image.size;
  }

  get decodesMemory(): boolean {
    return (this.#command & CommandBit.memory) !== 0;
  }

  get decodesIo(): boolean {
    return (this.#command & CommandBit.io) !== 0;
  }

  get passesMasters(): boolean {
    return (this.#command & CommandBit.busMaster) !== 0;
  }

  get resetsBus(): boolean {
    return (this.#control & SECONDARY_RESET) !== 0;
  }

  configRead(offset: number, width: ConfigWidth): number {
    return this.bus.running ? this.#image.read(offset, width) : allOnes(width);
  }

  configWrite(offset: number, width: ConfigWidth, value: number): void {
    if (!this.bus.running) return;
    this.#image.write(offset, width, value);
    const wasResetting = this.resetsBus;
    this.#decode();
    // Whatever stands behind is as after power on when the reset begins, and answers when it ends.
    if (this.resetsBus && !wasResetting) this.behind.reset();
  }

  reset(): void {
    this.#image = new ConfigImage({ size: SIZE, registers: registers(this.#multifunction) });
    this.#decode();
    this.behind.reset();
  }

  #decode(): void {
    const at = (offset: number, width: ConfigWidth) => this.#image.read(offset, width);
    this.#command = at(Header.command, 2);
    this.#control = at(0x3e, 2);
    this.secondary = at(0x19, 1);
    this.subordinate = at(0x1a, 1);
    this.io = { base: (at(0x1c, 1) & 0xf0) * 0x100, limit: (at(0x1d, 1) & 0xf0) * 0x100 + 0xfff };
    this.memory = {
      base: (at(0x20, 2) & 0xfff0) * 0x1_0000,
      limit: (at(0x22, 2) & 0xfff0) * 0x1_0000 + 0xf_ffff,
    };
    this.prefetchable = {
      base: at(0x28, 4) * HIGH + (at(0x24, 2) & 0xfff0) * 0x1_0000,
      limit: at(0x2c, 4) * HIGH + (at(0x26, 2) & 0xfff0) * 0x1_0000 + 0xf_ffff,
    };
    this.#routing.changed();
  }
}
