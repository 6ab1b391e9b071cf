/**
 * Files that whatever stops the process or the host leaves whole: with the old contents, or the new ones; and reading
 * them again, where somebody may have damaged them or put something else in their place; folders that one process has at
 * a time; and files that users name, which may be anything. Knows no other room, and throws what the file system throws:
 * each who reads or keeps something here says in errors of its own what was lost.
 */
export { checked, parseChecked, UnfitDataError } from './checked-json.js';
export { errnoOf } from './errno.js';
export { makeFolder } from './folder.js';
export { lockFolder, turnInFolder } from './folder-lock.js';
export { GivenFile, readGivenFile } from './given-file.js';
export { NumberedFiles } from './numbered-files.js';
export { appendToRegularFile, NotRegularFileError, readRegularFile } from './regular-file.js';
export { clearUnplaced, flushFolder, placeFile, replaceFile, writeNewFile } from './whole-file.js';
