/**
 * Files that whatever stops the process or the host leaves whole: with the old contents, or the new ones. Knows no other
 * room, and throws what the file system throws: each who keeps something here says in errors of its own what was lost.
 */
export { errnoOf } from './errno.js';
export { NumberedFiles } from './numbered-files.js';
export { clearUnplaced, flushFolder, placeFile, replaceFile, writeNewFile } from './whole-file.js';
