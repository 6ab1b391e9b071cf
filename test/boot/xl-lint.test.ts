/** The lint of an xl.cfg: what xl really does with its functions. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readRdmAsXl, xlConfigFile } from '../../src/boot/index.js';
import { checkProperty } from '../kept-seeds.js';
import { lintCodes } from './lint-codes.js';

/** Answers of libxlu 4.17 (Debian 12), by xlu_rdm_parse; a policy it never fills in without refusing. */
const RDM_RECORDED = readFileSync(
  new URL('../../../test/boot/recordings/libxlu-rdm-4.17.jsonl', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line !== '')
  .map(
    (line) =>
      JSON.parse(line) as {
        readonly text: string;
        readonly refused?: number;
        readonly said?: string;
        readonly strategy?: number;
      },
  );

const codes = (text: string) => lintCodes(xlConfigFile, text);

describe('the lint of an xl.cfg', () => {
  test('says nothing of what xl does as it is written', () => {
    assert.deepEqual(
      codes(`name = "web"
type = "hvm"
memory = 512
maxmem = 512
passthrough = "enabled"
pci_msitranslate = 0
pci = [ '0a:00.0', '0b:00.*@5,power_mgmt=1', 'bdf=0c:00.0,vslot=6' ]
pci += [ "name=disk" ]
`),
      [],
    );
  });

  test('tells where the file breaks off', () => {
    assert.deepEqual(codes("PCI = [ '0a:00.0' ]\n"), [`SYNTAX "PCI = [ '0a:00.0' ]"`]);
    assert.deepEqual(codes('a = 1 # x'), ['SYNTAX "# x"']);
  });

  test('tells settings that do nothing', () => {
    assert.deepEqual(codes("pci_permisive = 0\npci_seize = 'yes'\npcis = []\n"), [
      'SETTING_UNKNOWN "pci_permisive"',
      `DEFAULT_NOT_NUMBER "'yes'"`,
      'SETTING_UNKNOWN "pcis"',
    ]);
    assert.deepEqual(codes("pci = [ '0a:00.0' ]\nmemory = 1\npci = [ '0b:00.0' ]\nmemory = 2\n"), [
      `LIST_REPLACED "pci = [ '0a:00.0' ]"`,
      'SETTING_AGAIN "memory = 1"',
    ]);
    assert.deepEqual(codes("pci = '0a:00.0'\n"), [`PCI_NO_LIST "'0a:00.0'"`]);
    assert.deepEqual(codes("pci = [ '0a:00.0', [], 'x' ]\n"), ['ENTRY_IS_LIST "[]"']);
  });

  test('tells what each entry comes to', () => {
    const entry = (spec: string) => codes(`pci = [ '${spec}' ]\n`);
    assert.deepEqual(entry('0a:00.0,permissive=yes'), ['FLAG_NOT_NUMBER "permissive=yes"']);
    assert.deepEqual(entry('0a:00.0,seize=0x1'), ['FLAG_ODD_NUMBER "seize=0x1"']);
    assert.deepEqual(entry('0a:00.0,20'), ['OPTION_BARE "20"']);
    assert.deepEqual(entry('0a:00.0, msitranslate=1'), ['OPTION_UNKNOWN " msitranslate"']);
    assert.deepEqual(entry('0a:00.0,vslot=20'), ['SLOT_MALFORMED "20"']);
    assert.deepEqual(entry('0a:00.0,vslot='), ['SLOT_MALFORMED ""']);
    assert.deepEqual(entry('0a:00.0@0'), ['SLOT_AUTOMATIC "0"']);
    assert.deepEqual(entry('bdf=0a:00.0@5'), ['VALUE_CUT "@5"']);
    assert.deepEqual(entry('0a:00.9'), ['ADDRESS_MALFORMED "0a:00.9"']);
    assert.deepEqual(entry('0a:0x1.0'), ['NUMBER_LOOSE "0x1"']);
    assert.deepEqual(entry('0a:00.0,vslot=4,vslot=5'), ['OPTION_AGAIN "vslot=5"']);
    assert.deepEqual(entry('0a:00.0,rdm_policy=loose'), ['POLICY_UNKNOWN "loose"']);
    assert.deepEqual(entry('seize=0'), ['TARGET_MISSING "seize=0"']);
    assert.deepEqual(entry('0a:00.0,name=x'), ['TARGET_TWICE "0a:00.0,name=x"']);
    assert.deepEqual(entry('0a:00.0,permissive=1'), [`PERMISSIVE "'0a:00.0,permissive=1'"`]);
    assert.deepEqual(entry('0a:00.0,seize=1'), [`SEIZE "'0a:00.0,seize=1'"`]);
  });

  test('tells what becomes of rdm', () => {
    assert.deepEqual(codes("rdm = 'strategy=host,policy=strict'\n"), ['RDM_POLICY_REFUSED "policy=strict"']);
    assert.deepEqual(codes("rdm = 'strategy=host,policy=lax'\n"), ['RDM_POLICY_UNKNOWN "policy=lax"']);
    assert.deepEqual(codes("rdm = 'strategy=host'\n"), ['RDM_POLICY_UNSAID "strategy=host"']);
    assert.deepEqual(codes("rdm = 'strategy=host, policy=strict'\n"), ['RDM_MALFORMED " policy=strict"']);
  });

  test('reads rdm as libxlu does', () => {
    for (const { text, refused, said, strategy } of RDM_RECORDED) {
      const { isRefused, isHost, rule } = readRdmAsXl(text);
      assert.equal(isRefused, refused !== undefined, text);
      if (!isRefused) assert.equal(isHost, strategy === 1, text);
      assert.equal(rule === 'RDM_POLICY_UNKNOWN', !isRefused && said !== undefined, text);
    }
    assert.ok(RDM_RECORDED.length > 30);
  });

  test('tells what entries and the guest do not allow together', () => {
    assert.deepEqual(codes("pci = [ '0a:00.0', '0000:a:0.*', '0b:00.0@5', '0c:00.0@5' ]\n"), [
      `FUNCTION_AGAIN "'0000:a:0.*'"`,
      `SLOT_AGAIN "'0c:00.0@5'"`,
    ]);
    assert.deepEqual(
      codes("type = 'hvm'\nmemory = 512\nmaxmem = 1024\npassthrough = 'disabled'\npci = [ '0a:00.0' ]\n"),
      ['POPULATE_ON_DEMAND "1024"', `PASSTHROUGH_DISABLED "'disabled'"`],
    );
    assert.deepEqual(codes("type = 'pv'\nmemory = 512\nmaxmem = 1024\npci = [ '0a:00.0' ]\n"), []);
  });

  test('fails on nothing, and prints what it read', () =>
    checkProperty(
      'xl: printed and linted',
      fc.property(
        fc.oneof(
          fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
          fc
            .array(
              fc.constantFrom(
                'pci',
                'memory',
                ' = ',
                '+=',
                '[',
                ']',
                "'0a:00.0'",
                "'",
                '"',
                ',',
                ';',
                '\n',
                '#',
                '\\',
                '1',
                'seize=1',
                '\0',
                '\r',
              ),
            )
            .map((parts) => parts.join('')),
        ),
        (text) => {
          assert.equal(xlConfigFile.print(text), text);
          for (const { offset, length } of xlConfigFile.lint(text))
            assert.ok(offset >= 0 && length >= 0 && offset + length <= text.length);
        },
      ),
    ));
});
