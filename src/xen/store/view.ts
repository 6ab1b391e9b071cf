/** StoreView over a connection: the operations on the tree, outside a transaction or inside one. */
import type { StoreConnection } from './connection.js';
import { isRefusal, XenStoreProtocolError, XenStoreRefusedError } from './errors.js';
import { readParts } from './directory-parts.js';
import { pathFault } from './paths.js';
import { formatPermission, parsePermissions } from './permissions.js';
import type { Permission } from './permissions.js';
import type { StoreView } from './store.js';
import { decodeStrings, decodeText, encodeStrings, encodeText } from './wire.js';
import type { MessageName } from './wire.js';

/** The tree as one transaction sees it, or as everybody does with transaction 0. */
export class ConnectionView implements StoreView {
  readonly #connection: StoreConnection;
  readonly #transactionId: number;
  readonly #underWay = new Set<Promise<unknown>>();
  #over = false;
  #sawMissing = false;
  #sawConflict = false;

  constructor(connection: StoreConnection, transactionId: number) {
    this.#connection = connection;
    this.#transactionId = transactionId;
  }

  /** True when this view has told anybody that something is not there. */
  get sawMissing(): boolean {
    return this.#sawMissing;
  }

  /** True when an answer showed that others have changed what the transaction had looked at: it cannot end well. */
  get sawConflict(): boolean {
    return this.#sawConflict;
  }

  /** Refuses everything from now on; settles when what is under way is answered. */
  async finish(): Promise<void> {
    this.#over = true;
    await Promise.allSettled(this.#underWay);
  }

  async read(path: string): Promise<string | undefined> {
    const payload = await this.#ifThere(this.#ask('READ', path));
    return payload === undefined ? undefined : decodeText(payload);
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    try {
      const payload = await this.#ifThere(this.#ask('DIRECTORY', path));
      return payload === undefined ? undefined : this.#strings('DIRECTORY', payload);
    } catch (error) {
      if (!isRefusal(error, 'E2BIG')) throw error;
    }
    return await this.#ifThere(this.#listInParts(path));
  }

  async write(path: string, value: string): Promise<void> {
    const head = this.#pathBytes('WRITE', path);
    const tail = encodeText(value);
    if (tail === undefined) {
      const reason = 'the value has a character beyond U+00FF: encode it first';
      throw new XenStoreRefusedError({ name: 'WRITE', path }, 'EINVAL', { by: 'client', reason });
    }
    const payload = new Uint8Array(head.length + tail.length);
    payload.set(head);
    payload.set(tail, head.length);
    await this.#send('WRITE', path, payload);
  }

  async mkdir(path: string): Promise<void> {
    await this.#ask('MKDIR', path);
  }

  async remove(path: string): Promise<boolean> {
    // RM of a missing node is OK as long as its parent exists, so whether there was one has to be asked.
    if (!(await this.#mayExist(path))) return false;
    try {
      return (await this.#ifThere(this.#ask('RM', path))) !== undefined;
    } catch (error) {
      // A transaction is no snapshot. It has seen the node before a change of others, and what is around it after that.
      if (isRefusal(error, 'EINVAL', 'EIO') && path !== '/') this.#sawConflict = true;
      throw error;
    }
  }

  async permissions(path: string): Promise<readonly Permission[] | undefined> {
    const payload = await this.#ifThere(this.#ask('GET_PERMS', path));
    if (payload === undefined) return undefined;
    const permissions = parsePermissions(this.#strings('GET_PERMS', payload));
    if (permissions === undefined) {
      throw this.#connection.fail(new XenStoreProtocolError('a node without readable permissions', { path }));
    }
    return permissions;
  }

  async setPermissions(path: string, permissions: readonly Permission[]): Promise<void> {
    if (permissions.length === 0) {
      const reason = 'a node must have an owner';
      throw new XenStoreRefusedError({ name: 'SET_PERMS', path }, 'EINVAL', { by: 'client', reason });
    }
    await this.#ask('SET_PERMS', path, ...permissions.map(formatPermission));
  }

  async #listInParts(path: string): Promise<readonly string[]> {
    try {
      return await readParts(path, async (offset) => {
        const payload = await this.#ask('DIRECTORY_PART', path, String(offset));
        return this.#strings('DIRECTORY_PART', payload);
      });
    } catch (error) {
      throw error instanceof XenStoreProtocolError ? this.#connection.fail(error) : error;
    }
  }

  async #mayExist(path: string): Promise<boolean> {
    try {
      return (await this.read(path)) !== undefined;
    } catch (error) {
      // Who may write a node need not be able to read it.
      if (isRefusal(error, 'EACCES')) return true;
      throw error;
    }
  }

  /**
   * ENOENT as undefined. Inside a transaction it can also mean that the store has forgotten the transaction; END
   * tells the two apart, because it is refused the same way then. Whoever runs the transaction believes
   * nothing of it before END is answered.
   */
  async #ifThere<T>(reply: Promise<T>): Promise<T | undefined> {
    try {
      return await reply;
    } catch (error) {
      if (!isRefusal(error, 'ENOENT')) throw error;
      this.#sawMissing = true;
      return undefined;
    }
  }

  async #ask(type: MessageName, path: string, ...rest: readonly string[]): Promise<Uint8Array> {
    return await this.#send(type, path, this.#pathBytes(type, path, ...rest));
  }

  #pathBytes(type: MessageName, path: string, ...rest: readonly string[]): Uint8Array {
    const fault = pathFault(path, { special: type === 'GET_PERMS' || type === 'SET_PERMS' });
    const bytes = fault === undefined ? encodeStrings(path, ...rest) : undefined;
    if (bytes !== undefined) return bytes;
    const reason = `no path: ${fault ?? 'it cannot be encoded'}`;
    throw new XenStoreRefusedError({ name: type, path }, 'EINVAL', { by: 'client', reason });
  }

  async #send(type: MessageName, path: string, payload: Uint8Array): Promise<Uint8Array> {
    if (this.#over) {
      const reason = 'its transaction is over';
      throw new XenStoreRefusedError({ name: type, path }, 'EINVAL', { by: 'client', reason });
    }
    const reply = this.#connection.request({ type, path, transactionId: this.#transactionId, payload });
    // Only a transaction has an end that must wait for these.
    if (this.#transactionId === 0) return await reply;
    this.#underWay.add(reply);
    try {
      return await reply;
    } finally {
      this.#underWay.delete(reply);
    }
  }

  #strings(type: MessageName, payload: Uint8Array): readonly string[] {
    const strings = decodeStrings(payload);
    if (strings !== undefined) return strings;
    throw this.#connection.fail(new XenStoreProtocolError('a list whose last string has no end', { type }));
  }
}
