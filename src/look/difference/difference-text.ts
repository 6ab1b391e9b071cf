/** Differences in words: a line for each, below the function that it is of. */
import { notations } from '../../pci/index.js';
import type { Difference } from './difference.js';

/** What a change of a link, a region or a capability is called. */
const LINK_WORDS = {
  slower: 'link trained slower',
  faster: 'link trained faster',
  down: 'link went down',
  up: 'link came up',
  other: 'link trained otherwise',
} as const;

function differenceText(difference: Difference): string {
  switch (difference.kind) {
    case 'appeared':
      return `appeared: ${difference.class} ${difference.identity}`;
    case 'gone':
      return `is gone: ${difference.class} ${difference.identity}`;
    case 'moved':
      return `moved here from ${String(difference.from)}: ${difference.class} ${difference.identity}`;
    case 'replaced':
      return `is another device: ${difference.before} -> ${difference.after}`;
    case 'readable':
      return `${difference.after} bytes of configuration space can be read, before ${difference.before}: the rest is not compared`;
    case 'link':
      return `${LINK_WORDS[difference.change]}: ${difference.before} -> ${difference.after}`;
    case 'region': {
      const name = difference.index === 6 ? 'ROM' : `BAR${difference.index}`;
      return `${name} ${difference.change}: ${difference.before ?? 'none'} -> ${difference.after ?? 'none'}`;
    }
    case 'fact':
      return `${difference.what}: ${difference.before} -> ${difference.after}`;
    case 'capability':
      return `capability ${difference.change}: ${difference.title}`;
    case 'field':
      return `${difference.name}: ${difference.before} -> ${difference.after}  (${difference.title})`;
  }
}

/** A heading for each function, its differences below. */
export function differenceLines(differences: readonly Difference[]): string[] {
  const lines: string[] = [];
  let last: number | undefined;
  for (const difference of differences) {
    if (difference.address.sbdf !== last) {
      if (last !== undefined) lines.push('');
      lines.push(notations.hex.format(difference.address));
      last = difference.address.sbdf;
    }
    lines.push(`  ${differenceText(difference)}`);
  }
  return lines;
}
