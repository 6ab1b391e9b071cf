/** Paths, permissions and domain ids. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DOMID_IO, domainId, DomainIdRangeError } from '../../../src/xen/domain.js';
import {
  formatPermission,
  formatPermissions,
  homePath,
  isAtOrBelow,
  isPath,
  joinPath,
  leafName,
  parentPath,
  parsePermission,
  parsePermissions,
  pathFault,
} from '../../../src/xen/store/index.js';
import type { Access } from '../../../src/xen/store/index.js';
import { checkProperty } from '../../kept-seeds.js';

const name = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9_@-]{0,11}$/);
const names = fc.array(name, { minLength: 1, maxLength: 8 });

describe('pathFault', () => {
  it('accepts what names joined by / give, absolute and relative', async () => {
    await checkProperty(
      'store-paths: joined names are paths',
      fc.property(names, (parts) => {
        assert.equal(pathFault(joinPath('/', ...parts)), undefined);
        assert.equal(pathFault(parts.join('/')), undefined);
      }),
    );
    assert.equal(pathFault('/'), undefined);
  });

  it('refuses a foreign character wherever it stands, and an empty name', async () => {
    const foreign = fc.string({ minLength: 1, maxLength: 1 }).filter((one) => !/[A-Za-z0-9\-/_@]/.test(one));
    await checkProperty(
      'store-paths: foreign characters are refused where they stand',
      fc.property(names, foreign, fc.nat(), (parts, bad, where) => {
        const path = joinPath('/', ...parts);
        const at = where % (path.length + 1);
        const text = path.slice(0, at) + bad + path.slice(at);
        assert.match(pathFault(text) ?? '', new RegExp(`^character ${at + 1} `));
        assert.match(pathFault(`${path}//x`) ?? '', /empty name/);
        assert.match(pathFault(`${path}/`) ?? '', /ends with/);
      }),
    );
    assert.match(pathFault('') ?? '', /empty/);
    assert.match(pathFault('//') ?? '', /empty name/);
  });

  it('never throws, and agrees with isPath', async () => {
    await checkProperty(
      'store-paths: isPath agrees with pathFault',
      fc.property(fc.string(), fc.boolean(), (text, special) => {
        assert.equal(isPath(text, { special }), pathFault(text, { special }) === undefined);
      }),
    );
  });

  it('takes names with @ only where they mean something', () => {
    for (const path of ['@introduceDomain', '@releaseDomain', '@releaseDomain/7']) {
      assert.equal(isPath(path), false);
      assert.equal(isPath(path, { special: true }), true);
    }
    for (const path of ['@', '@/a']) assert.equal(isPath(path, { special: true }), false);
    assert.equal(isPath('/a@b/@c'), true);
  });

  it('knows both limits', () => {
    assert.equal(isPath(`/${'a'.repeat(3071)}`), true);
    assert.equal(isPath(`/${'a'.repeat(3072)}`), false);
    assert.equal(isPath('a'.repeat(2048)), true);
    assert.equal(isPath('a'.repeat(2049)), false);
  });
});

describe('taking paths apart', () => {
  it('parent and leaf join to the path again', async () => {
    await checkProperty(
      'store-paths: parent and leaf join again',
      fc.property(names, (parts) => {
        const path = joinPath('/', ...parts);
        const parent = parentPath(path);
        assert.ok(parent !== undefined);
        assert.equal(joinPath(parent, leafName(path)), path);
        assert.ok(isAtOrBelow(path, parent) && isAtOrBelow(path, '/') && isAtOrBelow(path, path));
        assert.ok(!isAtOrBelow(`${path}x`, path) && !isAtOrBelow(parent, path));
      }),
    );
    assert.equal(parentPath('/'), undefined);
    assert.equal(parentPath('device'), undefined);
    assert.equal(parentPath('device/pci'), 'device');
    assert.equal(homePath(domainId(3)), '/local/domain/3');
  });
});

describe('permissions', () => {
  const permission = fc.record(
    {
      access: fc.constantFrom<Access>('none', 'read', 'write', 'both'),
      domain: fc.nat({ max: 0x7fff }).map(domainId),
    },
    { noNullPrototype: true },
  );

  it('round-trip', async () => {
    await checkProperty(
      'store-paths: permissions round-trip',
      fc.property(fc.array(permission, { minLength: 1, maxLength: 8 }), (list) => {
        assert.deepEqual(parsePermissions(list.map(formatPermission)), list);
        assert.equal(formatPermissions(list), list.map(formatPermission).join(','));
      }),
    );
  });

  it('read any text without throwing, and only canonical ones as permissions', async () => {
    await checkProperty(
      'store-paths: only canonical permissions are read',
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[nrwbx]-?[0-9]{0,6}$/)), (text) => {
        const found = parsePermission(text);
        if (found !== undefined) assert.equal(formatPermission(found), text);
      }),
    );
    assert.deepEqual(parsePermission('b3'), { access: 'both', domain: 3 });
    for (const text of ['', 'n', 'x0', 'r-1', 'r32768', 'r1 ', 'R1', 'r01']) {
      assert.equal(parsePermission(text), undefined, text);
    }
    assert.equal(parsePermissions([]), undefined);
    assert.equal(parsePermissions(['n0', 'q1']), undefined);
  });
});

describe('domainId', () => {
  it('takes 0 to 0x7fff and nothing else', () => {
    assert.equal(domainId(0x7fff), 0x7fff);
    assert.equal(DOMID_IO, 0x7ff1);
    for (const bad of [-1, 0x8000, 1.5, Number.NaN, Infinity]) {
      assert.throws(() => domainId(bad), DomainIdRangeError);
    }
  });
});
