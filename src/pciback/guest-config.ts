/** The configuration space that a guest sees: the policy's rules made into a ConfigImage over the hardware. */
import {
  allOnes,
  ConfigImage,
  emulatedBars,
  type ConfigSpace,
  type ConfigWidth,
  type DroppedWrite,
  type ImageRegister,
  type PciFunction,
} from '../function/index.js';
import {
  CommandBit,
  dottedName,
  fieldMask,
  Header,
  presentRegisters,
  type PresentRegister,
} from '../pci/index.js';
import { GuestWriteDeniedError } from './errors.js';
import { parseUnnamedPlace, type Policy, type PolicyHandler, type PolicyRule } from './policy.js';

const COMMAND_DECODE = CommandBit.io | CommandBit.memory;
/** Bus master, and memory write and invalidate: what a guest's driver may do in the hardware. */
const COMMAND_GUEST = 0x0014;
/** Decoding, special cycles, VGA snoop, parity, stepping, SERR, fast back-to-back, INTx: the guest sees what it wrote. */
const COMMAND_VIRTUAL = 0x07eb;
const BIST_START = 0x40;
const VPD_WRITE = 0x8000;

/** What the guest's space needs of the function besides its registers. */
export interface GuestConfigContext {
  readonly function: PciFunction;
  /** Base of reads and writes; the function's own config space, or a wrapper of it. */
  readonly base: ConfigSpace;
  readonly policy: Policy;
  /** What the guest reads as its interrupt line. */
  readonly interruptLine: () => number;
  readonly onDropped: DroppedWrite;
  /** Decoding is to be switched on for the guest: once, whichever process of ours it is. */
  readonly enable: () => void;
  /** Told after each write that changed what the guest's space remembers. */
  readonly onChanged: () => void;
}

/** @throws what the function's configuration space throws while its capabilities are walked. */
export function guestConfig(context: GuestConfigContext): ConfigImage {
  const { base, policy, onDropped, onChanged } = context;
  const bars = new Map(emulatedBars(context.function.regions).map((bar) => [bar.name, bar]));
  const registers: ImageRegister[] = [];
  const named = presentRegisters(base);
  for (const present of named) {
    const made = ruled(present, policy, context, bars);
    // Broken hardware can put one capability inside another: the first one found keeps its registers.
    if (made !== undefined && !registers.some((other) => overlap(other, made))) registers.push(made);
  }
  for (const made of unnamedRegisters(policy, base.size))
    // What has a name is allowed by its name, or not at all.
    if (!named.some((other) => overlap(other, made)) && !registers.some((other) => overlap(other, made)))
      registers.push(made);
  return new ConfigImage({ size: base.size, base, registers, onDropped, onChanged });
}

/** Places that the policy passes and no table tells of: all of their bits, as the guest writes them. */
function unnamedRegisters(policy: Policy, size: number): readonly ImageRegister[] {
  return Object.keys(policy).flatMap((name) => {
    const place = parseUnnamedPlace(name);
    if (place === undefined || place.offset + place.width > size) return [];
    return [{ name, ...place, writable: allOnes(place.width) }];
  });
}

type Place = Pick<ImageRegister, 'offset' | 'width'>;

function overlap(a: Place, b: Place): boolean {
  return a.offset < b.offset + b.width && b.offset < a.offset + a.width;
}

/** The image of one register, undefined when the policy says nothing of it. */
function ruled(
  { table, register, name, offset, width }: PresentRegister,
  policy: Policy,
  context: GuestConfigContext,
  bars: ReadonlyMap<string, ImageRegister>,
): ImageRegister | undefined {
  const shape = { name, offset, width };
  const id = virtualId(name, context.function);
  if (id !== undefined) return { ...shape, virtual: 0xffff, read: () => id };
  const whole = policy[name];
  if (whole !== undefined && isHandler(whole)) return handled(whole, shape, context, bars);
  let virtual = 0;
  let writable = 0;
  let clearable = 0;
  let hazard = 0;
  let rules = 0;
  for (const field of register.fields) {
    if (field.access === 'w1c') hazard |= fieldMask(field);
    // One of several alike by its number, or all of them.
    const rule = policy[`${name}.${field.name}`] ?? policy[dottedName(table, register, field)] ?? whole;
    if (rule === undefined) continue;
    rules++;
    const mask = fieldMask(field);
    if (rule === 'hide') virtual |= mask;
    if (rule === 'emulate') virtual |= mask;
    if (field.access === 'rw' && (rule === 'pass' || rule === 'emulate')) writable |= mask;
    if (field.access === 'w1c' && rule === 'pass') clearable |= mask;
  }
  return rules === 0 ? undefined : { ...shape, virtual, writable, clearable, hazard };
}

