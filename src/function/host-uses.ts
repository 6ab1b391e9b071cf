/** What a host itself does with a function now: what would break if it were taken away. */

/**
 * One use, as the host tells it. `via` is how the function serves it: the block device, the network interface, the
 * terminal, through mappers and arrays to the function's own (`md0 on nvme0n1p2`).
 */
export type HostUse =
  /** A file system is mounted from it; `at` is where. */
  | { readonly kind: 'mount'; readonly via: string; readonly at: string }
  | { readonly kind: 'swap'; readonly via: string }
  /** A member of an array, a volume group or a pool of file systems that is assembled, though nothing is mounted. */
  | { readonly kind: 'assembled'; readonly via: string }
  /** A default route goes out there; `family` is `inet` or `inet6`. */
  | { readonly kind: 'default-route'; readonly via: string; readonly family: 'inet' | 'inet6' }
  /** An interface that is up and has an address, without a default route. */
  | { readonly kind: 'network'; readonly via: string; readonly addresses: readonly string[] }
  /** Somebody is logged in through it: `who` as the host's records name him, `from` is his address. */
  | { readonly kind: 'session'; readonly via: string; readonly who: string; readonly from: string }
  /** The kernel's console, or the display that firmware started with. */
  | { readonly kind: 'console'; readonly via: string }
  /** A process has a device file of it open. */
  | { readonly kind: 'open'; readonly via: string; readonly process: number; readonly command: string }
  /** Its driver has made others of it, which go when the driver lets go; `via` is the driver. */
  | { readonly kind: 'virtual-functions'; readonly via: string; readonly functions: readonly string[] }
  /**
   * Firmware has it read and write memory of its own (Linux: a reserved region of its IOMMU group of type direct); `via`
   * is the group, both ends are addresses, `0x` and hexadecimal, and belong to it. `relaxable`: only until a driver
   * takes over.
   */
  | {
      readonly kind: 'reserved-region';
      readonly via: string;
      readonly first: string;
      readonly last: string;
      readonly relaxable: boolean;
    }
  /** Something could not be looked at, so that there may be more uses; `via` is what. */
  | { readonly kind: 'unseen'; readonly via: string; readonly why: string };

export type HostUseKind = HostUse['kind'];
