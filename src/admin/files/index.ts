/**
 * Files that are changed for an administrator: replaced as a whole or not at all, mode and owner kept, with a copy of what
 * was there, as steps that the engine of changes journals and takes back.
 */
export { FileChangedError, FileNotWrittenError, FileUnfitError } from './errors.js';
export { replacement, standingFile, type StandingFile } from './file-replacement.js';
export { replaceFile, type ReplaceFileStep } from './replace-file.js';
