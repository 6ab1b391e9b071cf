/**
 * Names that functions are given once and keep: what tells the named device from others, and whether it is still the one
 * that stands there. Knows captures, as every machine gives them, and one file.
 */
export { NameUnknownError } from './errors.js';
export { isFunctionName, LONGEST_FUNCTION_NAME } from './function-name.js';
