/** Numbers and layouts of proto(4)'s ioctls, as FreeBSD's sys/proto/proto_dev.h has them on 64-bit machines. */

/** Directions of an ioctl's argument: what the caller gives (`_IOW`), what it gets (`_IOR`). */
const IOC_WRITE = 1;
const IOC_READ = 2;
/** The group letter of proto(4). */
const GROUP = 'h'.charCodeAt(0);

/** `_IOWR(GROUP, number, size)`: Linux (asm-generic/ioctl.h) and FreeBSD (sys/ioccom.h) make the same number of it. */
function readWrite(number: number, size: number): number {
  return (((IOC_READ | IOC_WRITE) << 30) | (size << 16) | (GROUP << 8) | number) >>> 0;
}

/** struct proto_ioc_region { unsigned long address; unsigned long size; } */
export const RegionArgument = { bytes: 16, address: 0, size: 8 } as const;

/** PROTO_IOC_REGION: where the file's resource stands on the bus, and its size. */
export const PROTO_IOC_REGION = readWrite(1, RegionArgument.bytes);

export { readWrite as protoRequest };
