/** From one line to its answer: parsed, checked, done by the owner, and never an exception. */
import { errorData, OpenslotError } from '../pci/index.js';
import { checkRequest, MalformedRequestError, requestId, type CheckedRequest } from './request-schemas.js';
import type { AnswerLine, NotAnswering, OwnerRequests } from './requests.js';

/** The owner is there only for the duration of one command, and answers nothing else. */
class OwnerBusyError extends OpenslotError {
  readonly code = 'OWNER_BUSY';
  constructor() {
    const command = ['openslot', ...process.argv.slice(2)].join(' ');
    super(
      `another command is changing the machine at this moment: process ${process.pid}, ${command}`,
      { process: process.pid, command },
      'try again when it has ended',
    );
  }
}

/** The owner has been told to end, and takes back what it has done. */
class OwnerStoppingError extends OpenslotError {
  readonly code = 'OWNER_STOPPING';
  constructor() {
    super('the owner of this machine is about to end', {}, 'start it again: openslot serve');
  }
}

/** This owner has nothing that the request is about: guests of a real Xen are the business of its own tool stack. */
class RequestUnsupportedError extends OpenslotError {
  readonly code = 'REQUEST_UNSUPPORTED';
  constructor(request: string) {
    super(
      `the owner of this machine does not do ${request}`,
      { request },
      'guests of a real Xen are made by xl create; those of the simulated machine: openslot guest run FILE --on sim',
    );
  }
}

export async function answerLine(line: string, requests: OwnerRequests | NotAnswering): Promise<AnswerLine> {
  let id = 0;
  try {
    const parsed = parse(line);
    id = requestId(parsed);
    const request = checkRequest(parsed);
    if (requests === 'not yet') throw new OwnerBusyError();
    if (requests === 'no more') throw new OwnerStoppingError();
    return { id, result: await perform(requests, request) };
  } catch (error) {
    return { id, error: errorData(error) };
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw new MalformedRequestError('it is not JSON');
  }
}

/**
 * What an owner does for a request that was checked. @throws {RequestUnsupportedError} and what the owner meets.
 * Name and parameters belong together, which the type of a table's entry cannot say of a union.
 */
export function perform(requests: OwnerRequests, { request, parameters }: CheckedRequest): unknown {
  const action = requests[request] as ((checked: typeof parameters) => unknown) | undefined;
  if (action === undefined) throw new RequestUnsupportedError(request);
  return action(parameters);
}
