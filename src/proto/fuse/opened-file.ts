/** One open file of a session: what it is, and who sleeps on it. */
import type { DeviceFile, OpenFile } from '../files/device-file.js';
import type { DeviceFolder } from '../files/device-folder.js';
import type { PendingAnswer } from './pending-answer.js';

export class OpenedFile {
  readonly folder: DeviceFolder;
  readonly entry: DeviceFile;
  readonly file: OpenFile;
  /** Number of the kernel's for the memory that stands in for this file in mmap(2); 0 without. */
  readonly backing: number;
  /** Reads that wait for an answer. */
  readonly pending = new Set<PendingAnswer>();
  /** The kernel's handle for whoever sleeps in poll(2), as two 32-bit halves; undefined while nobody does. */
  sleeper: readonly [low: number, high: number] | undefined;

  constructor(folder: DeviceFolder, entry: DeviceFile, file: OpenFile, backing: number) {
    this.folder = folder;
    this.entry = entry;
    this.file = file;
    this.backing = backing;
  }
}
