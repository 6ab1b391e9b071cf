/** The operations one by one: what they answer, which errno in which case, and the order of events and replies. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_PAYLOAD, StoreServer } from '../../../../src/xen/store/index.js';
import { treeText } from '../tree-text.js';
import { Asker } from './asker.js';

function host(): { server: StoreServer; one: Asker; two: Asker } {
  const server = new StoreServer();
  return { server, one: new Asker(server.connect()), two: new Asker(server.connect()) };
}

describe('nodes', () => {
  it('are what xenstored begins with, written, listed in order of creation, removed', async () => {
    const { server, one } = host();
    assert.equal(await one.ask('DIRECTORY', '/|'), 'DIRECTORY tool|');
    assert.equal(await one.ask('GET_PERMS', '/tool/xenstored|'), 'GET_PERMS n0|');
    for (const name of ['b', 'a', 'c'])
      assert.equal(await one.ask('WRITE', `/t/${name}|${name}`), 'WRITE OK|');
    assert.equal(await one.ask('DIRECTORY', '/t|'), 'DIRECTORY b|a|c|');
    assert.equal(await one.ask('RM', '/t/a|'), 'RM OK|');
    assert.equal(await one.ask('MKDIR', '/t/a|'), 'MKDIR OK|');
    assert.equal(await one.ask('DIRECTORY', '/t|'), 'DIRECTORY b|c|a|');
    assert.equal(await one.ask('MKDIR', '/t/b|'), 'MKDIR OK|');
    assert.equal(await one.ask('READ', '/t/b|'), 'READ b');
    assert.equal(await one.ask('WRITE', '/|value of the root'), 'WRITE OK|');
    assert.equal(await one.ask('READ', '/|'), 'READ value of the root');
    assert.equal(await one.ask('RM', '/t|'), 'RM OK|');
    assert.equal(await one.ask('RM', '/t|'), 'RM OK|');
    assert.equal(await one.ask('RM', '/t/a|'), 'ERROR ENOENT|');
    assert.equal(await one.ask('RM', '/|'), 'ERROR EINVAL|');
    assert.equal(treeText(server), '');
  });

  it('have names of certain characters and of a certain length, which is counted below a home', async () => {
    const { one } = host();
    const errno = async (path: string): Promise<string> => await one.ask('WRITE', `${path}|`);
    for (const path of ['', '/', '/a', '/a-b_c@D9/x', 'relative/path']) {
      assert.equal(await errno(path), path === '' ? 'ERROR EINVAL|' : 'WRITE OK|', path);
    }
    for (const path of [
      '/a/',
      '//a',
      '/a//b',
      '/a b',
      '/a.b',
      '/\u00e9',
      '/a:',
      '@a',
      '@releaseDomain',
      '@',
    ]) {
      assert.equal(await errno(path), 'ERROR EINVAL|', path);
    }
    for (const [start, counted] of [
      ['/', 1],
      ['/local/domain/77/', 0],
      ['/local/domain/-7/', 0],
      ['/local/domain/123456/', 21],
      ['/local/domain/x/', 16],
      ['', 0],
    ] as const) {
      const room = 2048 - counted;
      assert.equal(await errno(start + 'n'.repeat(room)), 'WRITE OK|', start);
      assert.equal(await errno(start + 'n'.repeat(room + 1)), 'ERROR EINVAL|', start);
    }
  });

  it('refuse payloads that are not theirs', async () => {
    const { one } = host();
    for (const type of ['READ', 'DIRECTORY', 'GET_PERMS', 'MKDIR', 'RM'] as const) {
      for (const payload of ['', '/a', '/a||', '/a|b|', '/a|b']) {
        assert.equal(await one.ask(type, payload), 'ERROR EINVAL|', `${type} ${payload}`);
      }
    }
    assert.equal(await one.ask('WRITE', '/a'), 'ERROR EINVAL|');
    assert.equal(await one.ask('WRITE', ''), 'ERROR EINVAL|');
    for (const payload of ['/|0', '/|', '/|0||', '/', '']) {
      assert.equal(await one.ask('DIRECTORY_PART', payload), 'ERROR EINVAL|', payload);
    }
    for (const type of [15, 16, 20, 23, 24, 25, 26, 27, 99, 65_535, 0xffff_ffff]) {
      assert.equal(await one.ask(type, '/|'), 'ERROR ENOSYS|', String(type));
    }
  });

  it('with many children are listed in parts', async () => {
    const { server, one } = host();
    for (let index = 0; index < 600; index++)
      server.write(`/many/child-${String(index).padStart(3, '0')}`, '');
    assert.equal(await one.ask('DIRECTORY', '/many|'), 'ERROR E2BIG|');
    const generation = /^DIRECTORY_PART (\d+)\|/.exec(await one.ask('DIRECTORY_PART', '/many|0|'))?.[1];
    assert.ok(generation !== undefined);
    let all = '';
    for (let parts = 0; !all.endsWith('||'); parts++) {
      assert.ok(parts < 4);
      const part = (await one.ask('DIRECTORY_PART', `/many|${all.length}|`)).slice('DIRECTORY_PART '.length);
      assert.ok(part.length <= MAX_PAYLOAD && part.startsWith(`${generation}|`));
      all += part.slice(generation.length + 1);
    }
    assert.equal(
      all,
      `${[...server.nodes('/many')]
        .slice(1)
        .map(({ path }) => `${path.slice(6)}|`)
        .join('')}|`,
    );
    for (const beyond of ['6000', '99999', '-1', '99999999999999999999999']) {
      assert.equal(
        await one.ask('DIRECTORY_PART', `/many|${beyond}|`),
        `DIRECTORY_PART ${generation}||`,
        beyond,
      );
    }
    assert.match(await one.ask('DIRECTORY_PART', '/many| 5994x|'), /\|d-599\|\|$/);
    server.write('/many/one-more', '');
    assert.doesNotMatch(
      await one.ask('DIRECTORY_PART', '/many|0|'),
      new RegExp(`^DIRECTORY_PART ${generation}\\|`),
    );
  });
});

describe('domains', () => {
  it('have a path, and are introduced or not', async () => {
    const { one } = host();
    for (const [text, id] of [
      ['7', '7'],
      [' 12abc', '12'],
      ['x', '0'],
      ['-1', '4294967295'],
      ['99999999999999999999', '4294967295'],
      ['-99999999999999999999', '0'],
      ['+3', '3'],
    ] as const) {
      assert.equal(
        await one.ask('GET_DOMAIN_PATH', `${text}|`),
        `GET_DOMAIN_PATH /local/domain/${id}|`,
        text,
      );
    }
    assert.equal(await one.ask('GET_DOMAIN_PATH', ''), 'ERROR EINVAL|');
    assert.equal(await one.ask('IS_DOMAIN_INTRODUCED', '0|'), 'IS_DOMAIN_INTRODUCED T|');
    assert.equal(await one.ask('IS_DOMAIN_INTRODUCED', '1|'), 'IS_DOMAIN_INTRODUCED F|');
    assert.equal(await one.ask('IS_DOMAIN_INTRODUCED', '32752|'), 'IS_DOMAIN_INTRODUCED T|');
    for (const type of ['RELEASE', 'RESUME'] as const) {
      assert.equal(await one.ask(type, '0|'), 'ERROR EINVAL|');
      assert.equal(await one.ask(type, '1|'), 'ERROR ENOENT|');
      assert.equal(await one.ask(type, ''), 'ERROR EINVAL|');
    }
    assert.equal(await one.ask('SET_TARGET', '1|2|'), 'ERROR ENOENT|');
    assert.equal(await one.ask('SET_TARGET', '1|'), 'ERROR EINVAL|');
    for (const payload of ['', '1|2|', '1|2|0|', '1|2|x|', '1|2|3|']) {
      assert.equal(await one.ask('INTRODUCE', payload), 'ERROR EINVAL|', payload);
    }
  });
});

describe('watches', () => {
  it('fire at once, behind the reply, and before the reply to a change', async () => {
    const { one } = host();
    await one.ask('WATCH', '/a|t|');
    await one.ask('WRITE', '/a/b|1');
    await one.ask('GET_DOMAIN_PATH', '0|');
    assert.deepEqual(one.heard, [
      'WATCH OK|',
      'WATCH_EVENT /a|t|',
      'WATCH_EVENT /a/b|t|',
      'WRITE OK|',
      'GET_DOMAIN_PATH /local/domain/0|',
    ]);
  });

  it('are known by name and token, whichever way the name is written', async () => {
    const { one, two } = host();
    assert.equal(await one.ask('WATCH', 'x|t|'), 'WATCH OK|');
    assert.equal(await one.ask('WATCH', '/local/domain/0/x|t|'), 'ERROR EEXIST|');
    assert.equal(await two.ask('WATCH', '/local/domain/0/x|t|'), 'WATCH OK|');
    await one.ask('WRITE', 'x/y|');
    assert.deepEqual(await one.events(), ['x|t|', 'x/y|t|']);
    assert.deepEqual(await two.events(), ['/local/domain/0/x|t|', '/local/domain/0/x/y|t|']);
    assert.equal(await one.ask('UNWATCH', '/local/domain/0/x|t|'), 'UNWATCH OK|');
    assert.equal(await one.ask('UNWATCH', 'x|t|'), 'ERROR ENOENT|');
    assert.equal(await one.ask('UNWATCH', 'x|'), 'ERROR EINVAL|');
  });

  it('take no depth, and no name that no node can have', async () => {
    const { one } = host();
    for (const payload of [
      '/a|t|0|',
      '/a|',
      '/a|t',
      '',
      '/a/|t|',
      '|t|',
      '/a b|t|',
      `@${'a'.repeat(2048)}|t|`,
    ]) {
      assert.equal(await one.ask('WATCH', payload), 'ERROR EINVAL|', payload);
    }
    assert.equal(await one.ask('WATCH', '@anything|t|'), 'WATCH OK|');
    assert.equal(await one.ask('WATCH', '/a|t|rest'), 'WATCH OK|');
  });

  it('are told of a removal: those below exactly, the deepest first, then those above', async () => {
    const { one, two } = host();
    for (const path of ['/r/a/b', '/r/a/c', '/r/d']) await one.ask('WRITE', `${path}|`);
    for (const path of ['/r/a/b', '/r/a/c', '/r', '/', '/r/a', '/r/a/b/missing'])
      await two.ask('WATCH', `${path}|${path}|`);
    await two.events();
    two.heard.length = 0;
    assert.equal(await one.ask('RM', '/r/a|'), 'RM OK|');
    assert.deepEqual(await two.events(), [
      '/r/a/b|/r/a/b|',
      '/r/a/c|/r/a/c|',
      '/r/a|/r|',
      '/r/a|/|',
      '/r/a|/r/a|',
    ]);
  });

  it('tell an event once while it waits, and one too long never', async () => {
    const { server, one } = host();
    await one.ask('WATCH', `/a|${'k'.repeat(4000)}|`);
    await one.ask('WATCH', '/a|t|');
    assert.deepEqual(await one.events(), [`/a|${'k'.repeat(4000)}|`, '/a|t|']);
    one.heard.length = 0;
    const path = `/a/${'n'.repeat(92)}`;
    // In one chunk, so that none is sent before the last is made.
    one.together(() => {
      for (let count = 0; count < 5; count++) one.tell('WRITE', `${path}|${count}`);
    });
    assert.deepEqual(await one.events(), [`${path}|t|`]);
    assert.equal(server.read(path), '4');
  });
});
