/** Numbers of FUSE's kernel protocol (linux/fuse.h, version 7): requests, flags, and where the fields of each structure stand. */

/** The version that this is written for. Kernels of another minor version speak the lower of both. */
export const VERSION = { major: 7, minor: 40 } as const;
/** Kernel 4.20: the first whose structures are all as below. */
export const OLDEST_MINOR = 28;

/** enum fuse_opcode. */
export const Opcode = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  fsyncdir: 30,
  interrupt: 36,
  destroy: 38,
  ioctl: 39,
  poll: 40,
  batchForget: 42,
} as const;

/** enum fuse_notify_code. */
export const Notify = { poll: 1 } as const;

/** The node of the mount's own directory. */
export const ROOT_NODE = 1;

/** FUSE_MIN_READ_BUFFER, and what the longest ioctl argument needs beside its headers. */
export const RECEIVE_BYTES = 32 * 1024;
/** The most that one write carries: the least that the kernel accepts. No register has so many bytes. */
export const MOST_WRITTEN = 4096;

/** FUSE_* flags of INIT that we ask for; those of `flags2` stand 32 bits higher in linux/fuse.h. */
export const InitFlag = { atomicTruncate: 1 << 3, bigWrites: 1 << 5, extended: 1 << 30 } as const;
export const InitFlag2 = { passthrough: 1 << 5 } as const;

/** FOPEN_* flags of an opened file. */
export const OpenFlag = { directIo: 1 << 0, noFlush: 1 << 5, passthrough: 1 << 7 } as const;

/** FATTR_* of SETATTR: what is to be changed. */
export const SetAttr = { mode: 1 << 0, uid: 1 << 1, gid: 1 << 2 } as const;

/** FUSE_POLL_SCHEDULE_NOTIFY: somebody sleeps, and wants to be told. */
export const POLL_SCHEDULE_NOTIFY = 1;
/** FUSE_IOCTL_DIR, and FUSE_IOCTL_COMPAT: the argument has the layout of a 32-bit program. */
export const IoctlFlag = { compat: 1 << 0, directory: 1 << 4 } as const;

/** ioctls of /dev/fuse: FUSE_DEV_IOC_BACKING_OPEN {s32 fd; u32 flags; u64 padding}, and _CLOSE {u32 id}. */
export const DeviceIoctl = { backingOpen: 0x4010_e501, backingClose: 0x4004_e502 } as const;

/** Bytes of struct fuse_in_header. */
export const IN_HEADER = 40;
/** Bytes of struct fuse_out_header. */
export const OUT_HEADER = 16;

/** struct fuse_in_header, in 32-bit words; 64-bit fields have their low half there (byte order of the host, little). */
export const InHeader = { length: 0, opcode: 1, unique: 2, node: 4, uid: 6, gid: 7, pid: 8 } as const;
/** struct fuse_out_header, in 32-bit words. */
export const OutHeader = { length: 0, error: 1, unique: 2 } as const;

/** Fields of the requests' own structures, in 32-bit words from the beginning of the message. */
export const In = {
  init: { major: 10, minor: 11, readahead: 12, flags: 13, flags2: 14 },
  /** struct fuse_read_in and fuse_write_in begin alike; `flags` are those of open(2). */
  transfer: { handle: 10, offset: 12, size: 14, flags: 18 },
  open: { flags: 10 },
  release: { handle: 10 },
  forget: { lookups: 10 },
  batchForget: { count: 10, first: 12, each: 4 },
  setattr: { valid: 10 },
  interrupt: { unique: 10 },
  ioctl: { handle: 10, flags: 12, command: 13, inSize: 16, outSize: 17 },
  poll: { handle: 10, kernelHandle: 12, flags: 14, events: 15 },
} as const;
/** Byte where the data of a write stand: behind struct fuse_write_in of 40 bytes. */
export const WRITE_DATA = IN_HEADER + 40;
/** Byte where an ioctl's argument stands: behind struct fuse_ioctl_in of 32 bytes. */
export const IOCTL_DATA = IN_HEADER + 32;
/** Bytes of struct fuse_ioctl_out, which stands before the argument in the answer. */
export const IOCTL_OUT = 16;

/** O_NONBLOCK of open(2) on Linux. */
export const NON_BLOCKING = 0o4000;
