/** The control block: the words through which one domain calls the embedded hypervisor and is told of events. */

/**
 * One call at a time: a domain has one processor, its worker. `state` goes from idle to asked (by the domain) to
 * answered (by the hypervisor) and back to idle (by the domain). `asleep` is asked, by a domain whose thread sleeps
 * until it is woken.
 */
export const CallState = { idle: 0, asked: 1, answered: 2, asleep: 3 } as const;

/** Numbers of 32-bit words in the block. */
export const Word = {
  state: 0,
  call: 1,
  /** Six arguments of a call, from here on. */
  arguments: 2,
  /** 0, or the negative number of an {@link Errno}. */
  status: 8,
  /** The result, 64 bits in two words. */
  low: 9,
  high: 10,
  /** 1 while the hypervisor looks at `state` by itself and needs no message. */
  attentive: 11,
  /** 1 while a message about events is on its way to the domain. */
  doorbell: 12,
  /** Counts events; a blocked domain sleeps on it. */
  sequence: 13,
  /** Event channels, each as {@link PortWord}, port 0 unused. */
  ports: 16,
} as const;

/** Words of an event channel: whether it is pending, whether its events send no message, how many came. */
export const PortWord = { pending: 0, masked: 1, count: 2 } as const;
const PORT_WORDS = 4;
/** Event channels of a domain. */
export const PORTS = 1024;
export const CONTROL_BYTES = (Word.ports + PORTS * PORT_WORDS) * 4;

export const portWord = (port: number, word: number): number => Word.ports + port * PORT_WORDS + word;

/** The event channel of the domain's XenStore ring, bound from the start. */
export const STORE_PORT = 1;
/** Bytes of a page of a domain's memory. */
export const PAGE_BYTES = 4096;
/** The page of the domain's memory that holds the ring. */
export const STORE_PAGE = 0;

/** What a domain can ask. Arguments are 32-bit words in this order; addresses are two, low first. */
export const Call = {
  /** handle, offset, width -> value */
  read: 1,
  /** handle, offset, width, value (2) */
  write: 2,
  /** kind (0 memory, 1 I/O), base (2), bytes -> handle */
  mapRange: 3,
  /** handle */
  unmapRange: 4,
  /** frame of the domain's memory, peer -> grant reference */
  grant: 5,
  /** grant reference */
  revoke: 6,
  /** peer -> port */
  offerPort: 7,
  /** port */
  closePort: 8,
  /** port */
  notify: 9,
  /** pirq -> port */
  bindPirq: 10,
  /** port: the end of a level-triggered interrupt */
  endOfInterrupt: 11,
} as const;

/** Error numbers as Xen's hypercalls give them (xen/include/public/errno.h). */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  ENOSYS: 38,
} as const;
export type Errno = (typeof Errno)[keyof typeof Errno];

const NAMES = new Map<number, string>(Object.entries(Errno).map(([name, number]) => [number, name]));

export const errnoName = (number: number): string => NAMES.get(number) ?? `errno ${number}`;

/** What a worker needs to be a domain. */
export interface Handoff {
  readonly domain: number;
  readonly name: string;
  readonly control: SharedArrayBuffer;
  readonly memory: SharedArrayBuffer;
  /** Machine address of the memory's first byte. */
  readonly base: number;
  /** Wakes either end. */
  readonly port: MessagePortLike;
  /**
   * The hypervisor's thread: the one thread that this domain's calls would block for ever. Undefined for calls that are
   * answered inside themselves.
   */
  readonly thread: number | undefined;
  /** True where both ends can run at the same time, so that a short look is cheaper than a sleep. */
  readonly parallel: boolean;
}

/** The part of a MessagePort that both ends use. */
export interface MessagePortLike {
  postMessage(value: unknown): void;
  on(event: 'message', listener: () => void): unknown;
  ref(): void;
  unref(): void;
  close(): void;
}
