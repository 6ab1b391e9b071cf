/** The unit of the machine's memory and of its translation. */

/** Bytes. */
export const PAGE_SIZE = 4096;
