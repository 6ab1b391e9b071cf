/** Consoles of the kernel, and the display that firmware started with, by the function of each. */
import { BESIDE_VFIO, PROGRAM_HOLDERS } from '../../../function/index.js';
import type { HostFiles } from './host-files.js';
import { functionsOn, type PlacedUse } from './placed-use.js';

/** Drivers that show nothing: whoever bound one has given the display up. */
const HOLDERS: ReadonlySet<string> = new Set([...BESIDE_VFIO, PROGRAM_HOLDERS.uio, 'pciback']);

export function consoleUses(files: HostFiles): readonly PlacedUse[] {
  const found: PlacedUse[] = [];
  const add = (via: string, path: string | undefined) => {
    const functions = path === undefined ? undefined : functionsOn(files, path);
    if (functions !== undefined && functions.size > 0)
      found.push({ use: { kind: 'console', via }, functions });
  };
  for (const { name, number } of consoles(files.text('proc', 'consoles') ?? ''))
    add(name, files.real('sys', `dev/char/${number}`));
  // The first one is where the virtual terminals are.
  const [buffer] = files
    .names('sys', 'class/graphics')
    .filter((name) => /^fb\d+$/.test(name))
    .sort((a, b) => Number(a.slice(2)) - Number(b.slice(2)));
  if (buffer !== undefined) add(buffer, files.real('sys', `class/graphics/${buffer}`));
  for (const address of files.names('sys', 'bus/pci/devices')) {
    const device = `bus/pci/devices/${address}`;
    if (files.text('sys', `${device}/boot_vga`)?.trim() !== '1') continue;
    const driver = files.link('sys', `${device}/driver`)?.split('/').at(-1);
    if (driver === undefined || !HOLDERS.has(driver))
      add('the display that firmware started with', files.real('sys', device));
  }
  return found;
}

interface Console {
  readonly name: string;
  /** `MAJOR:MINOR` of its terminal. */
  readonly number: string;
}

/** Those that are switched on and have a terminal: `ttyS0  -W- (EC p a)  4:64`. */
function consoles(text: string): readonly Console[] {
  return text.split('\n').flatMap((line) => {
    const [, name, flags = '', number] = /^(\S+)\s+\S+\s+\(([^)]*)\)\s+(\d+:\d+)$/.exec(line.trimEnd()) ?? [];
    return name === undefined || number === undefined || !flags.includes('E') ? [] : [{ name, number }];
  });
}
