/** One source through our text and through each judge, in every way of asking. */
import { parseDump } from '../../src/machines/capture/index.js';
import { Comparison } from './comparison.js';
import { DECODING, MODES } from './modes.js';
import { ourText } from './ours.js';
import { AroundReader, functionsOf } from './read-around.js';
import type { SpaceSource } from './spaces/source.js';
import type { Totals } from './totals.js';

/**
 * Our text is made of what each judge came through. The text of the version that we follow is compared with older judges
 * by the same excuses: so these are shown to say no more than what those word otherwise.
 */
export function compareSource(source: SpaceSource, totals: readonly Totals[], modes = modesOf(source)): void {
  const functions = functionsOf(source.dump);
  const capture = parseDump(source.dump);
  const asked = totals.map((totals) => ({ totals, reader: new AroundReader(totals.judge, functions) }));
  for (const args of modes) {
    const whole = ourText(capture, args);
    const answers = asked.map(({ totals, reader }) => ({ totals, ...reader.read(args) }));
    const followed = answers.find(({ totals }) => totals.judge.isFollowed);
    for (const { totals, text, functions: read, left } of answers) {
      const comparison = new Comparison(capture, totals.excuses);
      const ours = left === 0 ? whole : ourText(read.join(''), args);
      totals.add(source, args, comparison.compare(ours, text), left);
      const alike = followed?.functions.length === read.length;
      if (!totals.judge.isFollowed && followed !== undefined && alike)
        totals.addFollowed(source, args, comparison.compare(followed.text, text));
    }
  }
}

function modesOf({ decodingOnly }: SpaceSource): readonly (readonly string[])[] {
  return decodingOnly ? DECODING : MODES;
}
