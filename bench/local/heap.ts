/** The JavaScript heap of the calling thread after a collection. Needs `--expose-gc`. */
import { getHeapStatistics } from 'node:v8';

/** Bytes. */
export function collectedHeap(): number {
  if (globalThis.gc === undefined) throw new Error('run node with --expose-gc');
  // What finalizers let go of in the first one is collected by the second.
  globalThis.gc();
  globalThis.gc();
  return getHeapStatistics().used_heap_size;
}
