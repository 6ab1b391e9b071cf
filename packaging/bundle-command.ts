/** Puts the modules of the command into few files: most of what a short command does is to find and read its modules. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild-wasm';

const folderOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Beside the rooms: what they load by a path from `import.meta.url` is found from here as from there. */
const BUNDLE = folderOf('../src/command');
const ROOMS = folderOf('../src');

/** What `openslot list` needs, and with it most of what every command needs: one file, which every command reads whole. */
const COMMON = ['cli/list.js'].map((file) => join(ROOMS, file));

/** Put into the bundle, each with its licence: small, and found and read anew at each start otherwise. */
const TAKEN_IN = ['commander', 'picocolors'];

const { dependencies } = JSON.parse(readFileSync(folderOf('../../package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};
// Not the package itself: what it takes by its own exports would be there twice, each class of it twofold.
const external = Object.keys(dependencies).filter((name) => !TAKEN_IN.includes(name));

/** When the newest of the modules was written, those of the bundle itself apart. */
function newestModule(): number {
  const modules = readdirSync(ROOMS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && !name.startsWith('command/'))
    .map((name) => statSync(join(ROOMS, name)).mtimeMs);
  return Math.max(...modules);
}

/** The modules that these files import, and those that those import, as long as none is loaded only when it is wanted. */
async function closureOf(files: readonly string[]): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    entryPoints: [...files],
    absWorkingDir: '/',
    bundle: true,
    write: false,
    metafile: true,
    outdir: BUNDLE,
    format: 'esm',
    platform: 'node',
    external,
    logLevel: 'silent',
    plugins: [
      {
        name: 'not what is loaded when wanted',
        setup({ onResolve }) {
          onResolve({ filter: /./ }, ({ kind, path }) =>
            kind === 'dynamic-import' ? { path, external: true } : undefined,
          );
        },
      },
    ],
  });
  return new Set(Object.keys(metafile.inputs).map((path) => `/${path}`));
}

const HUB = 'openslot:common';

/**
 * Modules that are reached from the same entries become one chunk. So that these do, whoever imports one of them is made
 * to import all: directly, or, where it is loaded when wanted, through a stand-in.
 */
function oneChunk(members: ReadonlySet<string>): Plugin {
  return {
    name: 'one chunk',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: new RegExp(`^${HUB}$`) }, ({ path }) => ({ path, namespace: 'hub' }));
      onLoad({ filter: /./, namespace: 'hub' }, () => ({
        contents: [...members].map((path) => `import ${JSON.stringify(path)};`).join('\n'),
        resolveDir: ROOMS,
      }));
      onResolve({ filter: /^\./ }, async ({ kind, path, ...from }) => {
        if (kind !== 'dynamic-import' || from.pluginData === 'resolved') return undefined;
        const found = await resolve(path, { ...from, kind, pluginData: 'resolved' });
        return members.has(found.path) ? { path: found.path, namespace: 'stand-in' } : undefined;
      });
      onLoad({ filter: /./, namespace: 'stand-in' }, ({ path }) => ({
        contents: `import '${HUB}';\nexport * from ${JSON.stringify(path)};`,
        resolveDir: ROOMS,
      }));
      onLoad({ filter: /\.js$/ }, ({ path }) =>
        members.has(path) || !path.startsWith(ROOMS)
          ? undefined
          : { contents: `${readFileSync(path, 'utf8')}\nimport '${HUB}';` },
      );
    },
  };
}

/** What is taken in asks for Node's own modules by `require`, which a bundle of this format does not have. */
const builtins: Plugin = {
  name: "Node's own modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ kind, path }) =>
      kind === 'require-call' ? { path, namespace: 'builtin' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents:
        // An import of it makes all of its streams, standard input too.
        path === 'node:process'
          ? 'module.exports = process;'
          : `export * from '${path}';`,
    }));
  },
};

const main = join(BUNDLE, 'main.js');
const made = statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (made <= Math.max(newestModule(), statSync(fileURLToPath(import.meta.url)).mtimeMs)) {
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
    external,
    plugins: [builtins, oneChunk(await closureOf(COMMON))],
    logLevel: 'silent',
  });
}
