/** Configuration space of a simulated device's function: its header and capabilities, from its shape. */
import { ConfigImage, type ImageRegister } from '../../../function/index.js';
import { header0, pcie, pm } from '../../../pci/index.js';
import { barSetups } from './bars.js';
import { placeCapabilities, stickyBits, tableRegisters, type CapabilityPlan } from './config-registers.js';
import type { FunctionShape, OwnRegister } from '../device-model.js';
import type { Signals } from './signals.js';
import type { VpdWindow } from './vpd-window.js';

export const PM_ID = 0x01;
export const EXPRESS_ID = 0x10;

const COMMAND_IO = 0x001;
const COMMAND_MEMORY = 0x002;
/** Bus master, parity error response, SERR#. */
const COMMAND_ALWAYS = 0x144;
const COMMAND_INTX_DISABLE = 0x400;
const STATUS_CAPABILITIES = 0x10;
const MULTIFUNCTION = 0x80;
const INTEGRATED_ENDPOINT = 9;
const EXPRESS_VERSION = 2;
const ROLE_BASED_ERRORS = 0x8000;
const FUNCTION_LEVEL_RESET = 0x1000_0000;

function expressPlan(flr: boolean, integrated: boolean): CapabilityPlan {
  return {
    id: EXPRESS_ID,
    bytes: 0x3c,
    registers: (base, next) =>
      tableRegisters(pcie, base, {
        list: { initial: (next << 8) | EXPRESS_ID },
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
      id: PM_ID,
      bytes: 8,
      registers: (base, next) =>
        tableRegisters(pm, base, {
          list: { initial: (next << 8) | PM_ID },
          // Version 3; D0 and D3hot, no wake-up, and a return from D3hot resets the function.
          pmc: { initial: 0x0003 },
          pmcsr: { writable: 0x0003 },
        }),
    });
  }
  const { msi, msix } = parts.signals;
  if (msi !== undefined) list.push(msi.plan);
  if (msix !== undefined) list.push(msix.plan);
  if (parts.vpd !== undefined) list.push(parts.vpd.plan);
  if (shape.express !== undefined) list.push(expressPlan(shape.express.flr, parts.integrated));
  return list;
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

/** The registers that the machine makes, with the device's bits where it has its own at the same place, and the others. */
function withOwn(made: readonly ImageRegister[], own: readonly OwnRegister[]): readonly ImageRegister[] {
  const others = [...own];
  const registers = made.map((register) => {
    const index = others.findIndex(
      ({ offset, width }) => offset === register.offset && width === register.width,
    );
    if (index < 0) return register;
    const [{ initial = 0, writable = 0, clearable = 0 } = register] = others.splice(index, 1);
    return { ...register, initial, writable, clearable };
  });
  return [...registers, ...others];
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
    const has = (kind: 'io' | 'memory') => shape.regions.some((region) => region.kind === kind);
    const header = tableRegisters(header0, 0, {
      vendor: { initial: shape.vendor },
      device: { initial: shape.device },
      command: {
        writable:
          COMMAND_ALWAYS |
          (has('io') ? COMMAND_IO : 0) |
          (has('memory') ? COMMAND_MEMORY : 0) |
          (shape.pin === undefined ? 0 : COMMAND_INTX_DISABLE),
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
    this.#registers = withOwn([...header, ...registers], shape.registers ?? []);
    this.#sticky = shape.express === undefined ? new Map<string, number>() : stickyBits(pcie);
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
