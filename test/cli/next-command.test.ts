/** The next command of a refusal means the machine that the refused one meant. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Command } from 'commander';
import { remedyLine, withRemedies } from '../../src/pci/index.js';
import { namedMachine, onSameMachine, ON_COMMANDS, ON_SUBCOMMANDS } from '../../src/cli/next-command.js';

test('a machine that was named goes into the commands, and only there', () => {
  assert.equal(
    onSameMachine('where that is acceptable: openslot claim 0a:00.0 --allow open', 'sim:/tmp/host'),
    'where that is acceptable: openslot claim --on sim:/tmp/host 0a:00.0 --allow open',
  );
  assert.equal(
    onSameMachine('openslot policy set ADDRESS FILE; openslot hide-list; openslot lint FILE', 'sim'),
    'openslot policy set --on sim ADDRESS FILE; openslot hide-list; openslot lint FILE',
  );
  assert.equal(onSameMachine('openslot list', "sim:a b'c"), "openslot list --on 'sim:a b'\\''c'");
  for (const next of ['openslot list --on linux', 'put the device back', 'openslot ids'])
    assert.equal(onSameMachine(next, 'sim'), next);
  assert.equal(onSameMachine('openslot list', undefined), 'openslot list');
});

test('the remedies of a refusal are changed, and nothing else of it', () => {
  const message = `it is not safe:\n  open: openslot list shows it${remedyLine('who: openslot list')}`;
  assert.equal(
    withRemedies(message, (next) => onSameMachine(next, 'sim')),
    'it is not safe:\n  open: openslot list shows it\n      who: openslot list --on sim',
  );
  assert.equal(remedyLine(''), '');
});

test('the machine is what stands behind --on', () => {
  assert.equal(namedMachine(['claim', '--on', 'sim', '01:00.0']), 'sim');
  assert.equal(namedMachine(['claim', '01:00.0', '--on=sim:/tmp/host']), 'sim:/tmp/host');
  assert.equal(namedMachine(['guest', 'run', 'file.js', '--', '--on', 'sim']), undefined);
  assert.equal(namedMachine(['claim', '01:00.0']), undefined);
});

test('the commands that take --on are those that have it', async () => {
  const folder = new URL('../../src/cli/', import.meta.url);
  const having: string[] = [];
  for (const file of readdirSync(folder).filter((name) => /^[a-z-]+\.js$/.test(name) && name !== 'main.js')) {
    const module = (await import(new URL(file, folder).href)) as { define?: (command: Command) => unknown };
    if (module.define === undefined) continue;
    const command = new Command(file.slice(0, -3));
    module.define(command);
    const has = ({ options }: Command) => options.some(({ long }) => long === '--on');
    if (has(command)) having.push(command.name());
    for (const below of command.commands) if (has(below)) having.push(`${command.name()} ${below.name()}`);
  }
  // Its --on gives wildcards of a list a meaning: it is no place where something is done.
  assert.deepEqual(
    having.filter((name) => name !== 'hide-list').sort(),
    [...ON_COMMANDS, ...ON_SUBCOMMANDS].sort(),
  );
});
