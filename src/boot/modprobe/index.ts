/** The files of modprobe.d: options of modules, and what is loaded before what. Does no I/O. */
export {
  addModprobeLine,
  optionsOf,
  removeModprobeLine,
  setModuleOption,
  type GivenOption,
} from './modprobe-edit.js';
export { printModprobe, readModprobe, type ModprobeLine, type ModprobeVerb } from './modprobe-file.js';
export { moduleOptions, type ModuleOption } from './module-options.js';
export { modprobeFile } from './modprobe-lint.js';
export { MODPROBE_RULES } from './modprobe-rules.js';
