/** A file that memory of the machine can be kept in, so that other processes map the same pages; made by the owner. */

/** Bytes of the file in this process. */
export interface FileMemory {
  readonly bytes: Uint8Array;
  /** Gives the pages back: they are zero again in every process, and what is done to `bytes` reaches nothing. */
  free(): void;
}

/** The simulator knows no system calls: whoever runs it makes the file (`os` has one). */
export interface MemoryFile {
  readonly fd: number;
  /** Zeroed pages of the file; both numbers are multiples of a page. Nobody maps pages twice. */
  map(offset: number, bytes: number): FileMemory;
  /** Closes the descriptor; memory that is mapped stays until it is freed. */
  close(): void;
}
