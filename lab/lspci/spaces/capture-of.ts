/** The registers of every function of a machine, as the text of a dump. */
import type { Machine } from '../../../src/function/index.js';

export function dumpOfMachine(machine: Machine): string {
  return machine
    .list()
    .map(({ address }) => {
      using fn = machine.open(address);
      const { config } = fn;
      let text = `${String(address)} made\n`;
      for (let offset = 0; offset < config.size; offset += 16) {
        text += `${offset.toString(16).padStart(2, '0')}:`;
        for (let at = offset; at < Math.min(offset + 16, config.size); at++)
          text += ` ${config.read(at, 1).toString(16).padStart(2, '0')}`;
        text += '\n';
      }
      return `${text}\n`;
    })
    .join('');
}
