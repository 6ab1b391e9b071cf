/** Where a kernel module stands: loaded, built in, to be had, kept out, or not there at all. */
import type { ExaminedHost } from './examined-host.js';

export type ModuleState =
  | { readonly kind: 'loaded' | 'built-in' | 'available' | 'missing' }
  /** Not loaded, and not by itself: `by` says where that is written. */
  | { readonly kind: 'blacklisted'; readonly by: string };

/** Folders of modprobe.d(5), those that count most first: a file hides one of the same name in a later folder. */
const MODPROBE_FOLDERS = [
  '/etc/modprobe.d',
  '/run/modprobe.d',
  '/usr/local/lib/modprobe.d',
  '/usr/lib/modprobe.d',
  '/lib/modprobe.d',
];

interface ModprobeLine {
  readonly file: string;
  readonly words: readonly string[];
}

export class KernelModules {
  readonly #host: ExaminedHost;
  #files: ReadonlySet<string> | undefined;
  #builtIn: ReadonlySet<string> | undefined;
  #lines: readonly ModprobeLine[] | undefined;

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
    const by = this.#blacklistedBy(name);
    if (by !== undefined) return { kind: 'blacklisted', by };
    return { kind: this.#has(name) ? 'available' : 'missing' };
  }

  /** Values of an option in modprobe.d, each with its file. */
  optionValues(module: string, option: string): readonly { readonly file: string; readonly value: string }[] {
    const name = module.replaceAll('-', '_');
    return this.#configuration.flatMap(({ file, words }) =>
      words[0] === 'options' && words[1]?.replaceAll('-', '_') === name
        ? words
            .slice(2)
            .filter((word) => word.startsWith(`${option}=`))
            .map((word) => ({ file, value: word.slice(option.length + 1).replace(/^"(.*)"$/, '$1') }))
        : [],
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
    this.#files ??= this.#names('modules.dep');
    return this.#files.has(name);
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

  #blacklistedBy(name: string): string | undefined {
    const { options } = this.#host;
    for (const option of ['module_blacklist', 'modprobe.blacklist'])
      if (options.words(option).some((word) => word.replaceAll('-', '_') === name))
        return `${option}= on the kernel command line`;
    const line = this.#configuration.find(
      ({ words: [command, module = '', program] }) =>
        module.replaceAll('-', '_') === name &&
        (command === 'blacklist' || (command === 'install' && /\/(false|true)$/.test(program ?? ''))),
    );
    return line === undefined ? undefined : `${line.file}: ${line.words.join(' ')}`;
  }

  get #configuration(): readonly ModprobeLine[] {
    return (this.#lines ??= this.#readConfiguration());
  }

  #readConfiguration(): readonly ModprobeLine[] {
    const seen = new Set<string>();
    return MODPROBE_FOLDERS.flatMap((folder) =>
      (this.#host.files.list(folder) ?? [])
        .filter((name) => name.endsWith('.conf') && !seen.has(name))
        .flatMap((name) => {
          seen.add(name);
          const file = `${folder}/${name}`;
          const text = (this.#host.text(file) ?? '').replaceAll('\\\n', ' ');
          return text
            .split('\n')
            .map((line) => line.trim())
            .filter((line) => line !== '' && !line.startsWith('#'))
            .map((line) => ({ file, words: line.match(/(?:[^\s"]|"[^"]*")+/g) ?? [] }));
        }),
    );
  }
}
