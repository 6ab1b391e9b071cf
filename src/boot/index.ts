/**
 * What stands in the boot options of the systems that hand functions over: hide lists, read as each system's own parser
 * reads them, and written. Pure: knows the vocabulary of PCI and nothing else.
 */
export { HideListLimitError, HideListUnsoundError, HideNotationError } from './errors.js';
export { certainDialect, hideGrammars, type HideGrammar } from './hide-dialects.js';
export {
  describeHideFinding,
  findingCodes,
  type HideFindingCode,
  type HideSeverity,
} from './hide-findings.js';
export { isSound, type HideDialect, type HideElement, type HideFinding, type HideList } from './hide-list.js';
export {
  expandPatterns,
  onlyAddress,
  patternMatches,
  patternOf,
  patternText,
  type HidePattern,
} from './hide-pattern.js';
