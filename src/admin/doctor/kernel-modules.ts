/** Where a kernel module stands: loaded, built in, to be had, kept out, or not there at all. */
import { optionsOf, readModprobe } from '../../boot/modprobe/index.js';
import type { ExaminedHost } from './examined-host.js';

export type ModuleState =
  | { readonly kind: 'loaded' | 'built-in' | 'available' | 'missing' }
  /** Not loaded, and `by` says where it is written that it is not (`blacklisted`: only by its own name). */
  | { readonly kind: 'blacklisted' | 'forbidden'; readonly by: string };

/** Folders of modprobe.d(5), those that count most first: a file hides one of the same name in a later folder. */
const MODPROBE_FOLDERS = [
  '/etc/modprobe.d',
  '/run/modprobe.d',
  '/usr/local/lib/modprobe.d',
  '/usr/lib/modprobe.d',
  '/lib/modprobe.d',
];

interface ModprobeFile {
  readonly path: string;
  readonly text: string;
}

export class KernelModules {
  readonly #host: ExaminedHost;
  #available: ReadonlySet<string> | undefined;
  #builtIn: ReadonlySet<string> | undefined;
  #configuration: readonly ModprobeFile[] | undefined;

  constructor(host: ExaminedHost) {
    this.#host = host;
  }

  get folder(): string {
    return `/lib/modules/${this.#host.release}`;
  }

  /** False where the folder of the running kernel's modules is not there, or depmod never ran over it. */
  get installed(): boolean {
    return this.#host.exists(`${this.folder}/modules.dep`);
  }

  /** Kernels whose modules are installed. */
  get others(): readonly string[] {
    return this.#host.files.list('/lib/modules') ?? [];
  }

  /** False of a kernel that was built without modules: it has no list of them. */
  get supported(): boolean {
    return this.#host.exists('/proc/modules');
  }

  /** Why no module can be loaded any more; undefined where it can. */
  get lockedBy(): string | undefined {
    if (this.#host.text('/proc/sys/kernel/modules_disabled') === '1')
      return '/proc/sys/kernel/modules_disabled is 1';
    return this.#host.options.has('nomodule') ? 'nomodule stands on the kernel command line' : undefined;
  }

  stateOf(module: string): ModuleState {
    const name = module.replaceAll('-', '_');
    if (this.#isLoaded(name)) return { kind: 'loaded' };
    if (this.#isBuiltIn(name)) return { kind: 'built-in' };
    return this.#keptOut(name) ?? { kind: this.#has(name) ? 'available' : 'missing' };
  }

  /** Values of an option in modprobe.d, each with its file. */
  optionValues(module: string, option: string): readonly { readonly file: string; readonly value: string }[] {
    return this.#modprobe.flatMap(({ path, text }) =>
      optionsOf(text, module)
        .filter(({ name }) => name === option)
        .map(({ value = '' }) => ({ file: path, value })),
    );
  }

  #isLoaded(name: string): boolean {
    const list = this.#host.text('/proc/modules') ?? '';
    return list.split('\n').some((line) => line.startsWith(`${name} `));
  }

  /** Built-in modules with parameters have a folder in sysfs like loaded ones, which are in the list as well. */
  #isBuiltIn(name: string): boolean {
    this.#builtIn ??= this.#names('modules.builtin');
    return this.#builtIn.has(name) || this.#host.exists(`/sys/module/${name}`);
  }

  #has(name: string): boolean {
    this.#available ??= this.#names('modules.dep');
    return this.#available.has(name);
  }

  /** Each line begins with the module's path: `kernel/drivers/vfio/pci/vfio-pci.ko.xz: …`. */
  #names(file: string): ReadonlySet<string> {
    const text = this.#host.text(`${this.folder}/${file}`) ?? '';
    const names = text.split('\n').flatMap((line) => {
      const base = /([^/:]+)\.ko(?:\.\w+)?(?::|$)/.exec(line)?.[1];
      return base === undefined ? [] : [base.replaceAll('-', '_')];
    });
    return new Set(names);
  }

  /** A blacklist keeps modprobe from taking a module for a device; by its name it loads it all the same. */
  #keptOut(name: string): ModuleState | undefined {
    const { options } = this.#host;
    const lists = (option: string) =>
      options.words(option).some((word) => word.replaceAll('-', '_') === name);
    const line = (option: string) => `${option}= on the kernel command line`;
    if (lists('module_blacklist')) return { kind: 'forbidden', by: line('module_blacklist') };
    let blacklisted: string | undefined = lists('modprobe.blacklist')
      ? line('modprobe.blacklist')
      : undefined;
    for (const { path, text } of this.#modprobe)
      for (const { line: written, meaning } of readModprobe(text)) {
        if (meaning.kind !== 'command' || meaning.module !== name) continue;
        const by = `${path}: ${written.logical.trim()}`;
        if (meaning.verb === 'install' && /^\s*\S*\b(false|true)\b/.test(meaning.rest.text))
          return { kind: 'forbidden', by };
        if (meaning.verb === 'blacklist') blacklisted ??= by;
      }
    return blacklisted === undefined ? undefined : { kind: 'blacklisted', by: blacklisted };
  }

  get #modprobe(): readonly ModprobeFile[] {
    return (this.#configuration ??= this.#read());
  }

  #read(): readonly ModprobeFile[] {
    const seen = new Set<string>();
    return MODPROBE_FOLDERS.flatMap((folder) =>
      (this.#host.files.list(folder) ?? [])
        .filter((name) => name.endsWith('.conf') && !seen.has(name))
        .map((name) => {
          seen.add(name);
          const path = `${folder}/${name}`;
          return { path, text: this.#host.text(path) ?? '' };
        }),
    );
  }
}
