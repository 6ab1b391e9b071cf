/** Configuration space of a simulated device's function: its header and capabilities, from its shape. */
import { ConfigImage, type ImageRegister } from '../../../function/index.js';
import { aer, CapabilityId, capabilityNames, CommandBit, header0, pcie, pm } from '../../../pci/index.js';
import { barSetups } from './bars.js';
import { placeCapabilities, stickyBits, tableRegisters, type CapabilityPlan } from './config-registers.js';
import { extendedRegisters } from './extended-capabilities.js';
import type { FunctionShape } from '../device-model.js';
import type { Signals } from './signals.js';
import type { VpdWindow } from './vpd-window.js';

/** I/O, memory, bus master, parity error response, SERR#: as in QEMU's devices, also where there is no such BAR. */
const COMMAND_ALWAYS = 0x147;
const STATUS_CAPABILITIES = 0x10;
const MULTIFUNCTION = 0x80;
const INTEGRATED_ENDPOINT = 9;
const EXPRESS_VERSION = 2;
const ROLE_BASED_ERRORS = 0x8000;
const FUNCTION_LEVEL_RESET = 0x1000_0000;

function expressPlan(flr: boolean, integrated: boolean): CapabilityPlan {
  return {
    id: CapabilityId.pcie,
    bytes: 0x3c,
    registers: (base, next) =>
      tableRegisters(pcie, base, {
        list: { initial: (next << 8) | CapabilityId.pcie },
        flags: { initial: EXPRESS_VERSION | ((integrated ? INTEGRATED_ENDPOINT : 0) << 4) },
        devcap: { initial: ROLE_BASED_ERRORS | (flr ? FUNCTION_LEVEL_RESET : 0) },
        devctl: { initial: 0x2810, writable: flr ? 0xffff : 0x7fff },
        // One lane of 2.5 GT/s, which is what it runs at.
        lnkcap: { initial: 0x11 },
        lnksta: { initial: 0x1011 },
        lnkcap2: { initial: 0x2 },
        lnkctl2: { initial: 0x1 },
      }),
  };
}

function plans(shape: FunctionShape, parts: RegisterParts): CapabilityPlan[] {
  const list: CapabilityPlan[] = [];
  if (shape.powerManagement === true) {
    list.push({
      id: CapabilityId.pm,
      bytes: 8,
      registers: (base, next) =>
        tableRegisters(pm, base, {
          list: { initial: (next << 8) | CapabilityId.pm },
          // Version 3; D0 and D3hot, wake-up from D3hot, and a return from it resets the function.
          pmc: { initial: 0x4003 },
          pmcsr: { writable: 0x0103 },
        }),
    });
  }
  const { msi, msix } = parts.signals;
  if (msi !== undefined) list.push(msi.plan);
  if (msix !== undefined) list.push(msix.plan);
  if (parts.vpd !== undefined) list.push(parts.vpd.plan);
  if (shape.express !== undefined) list.push(expressPlan(shape.express.flr, parts.integrated));
  return list.map((plan) => ({ ...plan, place: shape.places?.[capabilityNames.get(plan.id)?.name ?? ''] }));
}

/** What the registers of a function depend on besides its shape. */
export interface RegisterParts {
  readonly signals: Signals;
  readonly vpd: VpdWindow | undefined;
  /** Status, as it is at each read. */
  readonly status: () => number;
  /** Its device has several functions. */
  readonly multifunction: boolean;
  /** It stands on a root bus: an Express function without a link. */
  readonly integrated: boolean;
}

/** Where the registers of a function stand, and a way to make them afresh at every reset. */
export class EndpointRegisters {
  readonly size: 256 | 4096;
  /** Offsets of the capabilities, by id. */
  readonly offsets: ReadonlyMap<number, number>;
  readonly #registers: readonly ImageRegister[];
  readonly #sticky: ReadonlyMap<string, number>;

  constructor(shape: FunctionShape, parts: RegisterParts) {
    this.size = shape.express === undefined ? 256 : 4096;
    const { registers, offsets, first } = placeCapabilities(plans(shape, parts));
    this.offsets = offsets;
    const header = tableRegisters(header0, 0, {
      vendor: { initial: shape.vendor },
      device: { initial: shape.device },
      command: {
        writable: COMMAND_ALWAYS | (shape.pin === undefined ? 0 : CommandBit.intxDisable),
      },
      status: {
        initial: first === 0 ? 0 : STATUS_CAPABILITIES,
        read: parts.status,
      },
      revision: { initial: shape.revision },
      prog_if: { initial: shape.classCode & 0xff },
      class: { initial: shape.classCode >>> 8 },
      type: { initial: parts.multifunction ? MULTIFUNCTION : 0 },
      bist: { writable: 0 },
      ...barSetups(shape.regions),
      subsystem_vendor: { initial: shape.subsystemVendor ?? 0 },
      subsystem: { initial: shape.subsystemDevice ?? 0 },
      rom: { writable: 0 },
      capabilities: { initial: first },
      interrupt_pin: { initial: shape.pin ?? 0 },
    });
    const extended =
      shape.express === undefined
        ? []
        : extendedRegisters({ aer: shape.express.aer === true, serial: shape.serial });
    this.#registers = [...header, ...registers, ...extended];
    this.#sticky = new Map([...stickyBits(pm), ...stickyBits(pcie), ...stickyBits(aer)]);
  }

  /** Registers after power on, or after a reset that keeps the sticky bits of `before`. */
  image(before?: ConfigImage): ConfigImage {
    const image = new ConfigImage({ size: this.size, registers: this.#registers });
    if (before === undefined) return image;
    for (const { name } of this.#registers) {
      const sticky = this.#sticky.get(name);
      if (sticky !== undefined) image.hold(name, (image.held(name) & ~sticky) | (before.held(name) & sticky));
    }
    return image;
  }
}
