/** The systems that functions can be hidden for, as the command line names them. */

export const HIDE_SYSTEMS = ['netbsd', 'xen', 'vfio', 'freebsd'] as const;
export type HideSystem = (typeof HIDE_SYSTEMS)[number];

/** Who keeps functions on FreeBSD: proto(4) for programs, ppt for guests of bhyve. */
export const FREEBSD_KEEPERS = ['proto', 'ppt'] as const;
export type FreebsdKeeper = (typeof FREEBSD_KEEPERS)[number];
