/**
 * What stands in the boot options of the systems that hand functions over, and in the configurations of their guests: hide
 * lists and xl.cfg, read as the real parser of each reads them. Pure: knows the vocabulary of PCI and nothing else.
 */
export {
  editText,
  lineAndColumn,
  placesIn,
  type BootFileKind,
  type BootFinding,
  type ByteText,
  type TextEdit,
} from './boot-file.js';
export { BOOT_FILES, bootFileKind, bootFileKindNamed } from './boot-files.js';
export {
  BootFileKindError,
  BootFileLimitError,
  BootFileUneditableError,
  BootFileUnreadableError,
  HideListLimitError,
  HideListUnsoundError,
  HideNotationError,
  UnwritableValueError,
} from './errors.js';
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
export { KernelOptions, type KernelOption } from './kernel-options.js';
export * from './xl/index.js';
export * from './driverctl/index.js';
export * from './modprobe/index.js';
export * from './libvirt/index.js';
export { hiddenText, type HiddenFunction, type HideEditor } from './hide-editor.js';
export { netbsdHide } from './netbsd/boot-config-hide.js';
export { pptHide, protoHide } from './freebsd/loader-config-hide.js';
export { vfioGrubHide, xenGrubHide } from './grub/grub-defaults-hide.js';
export { vfioModprobeHide, xenModprobeHide } from './modprobe/modprobe-hide.js';
export { netbsdBootConfig } from './netbsd/boot-config-lint.js';
export { freebsdLoaderConfig } from './freebsd/loader-config-lint.js';
export { grubDefaults } from './grub/grub-defaults-lint.js';
