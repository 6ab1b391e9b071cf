/** What the doctor is told of a host that stands in no file of it, or not in one that can be read without more. */
import type { Capture, FunctionSummary, HostUse } from '../../function/index.js';

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

/** What openslot itself left on the host. */
export interface Leftovers {
  /** `stale`: the owner's socket is there and nobody listens. */
  readonly owner: 'running' | 'stale' | 'absent';
  readonly socket: string;
  /** In words, of changes that were begun and not ended. */
  readonly unfinished: readonly string[];
  /** Claims whose function has another driver now, each with what was recorded; or why the record cannot be read. */
  readonly claims:
    | {
        readonly lost: readonly {
          readonly address: string;
          readonly driver: string;
          readonly holder: string;
        }[];
      }
    | { readonly unreadable: string; readonly path: string };
}

export interface DoctorFacts {
  readonly user: ExaminedUser;
  /** Every function of the host, in order of address. */
  readonly functions: readonly FunctionSummary[];
  /** Of all functions, where one was asked about: its surroundings explain it. */
  readonly capture: Capture | undefined;
  /** What the host does with the function that was asked about; undefined where nobody can tell. */
  readonly uses: readonly HostUse[] | undefined;
  /** Text of the kernel's configuration (`CONFIG_…=y`); undefined where it is not installed. */
  readonly kernelConfig: string | undefined;
  /** Bytes that a program or a virtual machine will keep in place for DMA; undefined where nobody said. */
  readonly pinned: number | undefined;
  /** Versions of Xen, `major.minor`, whose libxenctrl openslot knows. */
  readonly knownXen: readonly string[];
  readonly xen: XenAnswers | undefined;
  readonly leftovers: Leftovers | undefined;
}
