/** `openslot address`: one address in every notation. */
import { Option, type Command } from 'commander';
import { patternOf, hideGrammars } from '../boot/index.js';
import {
  hexNumber,
  messageOf,
  notations,
  OpenslotError,
  type Notation,
  type PciAddress,
} from '../pci/index.js';

/** A notation with what it is called here and where it is met. */
interface Written {
  readonly name: string;
  readonly where: string;
  /** @throws {OpenslotError} the text is no address in it. Undefined where no command reads it. */
  readonly parse: ((text: string) => PciAddress) | undefined;
  /** @throws {OpenslotError} it cannot carry this address. */
  readonly format: (address: PciAddress) => string;
}

function written(notation: Notation, where: string): Written {
  return {
    name: notation.name,
    where,
    parse: (text) => notation.parse(text),
    format: (address) => notation.format(address),
  };
}

const ALL: readonly Written[] = [
  written(notations.hex, 'openslot, sysfs, driverctl; hexadecimal'),
  {
    ...written(notations.shortHex, 'lspci, xl; hexadecimal, the domain only where it is not 0'),
    name: 'lspci',
  },
  written(notations.proto, 'proto(4) and pciconf(8) of FreeBSD; decimal'),
  written(notations.pcictl, 'arguments of pcictl(8) of NetBSD, and of openslot pcictl; decimal'),
  written(notations.pcictlList, 'lines of pcictl list; decimal'),
  written(notations.ppt, 'pptdevs and bhyve(8) of FreeBSD; decimal'),
  {
    name: 'netbsd-hide',
    where: 'boot option pciback.hide= of NetBSD; hexadecimal',
    parse: undefined,
    format: (address) => hideGrammars.netbsd.format([patternOf(address)]),
  },
  {
    name: 'linux-hide',
    where: 'boot option xen-pciback.hide= of Linux; hexadecimal',
    parse: undefined,
    format: (address) => hideGrammars.linux.format([patternOf(address)]),
  },
  written(notations.xenstore, 'XenStore, keys key-N and dev-N'),
  written(notations.vdev, 'XenStore, keys vdev-N'),
  written(notations.libxl, "XenStore, below libxl's own nodes"),
  written(notations.nodedev, 'virsh nodedev-… of libvirt; hexadecimal'),
  {
    name: 'requester',
    where: 'requester id of a bus transaction: bus, device, function in 16 bits',
    parse: undefined,
    format: ({ bus, devfn }) => hexNumber((bus << 8) | devfn, 4),
  },
];

const READ = ALL.filter(({ parse }) => parse !== undefined);

/** The text is an address in no notation. */
export class AddressUnknownError extends OpenslotError {
  readonly code = 'ADDRESS_UNKNOWN';
  constructor(text: string) {
    super(
      `"${text}" is an address in none of the notations ${READ.map(({ name }) => name).join(', ')}`,
      { text, notations: READ.map(({ name }) => name) },
      'write 0a:00.0; what is wrong with it: openslot address --from hex TEXT',
    );
  }
}

export function define(command: Command): void {
  command
    .addOption(
      new Option('--from <notation>', 'the notation of the text').choices(READ.map(({ name }) => name)),
    )
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
Commands read the notation that their help states: hexadecimal [DDDD:]BB:DD.F, except for openslot pcictl (decimal) and
the files of openslot proto (decimal). Here each is read: no text is two addresses in two notations.

Notations:
${ALL.map(({ name, where }) => `  ${name.padEnd(12)} ${where}`).join('\n')}

Examples:
  openslot address 0a:00.0
  openslot address pci0:10:0:0
  openslot address --from pcictl -- -b 10 -d 0 -f 0`,
    )
    .action(address);
}

function address(words: readonly string[], { from, json }: { from?: string; json?: boolean }): void {
  const text = words.join(' ');
  const found = READ.find(({ name }) => name === from)?.parse?.(text) ?? readingOf(text);
  const rows = ALL.map(({ name, where, format }) => ({ name, where, ...formatted(format, found) }));
  if (json) {
    const forms = Object.fromEntries(rows.map(({ name, text: form }) => [name, form ?? null]));
    const { domain, bus, device, function: fn } = found;
    process.stdout.write(
      `${JSON.stringify({ address: found, domain, bus, device, function: fn, notations: forms }, undefined, 2)}\n`,
    );
    return;
  }
  for (const { name, where, text: form, why } of rows)
    process.stdout.write(`${name.padEnd(12)} ${(form ?? '-').padEnd(20)} ${why ?? where}\n`);
}

/** What the text means by itself: no text is two addresses in two notations. @throws {AddressUnknownError} */
function readingOf(text: string): PciAddress {
  for (const { parse } of READ) {
    try {
      const found = parse?.(text);
      if (found !== undefined) return found;
    } catch (error) {
      if (!(error instanceof OpenslotError)) throw error;
    }
  }
  throw new AddressUnknownError(text);
}

function formatted(
  format: (address: PciAddress) => string,
  of: PciAddress,
): { readonly text?: string; readonly why?: string } {
  try {
    return { text: format(of) };
  } catch (error) {
    if (!(error instanceof OpenslotError)) throw error;
    return { why: messageOf(error) };
  }
}
