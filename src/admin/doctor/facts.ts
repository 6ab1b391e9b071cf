/** What the doctor is told of a host that stands in no file of it, or not in one that can be read without more. */
import type { Capture, FunctionSummary } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';

/** For whom the host is examined. */
export interface ExaminedUser {
  readonly uid: number;
}

/** What the running Xen answered; absent for a saved tree, and where no Xen runs. */
export interface XenAnswers {
  /** Undefined where XenStore answered; else why it did not. */
  readonly store: string | undefined;
  /** The store names this domain's own number. */
  readonly domainKnown: boolean;
  /** An IOMMU stands between functions and memory; undefined where Xen was not asked. */
  readonly translates: boolean | undefined;
}

/** What `openslot hide` wrote into a file that the boot reads. */
export interface HiddenRecord {
  /** Milliseconds since 1970. */
  readonly when: number;
  /** The system that reads it: `xen`, `vfio`, `netbsd`, `freebsd`. */
  readonly for: string;
  readonly file: string;
  readonly addresses: readonly PciAddress[];
}

/** A claim as it is recorded. */
export interface RecordedClaim {
  readonly address: PciAddress;
  /** The driver that keeps it for the pool; undefined where none does. */
  readonly holder: string | undefined;
  readonly quarantined: string | undefined;
}

/** What openslot itself left on the host. */
export interface Leftovers {
  /** `stale`: the owner's socket is there and nobody listens. */
  readonly owner: 'running' | 'stale' | 'absent';
  readonly socket: string;
  /** In words, of changes that were begun and not ended. */
  readonly unfinished: readonly string[];
  readonly claims: readonly RecordedClaim[];
  readonly hidden: readonly HiddenRecord[];
  /** Records that cannot be read, each with the reason. */
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
  /** How probing of the kernel's back ends was before `serve` stopped it, where that is still recorded. */
  readonly probing: string | undefined;
}

/** What `claim` and `attach` would be told of the function: the words of findings. */
export interface FunctionFinding {
  readonly code: string;
  readonly severity: 'critical' | 'unsafe' | 'note';
  readonly message: string;
  readonly why: string;
  readonly next: string;
}

export interface DoctorFacts {
  /** As users name it: `linux`. */
  readonly machine: string;
  readonly user: ExaminedUser;
  /** Every function of the host, in order of address. */
  readonly functions: readonly FunctionSummary[];
  /** Of all functions, where one was asked about: its surroundings explain it. */
  readonly capture: Capture | undefined;
  /** Of the function that was asked about; undefined where nobody can tell. */
  readonly findings: readonly FunctionFinding[] | undefined;
  /** Text of the kernel's configuration (`CONFIG_…=y`); undefined where it is not installed. */
  readonly kernelConfig: string | undefined;
  /** Bytes that a program or a virtual machine will keep in place for DMA; undefined where nobody said. */
  readonly pinned: number | undefined;
  /** Versions of Xen, `major.minor`, whose libxenctrl openslot knows. */
  readonly knownXen: readonly string[];
  readonly xen: XenAnswers | undefined;
  readonly leftovers: Leftovers | undefined;
}
