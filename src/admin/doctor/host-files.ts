/** The files of a host as the doctor reads them: its own, or a tree that was saved of another one. Nothing is written. */

/** What reading a file gave. */
export type FileReading = { readonly bytes: Uint8Array } | { readonly errno: string };

export interface FileStatus {
  readonly type: 'file' | 'directory' | 'character' | 'socket' | 'other';
  /** 12 bits: permissions with set-uid, set-gid and sticky. */
  readonly mode: number;
  readonly uid: number;
}

/** Paths are absolute on the examined host. Nothing is cached, nothing throws. */
export interface HostFiles {
  /** The whole file. */
  read(path: string): FileReading;
  /** Names in a folder, sorted; undefined where there is none, or it cannot be read. */
  list(path: string): readonly string[] | undefined;
  /** The last name of what a symbolic link leads to; undefined for what is none. */
  link(path: string): string | undefined;
  /** Links are followed; undefined where there is nothing. */
  status(path: string): FileStatus | undefined;
  /** Whether the user for whom the host is examined may open it for reading and writing. */
  opens(path: string): boolean;
}
