/** Loads koffi and, through it, C libraries: once, at the first use. */
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { LibraryMissingError, NativeUnavailableError } from './errors.js';

/** A C function; arguments and result as its declaration says (64-bit numbers that do not fit come as bigint). */
export type NativeFunction = (...args: unknown[]) => unknown;

/** The same on a thread of its own; errno is not told. What is passed by address must stay where it is. */
export type AsyncNativeFunction = (...args: unknown[]) => Promise<unknown>;

export interface NativeLibrary {
  /** Binds a function by its C declaration. @throws {Error} the library does not have it. */
  bind(declaration: string): NativeFunction;
  /** Binds a function that may take long, so that the event loop goes on. @throws {Error} as {@link bind}. */
  bindAsync(declaration: string): AsyncNativeFunction;
}

let loaded: typeof Koffi | undefined;

/** @throws {NativeUnavailableError} koffi has no build here. `what` names what needed it. */
export function koffi(what: string): typeof Koffi {
  if (loaded === undefined) {
    try {
      loaded = createRequire(import.meta.url)('koffi') as typeof Koffi;
    } catch (cause) {
      throw new NativeUnavailableError(what, { cause });
    }
  }
  return loaded;
}

/** Whether this process has made native calls, and further ones cost no loading. */
export function nativeCallsLoaded(): boolean {
  return loaded !== undefined;
}

/** A C library by its soname. @throws {NativeUnavailableError | LibraryMissingError} */
export function loadLibrary(soname: string): NativeLibrary {
  const native = koffi(soname);
  let handle: ReturnType<typeof native.load>;
  try {
    handle = native.load(soname);
  } catch (cause) {
    throw new LibraryMissingError(soname, { cause });
  }
  return {
    bind: (declaration) => handle.func(declaration),
    bindAsync: (declaration) => {
      const bound = handle.func(declaration);
      return async (...args) =>
        new Promise((resolve, reject) => {
          bound.async(...args, (error: unknown, result: unknown) => {
            if (error === null || error === undefined) resolve(result);
            else
              reject(
                error instanceof Error ? error : new Error('an asynchronous call failed', { cause: error }),
              );
          });
        });
    },
  };
}

let system: NativeLibrary | undefined;

/** The C library of the process itself. */
export function systemLibrary(): NativeLibrary {
  system ??= loadLibrary('libc.so.6');
  return system;
}

/** Symbolic name of the last C call's errno; to be asked at once after the call. */
export function lastErrno(): string {
  const native = koffi('errno');
  const number = native.errno();
  for (const [name, value] of Object.entries(native.os.errno)) if (value === number) return name;
  return `errno ${number}`;
}
