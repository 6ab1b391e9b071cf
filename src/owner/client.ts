/** A command as a client of the owner: one request, one answer. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { OpenslotError, type Evidence } from '../pci/index.js';
import type { AnswerLine, RequestName, WireError } from './requests.js';

/** The owner's refusal, with its own code and next step. */
export class OwnerRefusedError extends OpenslotError {
  readonly code: string;
  constructor(error: WireError) {
    super(error.message, error.evidence as Evidence, error.next);
    this.code = error.code;
  }
}

/** Nobody owns the machine, or the owner went away. */
export class OwnerUnreachableError extends OpenslotError {
  readonly code: 'OWNER_ABSENT' | 'OWNER_GONE';
  constructor(code: OwnerUnreachableError['code'], socket: string, options?: ErrorOptions) {
    super(
      code === 'OWNER_ABSENT'
        ? `no owner listens at ${socket}`
        : `the owner at ${socket} went away without an answer`,
      { socket },
      'openslot serve',
      options,
    );
    this.code = code;
  }
}

/** @throws {OwnerUnreachableError | OwnerRefusedError} */
export function askOwner(socket: string, request: RequestName, address?: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    connection.once('error', (cause) => {
      reject(new OwnerUnreachableError('OWNER_ABSENT', socket, { cause }));
    });
    connection.once('close', () => {
      reject(new OwnerUnreachableError('OWNER_GONE', socket));
    });
    connection.once('connect', () => {
      connection.write(
        `${JSON.stringify({ id: 1, request, ...(address === undefined ? {} : { address }) })}\n`,
      );
    });
    const lines = createInterface({ input: connection });
    // The connection's own handler has it; a reader of lines repeats it.
    lines.on('error', () => undefined);
    lines.once('line', (line) => {
      try {
        const answer = JSON.parse(line) as AnswerLine;
        if ('error' in answer) reject(new OwnerRefusedError(answer.error));
        else resolve(answer.result);
      } catch (cause) {
        reject(new OwnerUnreachableError('OWNER_GONE', socket, { cause }));
      } finally {
        connection.end();
      }
    });
  });
}
