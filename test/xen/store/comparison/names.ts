/** Paths for a comparison: few good ones, so that requests meet, and every way in which one can be wrong. */
import type { Random } from './random.js';

/** Where a comparison may write. */
export interface Place {
  /** Below the root. */
  readonly top: string;
  /** The same below the callers' home: what relative paths begin with. */
  readonly relativeTop: string;
  /** Ids of the domains that are there. */
  readonly domains: readonly [number, ...number[]];
}

const PARTS = ['a', 'b', 'c', 'long-name', 'E_2', '@at'] as const;
/** Longest name that xenstored takes; below `/local/domain/<id>/` that much more. */
const LONGEST = 2048;

function parts(random: Random, most: number): string {
  return Array.from({ length: random.below(most + 1) }, () => `/${random.pick(PARTS)}`).join('');
}

/** A node that other requests are likely to mean, too. */
export function nodeName(random: Random, { top, relativeTop }: Place): string {
  return `${random.oneIn(5) ? relativeTop : top}${parts(random, 3)}`;
}

/** Deeper, or the same node by its other name. */
export function goodName(random: Random, { top, relativeTop }: Place): string {
  return random.pick([
    `${top}${parts(random, 9)}`,
    `/local/domain/0/${relativeTop}${parts(random, 2)}`,
    `${top}/${random.below(40)}`,
    `${top}/one/two/three/four/${random.below(3)}`,
  ]);
}

/** Around the longest that there is, absolute, at home, relative. */
export function longName(random: Random, { top, relativeTop }: Place): string {
  const start = random.pick([`${top}/`, `/local/domain/0/${relativeTop}/`, `${relativeTop}/`]);
  const counted = start.startsWith('/local') ? start.slice('/local/domain/0/'.length) : start;
  return start + 'n'.repeat(LONGEST - counted.length - 1 + random.below(3));
}

export function badName(random: Random, { top, relativeTop }: Place): string {
  return random.pick([
    '',
    `${top}/`,
    `${top}//a`,
    `//`,
    `${top}/a b`,
    `${top}/\u00e4`,
    `${top}/a.b`,
    `${relativeTop}/`,
    `${relativeTop}//b`,
    '@releaseDomain',
    '@nothing',
    `${top}/${'x'.repeat(3072)}`,
  ]);
}
