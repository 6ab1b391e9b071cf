/** Puts the modules of the command into few files: most of what a short command does is to find and read its modules. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild-wasm';

const folderOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Beside the rooms: what they load by a path from `import.meta.url` is found from here as from there. */
const BUNDLE = folderOf('../src/command');
const ROOMS = folderOf('../src');

const { dependencies } = JSON.parse(readFileSync(folderOf('../../package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};

/** When the newest of the modules was written, those of the bundle itself apart. */
function newestModule(): number {
  const modules = readdirSync(ROOMS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && !name.startsWith('command/'))
    .map((name) => statSync(join(ROOMS, name)).mtimeMs);
  return Math.max(...modules);
}

const main = join(BUNDLE, 'main.js');
const made = statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (made <= newestModule()) {
  rmSync(BUNDLE, { recursive: true, force: true });
  await build({
    entryPoints: [join(ROOMS, 'cli', 'main.js')],
    outdir: BUNDLE,
    bundle: true,
    // Each command is a chunk of its own, loaded when it is asked for.
    splitting: true,
    chunkNames: '[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Not the package itself: what it takes by its own exports would be there twice, each class of it twofold.
    external: Object.keys(dependencies),
    logLevel: 'warning',
  });
}
