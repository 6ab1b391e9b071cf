/** The kinds of boot files, and which one a file is by its name. */
import type { BootFileKind } from './boot-file.js';
import { driverctlFile } from './driverctl/driverctl-lint.js';
import { libvirtGuestFile } from './libvirt/libvirt-lint.js';
import { modprobeFile } from './modprobe/modprobe-lint.js';
import { xlConfigFile } from './xl/xl-lint.js';
import { freebsdLoaderConfig } from './freebsd/loader-config-lint.js';
import { grubConfig } from './grub/grub-config-lint.js';
import { grubDefaults } from './grub/grub-defaults-lint.js';
import { netbsdBootConfig } from './netbsd/boot-config-lint.js';

/** In the order in which names are asked. */
export const BOOT_FILES: readonly BootFileKind[] = [
  netbsdBootConfig,
  driverctlFile,
  modprobeFile,
  xlConfigFile,
  libvirtGuestFile,
  freebsdLoaderConfig,
  grubDefaults,
  grubConfig,
];

/** Undefined where no kind has such a name. */
export function bootFileKind(path: string): BootFileKind | undefined {
  return BOOT_FILES.find((kind) => kind.recognises(path));
}

/** By the name that `openslot lint --as` takes. */
export function bootFileKindNamed(name: string): BootFileKind | undefined {
  return BOOT_FILES.find((kind) => kind.name === name);
}
