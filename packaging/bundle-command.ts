/** Puts the modules of the command into few files: most of what a short command does is to find and read its modules. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild-wasm';

const folderOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Beside the rooms: what they load by a path from `import.meta.url` is found from here as from there. */
const BUNDLE = folderOf('../src/command');
const ROOMS = folderOf('../src');

/**
 * What is read together is one file: to find and open each costs as much as to read fifty kilobytes. A part is what these
 * modules import and what that imports, as far as it is in no earlier part.
 */
const PARTS: readonly (readonly string[])[] = [
  // Most of what list needs is what every command needs.
  ['cli/list.js'],
  // The register model, and machines as captures.
  ['cli/machine-capture.js', 'machines/capture/capture-machine.js'],
];

/** Small, and else found and read in many files of their own at each start. */
const TAKEN_IN = ['commander', 'picocolors'];

const { dependencies } = JSON.parse(readFileSync(folderOf('../../package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};

/** When the newest of what the bundle is made from was written. */
function newestSource(): number {
  const modules = readdirSync(ROOMS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && !name.startsWith('command/'))
    .map((name) => join(ROOMS, name));
  return Math.max(...[...modules, fileURLToPath(import.meta.url)].map((path) => statSync(path).mtimeMs));
}

/** What is taken in asks for Node's own modules by `require`, which the bundle's format does not have. */
const builtins: Plugin = {
  name: 'builtins',
  setup(bundle) {
    bundle.onResolve({ filter: /^node:/ }, ({ kind, path }) =>
      kind === 'require-call' ? { path, namespace: 'builtin' } : undefined,
    );
    bundle.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      // Imported it would make all its streams, standard input too.
      contents: path === 'node:process' ? 'module.exports = process;' : `export * from '${path}';`,
    }));
  },
};

/** What is taken in comes with its licence, as that asks for. */
const licences: Plugin = {
  name: 'licences',
  setup(bundle) {
    const require = createRequire(import.meta.url);
    const names = new Map(TAKEN_IN.map((name) => [require.resolve(name), name]));
    bundle.onLoad({ filter: /node_modules/ }, ({ path }) => {
      const name = names.get(path);
      if (name === undefined) return undefined;
      const licence = readFileSync(join(dirname(path), 'LICENSE'), 'utf8');
      return { contents: `${readFileSync(path, 'utf8')}\n/*! ${name}\n\n${licence}*/` };
    });
  },
};

const options = {
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
  external: Object.keys(dependencies).filter((name) => !TAKEN_IN.includes(name)),
  // What it finds is thrown: its WebAssembly build cannot print it.
  logLevel: 'silent',
} satisfies BuildOptions;

type Imports = ReadonlyMap<string, readonly string[]>;

/** By module, the modules that it imports; without those that it loads when they are wanted. */
async function importsOfModules(): Promise<Imports> {
  const { metafile } = await build({ ...options, absWorkingDir: '/', write: false, metafile: true });
  return new Map(
    Object.entries(metafile.inputs).map(([path, { imports }]) => [
      `/${path}`,
      imports.flatMap((one) => (one.kind === 'dynamic-import' || one.external ? [] : [`/${one.path}`])),
    ]),
  );
}

/** Each part's modules. */
function partsOf(imports: Imports): readonly ReadonlySet<string>[] {
  const earlier = new Set<string>();
  return PARTS.map((beginnings) => {
    const part = new Set<string>();
    const take = (path: string) => {
      if (earlier.has(path)) return;
      earlier.add(path);
      for (const imported of imports.get(path) ?? []) take(imported);
      part.add(path);
    };
    for (const file of beginnings) take(join(ROOMS, file));
    return part;
  });
}

/**
 * Modules that are reached from the same beginnings come to be one chunk. So that those of a part do, who imports one of
 * them is made to import all; what loads one when it is wanted gets a stand-in that imports all.
 */
function oneChunkEach(parts: readonly ReadonlySet<string>[], imports: Imports): Plugin {
  const importWhole = (part: ReadonlySet<string>) => `\nimport 'part:${parts.indexOf(part)}';`;
  return {
    name: 'one chunk each',
    setup(bundle) {
      bundle.onResolve({ filter: /^part:/ }, ({ path }) => ({
        path: path.slice('part:'.length),
        namespace: 'part',
      }));
      bundle.onLoad({ filter: /./, namespace: 'part' }, ({ path }) => ({
        contents: [
          // The earlier ones, of which it has single modules, as a whole too.
          ...parts.slice(0, Number(path)).map(importWhole),
          ...[...(parts[Number(path)] ?? [])].map((one) => `import '${one}';`),
        ].join('\n'),
        resolveDir: ROOMS,
      }));
      bundle.onResolve({ filter: /./ }, async ({ kind, path, resolveDir, pluginData }) => {
        if (kind !== 'dynamic-import' || pluginData === 'resolved') return undefined;
        const found = await bundle.resolve(path, { kind, resolveDir, pluginData: 'resolved' });
        return parts.some((part) => part.has(found.path))
          ? { path: found.path, namespace: 'stand-in' }
          : undefined;
      });
      bundle.onLoad({ filter: /./, namespace: 'stand-in' }, ({ path }) => ({
        contents: `export * from '${path}';${parts
          .filter((part) => part.has(path))
          .map(importWhole)
          .join('')}`,
        resolveDir: ROOMS,
      }));
      bundle.onLoad({ filter: /\.js$/ }, ({ path }) => {
        const imported = imports.get(path) ?? [];
        const wanted = parts.filter((part) => !part.has(path) && imported.some((one) => part.has(one)));
        if (wanted.length === 0 || parts.some((part) => part.has(path))) return undefined;
        return { contents: readFileSync(path, 'utf8') + wanted.map(importWhole).join('') };
      });
    },
  };
}

const main = join(BUNDLE, 'main.js');
const made = statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (made <= newestSource()) {
  rmSync(BUNDLE, { recursive: true, force: true });
  const imports = await importsOfModules();
  await build({ ...options, plugins: [builtins, licences, oneChunkEach(partsOf(imports), imports)] });
}
