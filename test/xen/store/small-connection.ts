/** One connection of the test peer: decodes requests, answers them and tells its watches. */
import { domainId } from '../../../src/xen/domain.js';
import type { DomainId } from '../../../src/xen/domain.js';
import {
  decodeStrings,
  decodeText,
  encodeMessage,
  encodeStrings,
  encodeText,
  formatPermission,
  homePath,
  isAtOrBelow,
  isPath,
  joinPath,
  MAX_PAYLOAD,
  MessageDecoder,
  MessageType,
  parsePermissions,
} from '../../../src/xen/store/index.js';
import type { Message, StoreTransport } from '../../../src/xen/store/index.js';
import type { SmallStore } from './small-store.js';
import { Refusal } from './small-tree.js';
import type { Change, SmallTree } from './small-tree.js';

interface SmallWatch {
  /** As the client wrote it. */
  readonly path: string;
  readonly absolute: string;
  readonly token: string;
}

const OK = 'OK\0';

export class SmallConnection {
  readonly #store: SmallStore;
  readonly #transport: StoreTransport;
  readonly #domain: DomainId;
  readonly #onEnd: () => void;
  readonly #decoder = new MessageDecoder();
  #watches: SmallWatch[] = [];
  readonly #transactions = new Map<number, SmallTree>();
  #lastTransaction = 0;

  constructor(store: SmallStore, transport: StoreTransport, domain: DomainId, onEnd: () => void) {
    this.#store = store;
    this.#transport = transport;
    this.#domain = domain;
    this.#onEnd = onEnd;
  }

