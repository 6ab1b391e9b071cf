/**
 * A guest that does to its first function's configuration space what its arguments say, `OFFSET/WIDTH=VALUE` in C's
 * numbers; it reads what it writes over, as drivers do, and keeps in the store what it finds then.
 */
import type { ConfigWidth } from 'openslot/function';
import type { Guest } from 'openslot/guest';
import { firstFunction } from './first-function.js';

export default async function configures({ xpci, store, arguments: words }: Guest): Promise<void> {
  const fn = await firstFunction(xpci);
  const found: string[] = [];
  for (const word of words) {
    const [, offset = '', width = '', value = ''] = /^(\w+)\/([124])=(\w+)$/.exec(word) ?? [];
    const [at, bytes] = [Number(offset), Number(width) as ConfigWidth];
    fn.config.read(at, bytes);
    try {
      fn.config.write(at, bytes, Number(value));
    } catch {
      // Denied: what it finds then is told as for every other write.
    }
    found.push(fn.config.read(at, bytes).toString(16));
  }
  await store.write('data/configured', found.join(' '));
  for await (const _ of xpci.changes());
}
