/** Where the lab keeps what it fetched and built, and where the repository is. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder; this file runs as `dist/lab/cache.js`. */
export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The cache: `.cache/lab` in the repository, or where OPENSLOT_LAB_CACHE points. */
export function cacheFolder(): string {
  const chosen = process.env['OPENSLOT_LAB_CACHE'];
  return chosen === undefined || chosen === '' ? resolve(repository, '.cache/lab') : resolve(chosen);
}
