/** `openslot schema`: the JSON Schemas of what commands print and write, as they come with the package. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { didYouMean, OpenslotError } from '../pci/index.js';

const FOLDER = new URL('../../../docs/schemas/', import.meta.url);
const ENDING = '.json';

/** No schema has this name. */
export class SchemaUnknownError extends OpenslotError {
  readonly code = 'SCHEMA_UNKNOWN';
  constructor(name: string, known: readonly string[]) {
    super(
      `there is no schema "${name}"; there are ${known.join(', ')}`,
      { name, known },
      didYouMean(name, known) || 'those there are: openslot schema',
    );
  }
}

export function define(command: Command): void {
  command
    .addHelpText(
      'after',
      `
Without a name: the names that there are. The files stand in docs/schemas of the package.

Examples:
  openslot schema
  openslot schema show >show.schema.json
  openslot schema capture`,
    )
    .action(schema);
}

/** The schemas that come with the package. */
export function schemaNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort();
}

function schema(name: string | undefined): void {
  const known = schemaNames();
  if (name === undefined) process.stdout.write(known.map((each) => `${each}\n`).join(''));
  else if (known.includes(name))
    process.stdout.write(readFileSync(new URL(`${name}${ENDING}`, FOLDER), 'utf8'));
  else throw new SchemaUnknownError(name, known);
}
