/** The arguments that a user may give to QEMU: what adds devices and what stands behind them, and what traces. */
import { QemuArgumentError } from './errors.js';
import { splitWords } from './words.js';

/** Options by what they do; each takes one value. All others are refused: they would change what we count on. */
const ALLOWED: ReadonlySet<string> = new Set([
  // Devices and their properties.
  ...['device', 'global', 'set', 'object', 'smbios', 'acpitable'],
  // What devices are connected to.
  ...[
    'drive',
    'blockdev',
    'netdev',
    'nic',
    'net',
    'chardev',
    'fsdev',
    'virtfs',
    'audiodev',
    'tpmdev',
    'iscsi',
  ],
  // What QEMU tells of itself, and where it looks for its files.
  ...['trace', 'd', 'D', 'dfilter', 'L', 'msg', 'name'],
]);

/** Options that somebody might try, with what is to be done instead. */
const REFUSED: Readonly<Record<string, string>> = {
  machine: 'the machine is q35',
  M: 'the machine is q35',
  accel: 'the processor rests, so TCG is always enough',
  cpu: 'the processor rests',
  smp: 'the processor rests',
  m: 'memory is a file that the machine makes itself',
  bios: 'the firmware lets the processor rest',
  kernel: 'no program runs in this machine',
  qtest: 'the machine drives QEMU by it',
  S: 'the time of devices would stand still',
  daemonize: 'QEMU ends with the machine',
  readconfig: 'its contents could not be looked at',
};

/** Ids that the machine uses itself. */
export const OWN_ID = 'openslot-';

/**
 * Checks what stands behind `qemu:`.
 * @throws {QemuArgumentError} with the argument that cannot be given.
 */
export function parseArguments(text: string): string[] {
  const words = splitWords(text);
  for (let index = 0; index < words.length; index += 2) {
    const [option = '', value] = [words[index], words[index + 1]];
    const name = /^--?([A-Za-z].*)$/.exec(option)?.[1];
    if (name === undefined) throw new QemuArgumentError(option, 'an option with its dash was expected here');
    if (!ALLOWED.has(name)) {
      const why = Object.hasOwn(REFUSED, name) ? REFUSED[name] : 'it adds no device and nothing for one';
      throw new QemuArgumentError(option, `cannot be given: ${why}`, 'only devices, and what they need');
    }
    if (value === undefined) throw new QemuArgumentError(option, 'has no value');
    if (value.split(',').some((part) => /^(id=)?(openslot-|qtest$)/.test(part)))
      throw new QemuArgumentError(
        `${option} ${value}`,
        `ids that begin with ${OWN_ID}, and qtest, are taken`,
      );
  }
  return words;
}
