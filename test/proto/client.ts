/** A program that uses device files, in a process of its own: it makes the system calls that its standard input names, a line each. */
import { closeSync, constants, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  ioctl,
  lastErrno,
  mapFile,
  SystemCallError,
  systemLibrary,
  waitReadable,
} from '../../src/os/index.js';

/** A system call, by its name, and its arguments. */
export type Step =
  | { readonly call: 'open'; readonly path: string; readonly flags?: number }
  | { readonly call: 'close'; readonly fd: number }
  | { readonly call: 'read'; readonly fd: number; readonly length: number; readonly offset: number }
  | { readonly call: 'write'; readonly fd: number; readonly data: string; readonly offset: number }
  | { readonly call: 'list'; readonly path: string }
  | { readonly call: 'ioctl'; readonly fd: number; readonly request: number; readonly argument: string }
  | { readonly call: 'poll'; readonly fd: number; readonly milliseconds: number }
  | { readonly call: 'chdir'; readonly path: string }
  | { readonly call: 'truncate'; readonly fd: number }
  /** A shared mapping of `length` bytes is made, and 32 bits of it read and written. */
  | {
      readonly call: 'map';
      readonly fd: number;
      readonly length: number;
      readonly at: number;
      readonly value: number;
    }
  /** A private mapping is made and its first byte read: the process does not come back from SIGBUS. */
  | { readonly call: 'touch'; readonly fd: number; readonly executable?: boolean };

/** What a call gave, or the errno of its refusal. */
export type Outcome = { readonly value: unknown } | { readonly errno: string };

const MAP_PRIVATE = 2;
const PROT_READ = 1;
const PROT_EXEC = 4;

function perform(step: Step): unknown {
  switch (step.call) {
    case 'open':
      return openSync(step.path, step.flags ?? constants.O_RDWR);
    case 'close':
      closeSync(step.fd);
      return undefined;
    case 'read': {
      const into = Buffer.alloc(step.length);
      return into.subarray(0, readSync(step.fd, into, 0, step.length, step.offset)).toString('hex');
    }
    case 'write': {
      const data = Buffer.from(step.data, 'hex');
      return writeSync(step.fd, data, 0, data.length, step.offset);
    }
    case 'list':
      return readdirSync(step.path);
    case 'ioctl': {
      const argument = Buffer.from(step.argument, 'hex');
      const result = ioctl(step.fd, step.request, argument, 'a device file');
      return { result, argument: argument.toString('hex') };
    }
    case 'poll':
      return waitReadable(step.fd, step.milliseconds, 'a device file');
    case 'chdir':
      process.chdir(step.path);
      return undefined;
    case 'truncate': {
      const truncate = systemLibrary().bind('int ftruncate(int fd, int64_t length)');
      if (truncate(step.fd, 4) !== 0) throw new SystemCallError('ftruncate', 'a device file', lastErrno());
      return undefined;
    }
    case 'map': {
      const mapping = mapFile(step.fd, 0, step.length, 'a device file');
      const words = new Uint32Array(mapping.buffer);
      const before = Atomics.load(words, step.at >>> 2);
      words[step.at >>> 2] = step.value;
      mapping.close();
      return before;
    }
    case 'touch': {
      const mmap = systemLibrary().bind(
        'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
      );
      const memchr = systemLibrary().bind('void *memchr(void *from, int byte, size_t length)');
      const protection = PROT_READ | (step.executable === true ? PROT_EXEC : 0);
      const address = mmap(null, 4096, protection, MAP_PRIVATE, step.fd, 0);
      if (address === 0xffff_ffff_ffff_ffffn) throw new SystemCallError('mmap', 'a device file', lastErrno());
      return String(memchr(address, 1, 1));
    }
  }
}

function outcome(line: string): Outcome {
  try {
    return { value: perform(JSON.parse(line) as Step) };
  } catch (error) {
    if (error instanceof SystemCallError) return { errno: error.errno };
    return { errno: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

// A signal interrupts what this process is waiting in.
process.on('SIGUSR2', () => undefined);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(outcome(line))}\n`);
}
