/** The documents hold what the code has, every error code and every package; and each is found from the others. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');

const sources = readdirSync(join(REPOSITORY, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: read(`src/${file}`) }));
const documented = new Set(
  [...read('docs/errors.md').matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code = '']) => code),
);

test('every error code is documented', () => {
  const codes = new Set<string>();
  for (const { file, text } of sources) {
    if (!file.endsWith('errors.ts') && !/readonly code\b/.test(text)) continue;
    for (const [, code = ''] of text.matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)) codes.add(code);
  }
  // Findings of the decoder are data about a device, not refusals.
  const missing = [...codes].filter(
    (code) =>
      // Names of the environment look like codes.
      !/^(CAPABILITY_|CAPABILITIES_OVERLAP|BAR_UPPER|BAR_TYPE|HEADER_|TABLE_|VPD_(?!UNREADABLE)|FUNCTION_ABSENT|OPENSLOT_)/.test(
        code,
      ) && !documented.has(code),
  );
  assert.ok(codes.size > 30, `${codes.size} codes found`);
  assert.deepEqual(missing, []);
});

test('every documented code exists', () => {
  const stale = [...documented]
    .filter((name) => !name.startsWith('OPENSLOT_'))
    .filter((code) => !sources.some(({ text }) => text.includes(`'${code}'`)));
  assert.deepEqual(stale, []);
});

test('every runtime package is named with its reason', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies))
    assert.match(read('docs/dependencies.md'), new RegExp(`^\\| ${name} \\|`, 'm'));
});

const pages = readdirSync(join(REPOSITORY, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file}`);

/** As GitHub makes anchors of headings. */
function anchors(page: string): readonly string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('the index of the documents names each page', () => {
  const index = read('docs/README.md');
  const unnamed = pages.filter((page) => !index.includes(`(${page.slice('docs/'.length)})`));
  assert.deepEqual(unnamed, ['docs/README.md']);
});

test('every link between documents leads somewhere', () => {
  const broken = ['README.md', ...pages].flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)/g)].flatMap(
      ([link, path = '', anchor]) => {
        const target = path === '' ? page : join(dirname(page), path);
        const leads =
          existsSync(join(REPOSITORY, target)) && (anchor === undefined || anchors(target).includes(anchor));
        return leads ? [] : [`${page}: ${link}`];
      },
    ),
  );
  assert.deepEqual(broken, []);
});
