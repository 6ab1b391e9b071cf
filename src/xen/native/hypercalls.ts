/** Hypercalls through libxencall, whose interface is stable (xen/tools/libs/call/include/xencall.h). */
import { lastErrno, loadLibrary, viewMemory, type NativeFunction } from '../../os/index.js';
import { XenCallError } from './errors.js';

/** Memory that the hypervisor may read and write: never the JavaScript heap. */
export interface HypercallArgument {
  readonly address: bigint;
  readonly view: DataView;
  free(): void;
}

export class Hypercalls implements Disposable {
  readonly #handle: unknown;
  readonly #call: NativeFunction;
  readonly #allocate: NativeFunction;
  readonly #free: NativeFunction;
  readonly #close: NativeFunction;

  /** @throws {XenCallError | NativeUnavailableError} */
  constructor() {
    const library = loadLibrary('libxencall.so.1');
    this.#call = library.bind(
      'int xencall2(void *xcall, unsigned int op, uint64_t argument1, uint64_t argument2)',
    );
    this.#allocate = library.bind('void *xencall_alloc_buffer(void *xcall, size_t size)');
    this.#free = library.bind('void xencall_free_buffer(void *xcall, void *buffer)');
    this.#close = library.bind('int xencall_close(void *xcall)');
    const handle = library.bind('void *xencall_open(void *logger, unsigned int flags)')(null, 0);
    if (handle === null)
      throw new XenCallError('opening the hypercall interface', lastErrno(), {}, 'run as root');
    this.#handle = handle;
  }

  /** `op` is the hypercall's number (xen/include/public/xen.h). @returns what Xen returned; negative: see errno. */
  call(op: number, first: bigint | number, second: bigint | number): number {
    const result = this.#call(this.#handle, op, first, second);
    return typeof result === 'number' ? result : -1;
  }

  /** @throws {XenCallError} */
  allocate(bytes: number): HypercallArgument {
    const address = this.#allocate(this.#handle, bytes);
    if (typeof address !== 'bigint')
      throw new XenCallError('allocating a hypercall argument', lastErrno(), { bytes });
    return {
      address,
      view: new DataView(viewMemory(address, bytes)),
      free: () => {
        this.#free(this.#handle, address);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#close(this.#handle);
  }
}
