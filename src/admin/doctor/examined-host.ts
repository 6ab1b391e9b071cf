/** A host under examination: its files and facts, with what several checks read in them parsed once. */
import { KernelOptions } from '../../boot/index.js';
import type { FunctionSummary } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import type { DoctorFacts } from './facts.js';
import { readRemapping, type Remapping } from './firmware/index.js';
import type { FileReading, HostFiles } from './host-files.js';
import { KernelModules } from './kernel-modules.js';

const DEVICES = '/sys/bus/pci/devices';
const GROUPS = '/sys/kernel/iommu_groups';

export class ExaminedHost {
  readonly files: HostFiles;
  readonly facts: DoctorFacts;
  readonly commandLine: string;
  readonly options: KernelOptions;
  /** Of the running kernel; `unknown` where it does not tell. */
  readonly release: string;
  readonly modules: KernelModules;
  #remapping: Remapping | undefined;

  constructor(files: HostFiles, facts: DoctorFacts) {
    this.files = files;
    this.facts = facts;
    this.commandLine = this.text('/proc/cmdline') ?? '';
    this.options = new KernelOptions(this.commandLine);
    this.release = this.text('/proc/sys/kernel/osrelease') ?? 'unknown';
    this.modules = new KernelModules(this);
  }

  /** A file's text without its line end, one character a byte; undefined where it cannot be read. */
  text(path: string): string | undefined {
    const reading = this.files.read(path);
    return 'bytes' in reading ? latin1(reading.bytes).trimEnd() : undefined;
  }

  exists(path: string): boolean {
    return this.files.status(path) !== undefined;
  }

  /** What firmware says of IOMMUs. */
  get remapping(): Remapping {
    return (this.#remapping ??= readRemapping((path): FileReading => this.files.read(path)));
  }

  /** Numbers of the groups, which only a kernel with an IOMMU at work has. */
  get groups(): readonly number[] {
    return (this.files.list(GROUPS) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  }

  groupText(group: number, file: string): string | undefined {
    return this.text(`${GROUPS}/${group}/${file}`);
  }

  attribute(address: PciAddress, file: string): string | undefined {
    return this.text(`${DEVICES}/${address}/${file}`);
  }

  driverOf(address: PciAddress): string | undefined {
    return this.files.link(`${DEVICES}/${address}/driver`);
  }

  summary(address: PciAddress): FunctionSummary | undefined {
    return this.facts.functions.find((one) => one.address.equals(address));
  }

  inGroup(group: number): readonly FunctionSummary[] {
    return this.facts.functions.filter(({ iommuGroup }) => iommuGroup === group);
  }

  /** Runs on Xen, as any domain. */
  get onXen(): boolean {
    return this.text('/sys/hypervisor/type') === 'xen';
  }

  /** `major.minor`; undefined where no Xen runs. */
  get xenVersion(): string | undefined {
    const [major, minor] = ['major', 'minor'].map((part) => this.text(`/sys/hypervisor/version/${part}`));
    return major === undefined || minor === undefined ? undefined : `${major}.${minor}`;
  }

  get processorVendor(): 'intel' | 'amd' | undefined {
    const vendor = /^vendor_id\s*:\s*(\S+)/m.exec(this.text('/proc/cpuinfo') ?? '')?.[1];
    if (vendor === 'GenuineIntel') return 'intel';
    return vendor === 'AuthenticAMD' || vendor === 'HygonGenuine' ? 'amd' : undefined;
  }

  /** A hypervisor runs this host: its firmware's tables are what that one made. */
  get isVirtual(): boolean {
    return /^flags\s*:.*\shypervisor\b/m.test(this.text('/proc/cpuinfo') ?? '');
  }

  get isRoot(): boolean {
    return this.facts.user.uid === 0;
  }

  /** `=y` or `=m` of an option of the kernel's configuration; undefined where it is off, or the text is not there. */
  config(option: string): string | undefined {
    return new RegExp(`^${option}=(\\S+)$`, 'm').exec(this.facts.kernelConfig ?? '')?.[1];
  }
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}