/** Nobody would look for a driver of a vendor that reads as all ones. */
function virtualId(name: string, { virtual }: PciFunction): number | undefined {
  if (name === 'header.vendor') return virtual?.vendor;
  return name === 'header.device' ? virtual?.device : undefined;
}

function isHandler(rule: PolicyRule): rule is PolicyHandler {
  return rule !== 'pass' && rule !== 'emulate' && rule !== 'hide';
}

function handled(
  handler: PolicyHandler,
  shape: { readonly name: string; readonly offset: number; readonly width: ConfigWidth },
  context: GuestConfigContext,
  bars: ReadonlyMap<string, ImageRegister>,
): ImageRegister | undefined {
  switch (handler) {
    case 'command':
      return { ...shape, ...commandRegister(context) };
    case 'bar':
      return bars.get(shape.name);
    case 'bist':
      return { ...shape, ...bistRegister(context) };
    case 'interrupt_line':
      return { ...shape, virtual: 0xff, read: () => context.interruptLine() & 0xff };
    case 'vpd_address':
      return { ...shape, ...vpdAddressRegister(context, shape.offset) };
  }
}

/**
 * Decoding is switched on when the guest first asks for any of it and stays on while the guest has the function: a
 * guest that could clear it would turn the host's own accesses into unsupported requests (XSA-120).
 */
function commandRegister({ base, enable }: GuestConfigContext): Partial<ImageRegister> {
  // INTx is switched on with the export; in the pool it was off.
  let shown = base.read(Header.command, 2) & COMMAND_VIRTUAL & ~CommandBit.intxDisable;
  return {
    virtual: COMMAND_VIRTUAL,
    takes: COMMAND_VIRTUAL | COMMAND_GUEST,
    read: () => shown,
    write: (value, mask) => {
      const next = ((shown & ~mask) | (value & mask)) & COMMAND_VIRTUAL;
      if ((shown & COMMAND_DECODE) === 0 && (next & COMMAND_DECODE) !== 0) enable();
      shown = next;
      const hardware = base.read(Header.command, 2);
      const guestBits = mask & COMMAND_GUEST;
      const wanted = (hardware & ~guestBits) | (value & guestBits);
      if (wanted !== hardware) base.write(Header.command, 2, wanted);
    },
    memory: {
      get: () => shown,
      set: (value) => {
        shown = value & COMMAND_VIRTUAL;
      },
    },
  };
}

/** Only the start of a self test is the guest's; the result is the hardware's. */
function bistRegister({ base }: GuestConfigContext): Partial<ImageRegister> {
  return {
    takes: BIST_START,
    write: (value, mask) => {
      if ((value & mask & BIST_START) !== 0)
        base.write(Header.bist, 1, (base.read(Header.bist, 1) & 0xff) | BIST_START);
    },
  };
}

/** Reading vital product data is harmless; writing it can break the device for good. */
function vpdAddressRegister({ base, onDropped }: GuestConfigContext, offset: number): Partial<ImageRegister> {
  return {
    takes: 0xffff,
    write: (value, mask) => {
      if ((value & mask & VPD_WRITE) !== 0) {
        onDropped(offset, 2, value, 'vpd.address');
        throw new GuestWriteDeniedError('vpd.address', 'it may read vital product data, not change it');
      }
      // A single byte would start a read at half an address.
      if (mask === 0xffff) base.write(offset, 2, value);
      else onDropped(offset, 1, value, 'vpd.address');
    },
  };
}
