/** Shell completion: scripts for each shell, and the suggestions that they ask for. */
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { LinuxMachine } from '../machines/linux/index.js';
import { className } from '../pci/index.js';

/** Adds `completion SHELL`, and the hidden command that its scripts call. Addresses are those of this host. */
export function addCompletion(program: Command): void {
  const completion = tab(program, { completionCommandName: 'completion' });
  for (const command of completion.commands.values()) {
    const address = command.arguments.get('address');
    if (address === undefined) continue;
    address.handler = (complete) => {
      for (const [text, title] of addresses()) complete(text, title);
    };
  }
}

function addresses(): readonly (readonly [string, string])[] {
  try {
    return new LinuxMachine()
      .list()
      .map(({ address, classCode }) => [String(address), className(classCode)] as const);
  } catch {
    // A shell that asks wants suggestions, not errors.
    return [];
  }
}
