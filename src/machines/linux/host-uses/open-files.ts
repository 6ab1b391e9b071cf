/** Device files of functions that processes have open. */
import { basename } from 'node:path';
import { BlockStack } from './block-stack.js';
import type { HostFiles } from './host-files.js';
import { chainText, functionsOn, type PlacedUse } from './placed-use.js';
import type { Processes } from './processes.js';

export function openFiles(files: HostFiles, { devices }: Processes): readonly PlacedUse[] {
  const places = new DevicePlaces(files);
  return [...devices].flatMap(([path, owners]) =>
    places
      .of(path.slice('/dev/'.length))
      .flatMap(({ via, functions }) =>
        owners.map((owner) => ({ use: { kind: 'open' as const, via, ...owner }, functions })),
      ),
  );
}

interface Place {
  readonly via: string;
  readonly functions: ReadonlySet<string>;
}

/** The major number of devices on USB, whose files are named by their place there. */
const USB_DEVICE = '189:';

class DevicePlaces {
  readonly #files: HostFiles;
  readonly #blocks: BlockStack;
  /** Of sysfs, by the last part of the device file's name. */
  #characters: ReadonlyMap<string, string> | undefined;

  constructor(files: HostFiles) {
    this.#files = files;
    this.#blocks = new BlockStack(files);
  }

  /** Of a device file below /dev: empty for one that no function stands behind. */
  of(name: string): readonly Place[] {
    const group = /^vfio\/(\d+)$/.exec(name)?.[1];
    if (group !== undefined) return this.#ofGroup(group);
    const nvidia = /^nvidia(\d+)$/.exec(name)?.[1];
    if (nvidia !== undefined) return this.#ofNvidia(nvidia);
    const block = this.#blocks.nameOfFile(`/dev/${name}`);
    if (block !== undefined)
      return this.#blocks
        .chains(block)
        .map((chain) => ({ via: `/dev/${name}${below(chain.names)}`, functions: chain.functions }));
    const path = this.#character(name);
    const functions = path === undefined ? undefined : functionsOn(this.#files, path);
    return functions === undefined || functions.size === 0 ? [] : [{ via: `/dev/${name}`, functions }];

    function below(names: readonly string[]): string {
      return names.length === 1 ? '' : ` on ${chainText({ names: names.slice(1), functions: new Set() })}`;
    }
  }

  /** Whoever has a group open may have any function of it. */
  #ofGroup(group: string): readonly Place[] {
    return this.#files
      .names('sys', `kernel/iommu_groups/${group}/devices`)
      .flatMap((address) => this.#files.real('sys', `bus/pci/devices/${address}`) ?? [])
      .map((path) => ({ via: `/dev/vfio/${group}`, functions: functionsOn(this.#files, path) }));
  }

  /** NVIDIA's own module shows its files in no place of sysfs. */
  #ofNvidia(minor: string): readonly Place[] {
    return this.#files
      .names('proc', 'driver/nvidia/gpus')
      .filter((address) => {
        const text = this.#files.text('proc', `driver/nvidia/gpus/${address}/information`) ?? '';
        return /^Device Minor:\s*(\d+)/m.exec(text)?.[1] === minor;
      })
      .flatMap((address) => this.#files.real('sys', `bus/pci/devices/${address}`) ?? [])
      .map((path) => ({ via: `/dev/nvidia${minor}`, functions: functionsOn(this.#files, path) }));
  }

  #character(name: string): string | undefined {
    this.#characters ??= new Map(
      this.#files.names('sys', 'dev/char').flatMap((number) => {
        const target = this.#files.link('sys', `dev/char/${number}`);
        if (target === undefined) return [];
        const own = number.startsWith(USB_DEVICE) ? this.#deviceName(`dev/char/${number}`) : target;
        return own === undefined ? [] : [[lastName(number, own), `dev/char/${number}`] as const];
      }),
    );
    const number = this.#characters.get(name.startsWith('bus/usb/') ? name : basename(name));
    // Two classes may have a device of one name.
    if (number === undefined || this.#deviceName(number) !== name) return undefined;
    return this.#files.real('sys', number);
  }

  #deviceName(path: string): string | undefined {
    return /^DEVNAME=(.*)$/m.exec(this.#files.text('sys', `${path}/uevent`) ?? '')?.[1];
  }
}

function lastName(number: string, own: string): string {
  return number.startsWith(USB_DEVICE) ? own : basename(own);
}
