/** Calls on names and folders: LOOKUP, GETATTR, SETATTR, OPENDIR, READDIR. Nothing is cached by the kernel, so what is gone is gone at once. */
import type { DeviceFolders } from '../files/device-folder.js';
import { In, ROOT_NODE, SetAttr } from './abi.js';
import { failure } from './answers.js';
import { Handles } from './handles.js';
import { NodeTable, type NodeSubject } from './node-table.js';
import type { Attributes, Reply } from './reply.js';
import type { Request } from './request.js';

const DIRECTORY = 0o040000;
const REGULAR = 0o100000;

/** To whom the files belong, and what others may. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits of files, and of folders. */
  readonly fileMode: number;
  readonly folderMode: number;
}

interface FolderEntry {
  readonly id: number;
  readonly mode: number;
  readonly name: string;
}

export class FolderCalls {
  readonly nodes = new NodeTable();
  readonly #request: Request;
  readonly #reply: Reply;
  readonly #folders: DeviceFolders;
  readonly #ownership: Ownership;
  /** What each opened folder showed when it was opened: a listing in pieces is one listing. */
  readonly #listings = new Handles<readonly FolderEntry[]>();
  readonly #time = Math.floor(Date.now() / 1000);

  constructor(request: Request, reply: Reply, folders: DeviceFolders, ownership: Ownership) {
    this.#request = request;
    this.#reply = reply;
    this.#folders = folders;
    this.#ownership = ownership;
  }

  lookup(): number {
    const parent = this.nodes.find(this.#request.node)?.subject;
    const child = parent === undefined ? undefined : this.#child(parent, this.#request.name);
    if (child === undefined) return failure('ENOENT');
    const { id, subject } = this.nodes.lookUp(child);
    return this.#reply.entry(this.#attributes(id, subject));
  }

  getattr(): number {
    const node = this.nodes.find(this.#request.node);
    if (node === undefined) return failure('ENOENT');
    return this.#reply.attributes(this.#attributes(node.id, node.subject));
  }

  /** Truncation and times mean nothing to a device and are no failure, as they are none on FreeBSD's files. */
  setattr(): number {
    const changes = this.#request.word(In.setattr.valid);
    if ((changes & (SetAttr.mode | SetAttr.uid | SetAttr.gid)) !== 0) return failure('EPERM');
    return this.getattr();
  }

  forget(): void {
    this.nodes.forget(this.#request.node, this.#request.number(In.forget.lookups));
  }

  batchForget(): void {
    const count = this.#request.word(In.batchForget.count);
    for (let each = 0; each < count; each++) {
      const at = In.batchForget.first + each * In.batchForget.each;
      this.nodes.forget(this.#request.number(at), this.#request.number(at + 2));
    }
  }

  opendir(): number {
    const subject = this.nodes.find(this.#request.node)?.subject;
    if (subject === undefined) return failure('ENOENT');
    const listing = this.#listing(subject);
    if (listing === undefined) return failure('ENOTDIR');
    return this.#reply.opened(this.#listings.add(listing), 0, 0);
  }

  readdir(): number {
    const { transfer } = In;
    const listing = this.#listings.get(this.#request.number(transfer.handle));
    if (listing === undefined) return failure('EBADF');
    const limit = Math.min(this.#request.word(transfer.size), this.#reply.room);
    let length = 0;
    for (let at = this.#request.number(transfer.offset); at < listing.length; at++) {
      const entry = listing[at];
      if (entry === undefined) break;
      const end = this.#reply.dirent(length, limit, entry.id, at + 1, entry.mode, entry.name);
      if (end === undefined) break;
      length = end;
    }
    return length;
  }

  releasedir(): number {
    this.#listings.take(this.#request.number(In.release.handle));
    return 0;
  }

  #child(parent: NodeSubject, name: string): Exclude<NodeSubject, { kind: 'root' }> | undefined {
    if (parent.kind === 'root') {
      const folder = this.#folders.find(name);
      return folder === undefined ? undefined : { kind: 'folder', folder };
    }
    if (parent.kind === 'file') return undefined;
    const { folder } = parent;
    // A folder that somebody stands in may be of a device that is gone.
    if (this.#folders.find(folder.name) !== folder) return undefined;
    const file = folder.files.find((one) => one.name === name);
    return file === undefined ? undefined : { kind: 'file', folder, file };
  }

  #listing(subject: NodeSubject): readonly FolderEntry[] | undefined {
    if (subject.kind === 'file') return undefined;
    const own = subject.kind === 'root' ? ROOT_NODE : this.nodes.idOf(subject.folder);
    const dots = [
      { id: own, mode: DIRECTORY, name: '.' },
      { id: ROOT_NODE, mode: DIRECTORY, name: '..' },
    ];
    if (subject.kind === 'root') {
      const folders = this.#folders.list();
      return [
        ...dots,
        ...folders.map((folder) => ({ id: this.nodes.idOf(folder), mode: DIRECTORY, name: folder.name })),
      ];
    }
    if (this.#folders.find(subject.folder.name) !== subject.folder) return dots;
    const files = subject.folder.files.map((file) => ({
      id: this.nodes.idOf(file),
      mode: REGULAR,
      name: file.name,
    }));
    return [...dots, ...files];
  }

  #attributes(node: number, subject: NodeSubject): Attributes {
    const { uid, gid, fileMode, folderMode } = this.#ownership;
    const [size, mode] =
      subject.kind === 'file' ? [subject.file.size, REGULAR | fileMode] : [0, DIRECTORY | folderMode];
    return { node, size, mode, uid, gid, time: this.#time };
  }
}
