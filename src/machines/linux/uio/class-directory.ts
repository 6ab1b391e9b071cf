/** Where the kernel shows the devices that UIO drivers have. */
export const UIO_CLASS = '/sys/class/uio';
