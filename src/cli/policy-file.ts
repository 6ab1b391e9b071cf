/** A policy's file as a command is given it. */
import { resolve } from 'node:path';
import { PolicyFileError } from '../admin/policies/index.js';
import { readGivenFile } from '../durable/index.js';

/** Its text, under a name that says in every folder which file it is. @throws {PolicyFileError} */
export function readPolicyFile(path: string): { readonly file: string; readonly text: string } {
  try {
    return { file: resolve(path), text: readGivenFile(path, 'utf8') };
  } catch (cause) {
    throw new PolicyFileError('read', path, cause);
  }
}
