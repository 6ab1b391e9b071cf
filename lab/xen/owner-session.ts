/** `node owner-session.js`: requests to this host's owner, one a line, each answered by a line `CODE TEXT`: one process for all of a scenario's. */
import { createInterface } from 'node:readline';
import { askOwner, machineFiles } from '../../src/owner/index.js';
import { notations, OpenslotError } from '../../src/pci/index.js';

const { socket } = machineFiles('linux');

/** What the command line would ask for with the same words. */
async function answer([request, first = '', second = '', third = '']: readonly string[]): Promise<string> {
  switch (request) {
    case 'claim':
    case 'release':
      return JSON.stringify((await askOwner(socket, request, { addresses: [first] }))[0]);
    case 'attach':
      return JSON.stringify(await askOwner(socket, request, { guest: first, specs: [second] }));
    case 'detach': {
      const force = third === '--force';
      return JSON.stringify(await askOwner(socket, request, { guest: first, specs: [second], force }));
    }
    case 'state': {
      const wanted = String(notations.hex.parse(first));
      const members = await askOwner(socket, 'pool', {});
      return members.find(({ address }) => address === wanted)?.state ?? 'no member';
    }
    default:
      throw new Error(`no request ${request ?? ''}`);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const text = await answer(line.trim().split(/ +/)).then(
    (result) => `0 ${result}`,
    (error: unknown) =>
      error instanceof OpenslotError ? `1 error ${error.code}: ${error.message}` : `2 ${String(error)}`,
  );
  console.log(text.replaceAll('\n', ' '));
}
