/** A hide list that stands in a file: what is wrong with it, at its place there. */
import type { BootFinding, ByteText } from './boot-file.js';
import { hideGrammars } from './hide-dialects.js';
import { hideMeaning } from './hide-findings.js';
import { findLinuxOption, findNetbsdOption, type FoundOption } from './hide-option.js';
import type { HideDialect, HideList } from './hide-list.js';

/** Reads the option out of a kernel's arguments, as they stand in a file. Positions of the list count their bytes. */
export function hideListIn(dialect: HideDialect, args: ByteText): HideList {
  return hideGrammars[dialect].parseCommandLine(inAscii(args));
}

/** `at` gives the offset in the file of a position in what the list was read from. */
export function hideListFindings(
  { dialect, findings }: HideList,
  at: (position: number) => number,
): readonly BootFinding[] {
  return findings.map(({ code, severity, position, text }) => {
    const offset = at(position);
    return {
      code,
      severity: severity === 'warning' ? 'warning' : 'error',
      offset,
      length: Math.max(0, at(position + text.length) - offset),
      ...hideMeaning(dialect, code),
    };
  });
}

/** The option with its name, where it stands in the arguments; undefined where it does not. */
export function hideOptionIn(dialect: HideDialect, args: ByteText): FoundOption['option'] {
  return dialect === 'netbsd' ? findNetbsdOption(args).option : findLinuxOption(args).option;
}

/** Each byte beyond ASCII as one DEL: the reader counts bytes, and such a character would count for two. */
export function inAscii(text: ByteText): string {
  return text.replace(/[\x80-\xff]/g, '\x7f');
}
