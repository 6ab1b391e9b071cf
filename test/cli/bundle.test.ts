/** The command's bundle: what a short command reads is few files, and what was taken into them comes with its licence. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const BUNDLE = fileURLToPath(new URL('../../src/command/', import.meta.url));
const textOf = (file: string) => readFileSync(join(BUNDLE, file), 'utf8');

/** The files of the bundle that are read with this one, itself among them. */
function readWith(file: string, read = new Set<string>()): ReadonlySet<string> {
  if (read.has(file)) return read;
  read.add(file);
  for (const [, imported = ''] of textOf(file).matchAll(
    /^(?:import|\} from|export .* from).*"(\.\/.*\.js)";$/gm,
  ))
    readWith(basename(imported), read);
  return read;
}

/** The chunk of the one module that a command is. */
function chunkOf(command: string): string {
  const found = readdirSync(BUNDLE).filter((file) => new RegExp(`^${command}-[0-9A-Z]{8}\\.js$`).test(file));
  assert.equal(found.length, 1, `one chunk of ${command}: ${found.join(', ')}`);
  return found[0] ?? '';
}

describe('the bundle', () => {
  test('list reads four files of it', () => {
    const read = readWith(chunkOf('list'), new Set(readWith('main.js')));
    assert.ok(read.size <= 4, [...read].join(', '));
    // Three hundred kilobytes, which only what decodes needs: one import of a room's index brings them all.
    for (const file of read)
      assert.ok(!/^\/\/ dist\/src\/pci\/tables\//m.test(textOf(file)), `${file} has the model`);
    const packages = [...read].flatMap((file) => [...textOf(file).matchAll(/ from "([^.].*)";$/gm)]);
    for (const [, name = ''] of packages) assert.match(name, /^node:/, 'no package is read besides');
  });

  test('what is taken in has its licence with it', () => {
    const [common = ''] = [...readWith('main.js')].filter((file) => /^\/\/ node_modules/m.test(textOf(file)));
    const folders = new Set(
      [...textOf(common).matchAll(/^\/\/ node_modules\/([^/]+)\//gm)].map(([, name]) => name),
    );
    assert.ok(folders.has('commander'));
    for (const name of folders) assert.ok(textOf(common).includes(`*! ${name ?? ''}\n`), name);
  });
});
