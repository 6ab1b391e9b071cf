/** Which kernel modules say that they can drive a device: modules.alias of the running kernel, as depmod writes it. */
import { readFileSync } from 'node:fs';

/** One line: a pattern with `*`, `?` and `[…]` over a device's modalias, and the module's name. */
interface Alias {
  readonly pattern: string;
  readonly module: string;
}

/** Up to here a pattern has no wildcard where it names a vendor: `pci:v00008086`. */
const VENDOR_LENGTH = 'pci:v00000000'.length;

export class ModuleAliases {
  readonly #directory: string;
  /** By the vendor's part of the pattern, in the file's order; those of any vendor stand under `''`. */
  #aliases: ReadonlyMap<string, readonly (Alias & { readonly order: number })[]> | undefined;

  /** `directory` has the modules of one kernel: `/lib/modules/6.1.0`. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Names in the order of the file, each once; none where the kernel's modules are not installed. */
  modulesFor(modalias: string): readonly string[] {
    this.#aliases ??= this.#read();
    const candidates = ['', modalias.slice(0, VENDOR_LENGTH)].flatMap((key) => this.#aliases?.get(key) ?? []);
    const fitting = candidates.filter(({ pattern }) => glob(pattern).test(modalias));
    return [...new Set(fitting.sort((a, b) => a.order - b.order).map(({ module }) => module))];
  }

  #read(): ReadonlyMap<string, readonly (Alias & { readonly order: number })[]> {
    const aliases = new Map<string, (Alias & { readonly order: number })[]>();
    let text: string;
    try {
      text = readFileSync(`${this.#directory}/modules.alias`, 'latin1');
    } catch {
      return aliases;
    }
    let order = 0;
    for (const [, pattern = '', module = ''] of text.matchAll(/^alias (pci:\S+) (\S+)$/gm)) {
      const start = pattern.slice(0, VENDOR_LENGTH);
      const key = /[*?[]/.test(start) ? '' : start;
      const known = aliases.get(key) ?? [];
      aliases.set(key, known);
      known.push({ pattern, module, order: order++ });
    }
    return aliases;
  }
}

/** As fnmatch(3) has it, of the characters that depmod writes. */
function glob(pattern: string): RegExp {
  const source = pattern.replaceAll(/\[!?[^\]]*\]|[^\w]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return part.replace('[!', '[^').replaceAll('\\', '\\\\');
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}
