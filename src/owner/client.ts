/** A command as a client of the owner: one request, one answer. */
import { connect } from 'node:net';
import { OpenslotError, type ErrorData } from '../pci/errors.js';
import { ByteLines } from '../lines/index.js';
import type { RequestName, RequestParameters } from './request-schemas.js';
import type { AnswerLine, OwnerResults, Wire } from './requests.js';
import { fitsSocket } from './socket-path.js';

/** The owner's refusal, with its own code and next step. */
export class OwnerRefusedError extends OpenslotError {
  readonly code: string;
  constructor(error: ErrorData) {
    super(error.message, error.evidence, error.next);
    this.code = error.code;
  }
}

const WORDS = {
  OWNER_ABSENT: 'no owner listens',
  OWNER_GONE: 'the owner went away without an answer',
  OWNER_SILENT: 'the owner did not answer in time',
} as const;
const NEXT = {
  OWNER_ABSENT: 'openslot serve',
  OWNER_GONE: 'how far it came: openslot list',
  OWNER_SILENT: "look at the owner's log",
} as const;
/** A driver may take long to let go of its device; an attach can claim, reset, and wait for a guest three times. */
const PATIENCE_MS: Readonly<Record<RequestName, number>> = {
  pool: 10_000,
  functions: 10_000,
  platform: 10_000,
  inspect: 10_000,
  registers: 10_000,
  findings: 10_000,
  claim: 120_000,
  plan_claim: 30_000,
  examine_claim: 10_000,
  release: 120_000,
  plan_release: 30_000,
  adopt: 30_000,
  plan_adopt: 30_000,
  unfinished: 10_000,
  recover: 120_000,
  guests: 10_000,
  attach: 180_000,
  plan_attach: 30_000,
  detach: 60_000,
  plan_detach: 30_000,
  policy: 10_000,
  trace: 10_000,
  guest_run: 30_000,
  guest_list: 10_000,
  guest_unpause: 10_000,
  guest_shutdown: 10_000,
  guest_destroy: 60_000,
};

/** Nobody owns the machine, or the owner went away. */
export class OwnerUnreachableError extends OpenslotError {
  readonly code: 'OWNER_ABSENT' | 'OWNER_GONE' | 'OWNER_SILENT';
  constructor(code: OwnerUnreachableError['code'], socket: string, options?: ErrorOptions) {
    super(`${WORDS[code]} at ${socket}`, { socket }, NEXT[code], options);
    this.code = code;
  }
}

/** @throws {OwnerUnreachableError | OwnerRefusedError} */
export function askOwner<Name extends RequestName>(
  socket: string,
  request: Name,
  parameters: RequestParameters<Name>,
): Promise<Wire<OwnerResults[Name]>> {
  return new Promise((resolve, reject) => {
    // Nobody can listen there.
    if (!fitsSocket(socket)) {
      reject(new OwnerUnreachableError('OWNER_ABSENT', socket));
      return;
    }
    const connection = connect(socket);
    connection.setTimeout(PATIENCE_MS[request], () => {
      reject(new OwnerUnreachableError('OWNER_SILENT', socket));
      connection.destroy();
    });
    connection.once('error', (cause: NodeJS.ErrnoException) => {
      // Another user's owner is as good as none for looking; a change of its machine would be refused anyway.
      reject(new OwnerUnreachableError('OWNER_ABSENT', socket, { cause }));
    });
    connection.once('close', () => {
      reject(new OwnerUnreachableError('OWNER_GONE', socket));
    });
    connection.once('connect', () => {
      connection.write(`${JSON.stringify({ id: 1, request, parameters })}\n`);
    });
    const lines = new ByteLines(Infinity);
    connection.on('data', (bytes: Buffer) => {
      const [line] = lines.push(bytes);
      if (line === undefined) return;
      try {
        const answer = JSON.parse(line) as AnswerLine;
        if ('error' in answer) reject(new OwnerRefusedError(answer.error));
        else resolve(answer.result as Wire<OwnerResults[Name]>);
      } catch (cause) {
        reject(new OwnerUnreachableError('OWNER_GONE', socket, { cause }));
      } finally {
        connection.end();
      }
    });
  });
}