  start(): void {
    this.#transport.start({
      data: (bytes) => {
        try {
          this.#decoder.push(bytes, (message) => {
            this.#handle(message);
          });
        } catch {
          // As the real one: who breaks the protocol is cut off.
          this.#transport.close();
        }
      },
      end: this.#onEnd,
    });
  }

  close(): void {
    this.#transport.close();
  }

  forgetTransactions(): void {
    this.#transactions.clear();
  }

  fire({ path, gone }: Change): void {
    for (const watch of this.#watches) {
      if (isAtOrBelow(path, watch.absolute)) this.#tell(watch, path);
      else if (gone.includes(watch.absolute)) this.#tell(watch, watch.absolute);
    }
  }

  #handle(message: Message): void {
    this.#store.onRequest(message);
    let after: (() => void) | undefined;
    try {
      const reply = this.#answer(message, (then) => {
        after = then;
      });
      const payload = encodeText(reply) ?? new Uint8Array(0);
      if (payload.length > MAX_PAYLOAD) throw new Refusal('E2BIG');
      // Events of a request go out before its own answer, as the C server does.
      this.#store.fireChanges();
      this.#send({ ...message, payload });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#send({ ...message, type: MessageType.ERROR, payload: encodeStrings(error.errno) ?? OK_BYTES });
    }
    after?.();
  }

  #answer(message: Message, afterwards: (then: () => void) => void): string {
    const { type, transactionId, payload } = message;
    const text = decodeText(payload);
    const strings = decodeStrings(payload) ?? [];
    const [first = '', second] = strings;
    const tree = this.#tree(transactionId);
    const creator = this.#domain;
    switch (type) {
      case MessageType.READ:
        return tree.node(this.#path(first)).value;
      case MessageType.DIRECTORY:
        return listed(tree.node(this.#path(first)).children);
      case MessageType.DIRECTORY_PART:
        return this.#part(tree, this.#path(first), Number(second));
      case MessageType.GET_PERMS:
        return listed(tree.node(this.#path(first)).permissions.map(formatPermission));
      case MessageType.WRITE: {
        const end = text.indexOf('\0');
        if (end < 0) throw new Refusal('EINVAL');
        tree.write(this.#path(text.slice(0, end)), text.slice(end + 1), creator);
        return OK;
      }
      case MessageType.MKDIR:
        tree.mkdir(this.#path(first), creator);
        return OK;
      case MessageType.RM:
        tree.remove(this.#path(first));
        return OK;
      case MessageType.SET_PERMS: {
        const permissions = parsePermissions(strings.slice(1));
        if (permissions === undefined) throw new Refusal('EINVAL');
        tree.setPermissions(this.#path(first), permissions);
        return OK;
      }
      case MessageType.TRANSACTION_START:
        return this.#startTransaction(transactionId);
      case MessageType.TRANSACTION_END:
        return this.#endTransaction(transactionId, first);
      case MessageType.WATCH: {
        if (strings.length !== 2 || second === undefined) throw new Refusal('EINVAL');
        const watch = this.#watch(first, second);
        afterwards(() => {
          this.#tell(watch, watch.absolute);
        });
        return OK;
      }
      case MessageType.UNWATCH: {
        const kept = this.#watches.filter(({ path, token }) => path !== first || token !== second);
        if (kept.length === this.#watches.length) throw new Refusal('ENOENT');
        this.#watches = kept;
        return OK;
      }
      case MessageType.RESET_WATCHES:
        this.#watches = [];
        this.#transactions.clear();
        return OK;
      case MessageType.GET_DOMAIN_PATH:
        return `${homePath(domainId(Number(first)))}\0`;
      case MessageType.IS_DOMAIN_INTRODUCED:
        return this.#store.introduced.has(Number(first)) ? 'T\0' : 'F\0';
      case MessageType.INTRODUCE:
        this.#store.introduce(domainId(Number(first)));
        return OK;
      case MessageType.RELEASE:
        this.#store.release(domainId(Number(first)));
        return OK;
      default:
        throw new Refusal('ENOSYS');
    }
  }

  #tree(transactionId: number): SmallTree {
    const tree = transactionId === 0 ? this.#store.tree : this.#transactions.get(transactionId);
    if (tree === undefined) throw new Refusal('ENOENT');
    return tree;
  }

  #startTransaction(inside: number): string {
    if (inside !== 0) throw new Refusal('EBUSY');
    this.#lastTransaction += 1;
    this.#transactions.set(this.#lastTransaction, this.#store.tree.snapshot());
    return `${this.#lastTransaction}\0`;
  }

  #endTransaction(transactionId: number, verdict: string): string {
    if (verdict !== 'T' && verdict !== 'F') throw new Refusal('EINVAL');
    const copy = this.#transactions.get(transactionId);
    if (copy === undefined) throw new Refusal('ENOENT');
    this.#transactions.delete(transactionId);
    if (verdict === 'T') this.#store.tree.commit(copy);
    return OK;
  }

  #watch(path: string, token: string): SmallWatch {
    if (!isPath(path, { special: true })) throw new Refusal('EINVAL');
    if (this.#watches.some((watch) => watch.path === path && watch.token === token)) {
      throw new Refusal('EEXIST');
    }
    const watch: SmallWatch = { path, absolute: this.#absolute(path), token };
    this.#watches.push(watch);
    return watch;
  }

  /** As many whole names from a byte offset on as fit beside the generation and the mark of the end. */
  #part(tree: SmallTree, path: string, offset: number): string {
    if (!Number.isInteger(offset)) throw new Refusal('EINVAL');
    const { children, generation } = tree.node(path);
    const rest = listed(children).slice(offset);
    const head = `${generation}\0`;
    const room = MAX_PAYLOAD - head.length - 1;
    if (rest.length <= room) return `${head}${rest}\0`;
    return head + rest.slice(0, rest.lastIndexOf('\0', room - 1) + 1);
  }

  #path(path: string): string {
    if (!isPath(path)) throw new Refusal('EINVAL');
    return this.#absolute(path);
  }

  #absolute(path: string): string {
    return /^[/@]/.test(path) ? path : joinPath(homePath(this.#domain), path);
  }

  #tell(watch: SmallWatch, changed: string): void {
    const relative = watch.path !== watch.absolute;
    const path = relative ? changed.slice(homePath(this.#domain).length + 1) : changed;
    const payload = encodeStrings(path, watch.token);
    if (payload === undefined) return;
    this.#send({ type: MessageType.WATCH_EVENT, requestId: 0, transactionId: 0, payload });
  }

  #send(message: Message): void {
    this.#transport.send(encodeMessage(message));
  }
}

const OK_BYTES = Uint8Array.from([0x4f, 0x4b, 0]);

function listed(names: readonly string[]): string {
  return names.map((name) => `${name}\0`).join('');
}
