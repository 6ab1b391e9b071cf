/** What stands behind pcictl's options: numbers as C writes them, and the words that mean every number. */
import { OpenslotError, PciAddress } from '../../pci/index.js';

/** An argument that pcictl, or the kernel below it, does not take. */
export class PcictlArgumentError extends OpenslotError {
  readonly code = 'PCICTL_ARGUMENT';
  constructor(message: string, evidence: Readonly<Record<string, string | number>>) {
    super(message, evidence, 'openslot pcictl --help');
  }
}

/** Decimal, 0x and hexadecimal digits, or 0 and octal digits. */
const NUMBER = /^([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i;

/** Every number of its kind. */
export const ANY = -1;

function parsed(text: string): number | undefined {
  const [, sign, digits = ''] = NUMBER.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const octal = /^0[0-7]+$/.test(digits);
  const value = octal ? Number.parseInt(digits, 8) : Number(digits);
  return sign === '-' ? -value : value;
}

/** Of a bus, a device or a function; {@link ANY} for the words `all` and `any`. @throws {PcictlArgumentError} */
export function partNumber(text: string): number {
  if (text === 'all' || text === 'any') return ANY;
  const value = parsed(text);
  if (value === undefined) throw new PcictlArgumentError(`"${text}" is not a number`, { text });
  if (value < -0x8000_0000 || value > 0x7fff_ffff)
    throw new PcictlArgumentError(`out of range: ${text}`, { text });
  return value;
}

/** Of a register or its value, 32 bits. @throws {PcictlArgumentError} */
export function registerNumber(text: string): number {
  const value = parsed(text);
  if (value === undefined) throw new PcictlArgumentError(`"${text}" is not a number`, { text });
  if (value < 0 || value > 0xffff_ffff) throw new PcictlArgumentError(`out of range: ${text}`, { text });
  return value;
}

/** `pci0`, or its node `/dev/pci0`: the bus of that number. @throws {PcictlArgumentError} */
export function busOfNode(text: string): number {
  const digits = /^(?:\/dev\/)?pci(\d{1,3})$/.exec(text)?.[1];
  if (digits === undefined || Number(digits) > 0xff)
    throw new PcictlArgumentError(`${text}: not a PCI bus device`, { text });
  return Number(digits);
}

/** One register, as the kernel takes it. @throws {PcictlArgumentError} where it would answer EINVAL. */
export function oneRegister(
  bus: number,
  device: number,
  fn: number,
  register: number,
): { readonly address: PciAddress; readonly register: number } {
  const wrong =
    bus < 0 || bus > 0xff || device < 0 || device > 0x1f || fn < 0 || fn > 7 || register % 4 !== 0;
  if (wrong)
    throw new PcictlArgumentError(`(bus ${bus} dev ${device} func ${fn} reg ${register}): Invalid argument`, {
      bus,
      device,
      function: fn,
      register,
    });
  return { address: new PciAddress(0, bus, device, fn), register };
}

/** One function, to be dumped. @throws {PcictlArgumentError} */
export function oneFunction(bus: number, device: number | undefined, fn: number): PciAddress {
  const refuse = (why: string): never => {
    throw new PcictlArgumentError(`dump: ${why}`, { bus, device: device ?? ANY, function: fn });
  };
  if (bus === ANY) refuse('wildcard bus number not permitted');
  if (device === undefined || device === ANY) return refuse('must specify a device number');
  if (fn === ANY) refuse('wildcard function number not permitted');
  return oneRegister(bus, device, fn, 0).address;
}
