/** Boot files: every kind prints what it read, none throws on any text, and hidden functions can be shown again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  BOOT_FILES,
  bootFileKind,
  editText,
  hiddenText,
  netbsdHide,
  pptHide,
  protoHide,
  vfioGrubHide,
  vfioModprobeHide,
  xenGrubHide,
  xenModprobeHide,
  type HiddenFunction,
  type HideEditor,
} from '../../src/boot/index.js';
import { readGrubDefaults, valuesOf } from '../../src/boot/grub/grub-defaults.js';
import { GRUB_CONFIG_RULES } from '../../src/boot/grub/grub-config-rules.js';
import { GRUB_DEFAULTS_RULES } from '../../src/boot/grub/grub-defaults-rules.js';
import { BOOT_CONFIG_RULES } from '../../src/boot/netbsd/boot-config-rules.js';
import { LOADER_CONFIG_RULES } from '../../src/boot/freebsd/loader-config-lint.js';
import { pptList } from '../../src/boot/freebsd/function-lists.js';
import { OpenslotError, PciAddress } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { modelNetbsd } from './netbsd-model.js';
import { modelHideOption, modelLoader, OVERRUN } from './netbsd-loader-model.js';

function hidden(bus: number, device = 0, fn = 0): HiddenFunction {
  return { address: new PciAddress(0, bus, device, fn), ids: { vendor: 0x8086, device: 0x1000 + bus } };
}

/** Every byte may come, those that mean something more often. */
const bytes = fc.string({
  unit: fc.oneof(
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) },
    { weight: 4, arbitrary: fc.constantFrom(...'\n\n= \t#;:"\'\\$`(){}[],|&<>\r\0/') },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        'menu=',
        'load=',
        'load ',
        'multiboot',
        'timeout=',
        'pciback.hide=',
        'xen-pciback.hide=(0a:00.0)',
        'vfio-pci.ids=1:2,',
        'GRUB_CMDLINE_LINUX=',
        'GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT="',
        'hw.proto.attach="',
        'pptdevs="1/0/0',
        'proto_load="YES"',
        'options xen-pciback hide=',
        'if true; then\n',
        '<hostdev>',
        'pci=[',
      ),
    },
  ),
  maxLength: 60,
});

describe('every kind of boot file', () => {
  for (const kind of BOOT_FILES) {
    test(`${kind.name} prints what it read, and finds faults in any text without failing`, async () => {
      await checkProperty(
        `boot: files of ${kind.name} are printed as they were read`,
        fc.property(bytes, (text) => {
          assert.equal(kind.print(text), text);
          let last = 0;
          for (const { offset, length, what, effect } of kind.lint(text)) {
            assert.ok(offset >= last && length >= 0 && offset + length <= text.length, `${offset}+${length}`);
            assert.ok(what !== '' && effect !== '');
            last = offset;
          }
        }),
        { numRuns: 300 },
      );
    });
  }

  test('is known by its name', () => {
    const kinds = {
      '/boot.cfg': 'boot.cfg',
      '/boot/loader.conf': 'loader.conf',
      'loader.conf.local': 'loader.conf',
      '/boot/loader.conf.d/pci.conf': 'loader.conf',
      '/etc/default/grub': 'grub',
      'saved/grub': 'grub',
      '/etc/default/grub.d/xen.cfg': 'grub',
      '/boot/grub/grub.cfg': 'grub.cfg',
      '/etc/hostname': undefined,
    };
    for (const [path, name] of Object.entries(kinds)) assert.equal(bootFileKind(path)?.name, name, path);
  });
});

const EDITORS: Readonly<Record<string, HideEditor>> = {
  netbsd: netbsdHide,
  proto: protoHide,
  ppt: pptHide,
  'grub for xen': xenGrubHide,
  'grub for vfio': vfioGrubHide,
  'modprobe.d for xen': xenModprobeHide,
  'modprobe.d for vfio': vfioModprobeHide,
};

const lines = (...choices: readonly string[]) =>
  fc
    .array(fc.constantFrom(...choices), { maxLength: 6 })
    .chain((all) => fc.constantFrom('\n', '').map((end) => all.join('\n') + (all.length === 0 ? '' : end)));

const FILES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  netbsd: lines(
    'menu=Boot:boot netbsd',
    'menu=Xen:load /netbsd-XEN3_DOM0.gz console=pc;multiboot /xen.gz dom0_mem=512M',
    'menu=Xen2:load /n -s pciback.hide=(01:00.0); multiboot /xen.gz',
    'menu=Xen3:load /n  ;load /m x;multiboot /xen.gz',
    'load=/kern',
    'load=/kern pciback.hide=(02:00.0) x # why',
    'timeout=5',
    '# nothing',
    'banner=h\xe4llo',
  ),
  proto: lines(
    'proto_load="YES"',
    'hw.proto.attach="pci0:1:0:0,isa:0x60"',
    'hw.proto.attach=""',
    'a=1',
    '# x',
    '',
    'b="c" # d',
  ),
  ppt: lines('vmm_load="YES"', 'pptdevs="1/0/0 9/0/0"', 'pptdevs2="7/0/1"', 'pptdevs=""', 'a=1', '  # x'),
  'grub for xen': lines(
    'GRUB_CMDLINE_LINUX_DEFAULT="quiet"',
    'GRUB_CMDLINE_LINUX_DEFAULT=quiet',
    'GRUB_CMDLINE_LINUX=',
    "GRUB_CMDLINE_LINUX='a b '",
    'GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT xen-pciback.hide=(01:00.0)(0b:*.*)"',
    'GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT=quiet\\ x',
    'GRUB_CMDLINE_XEN="dom0_mem=1G" # memory',
    '',
  ),
  'grub for vfio': lines(
    'GRUB_CMDLINE_LINUX_DEFAULT="quiet "',
    'GRUB_CMDLINE_LINUX_DEFAULT=quiet',
    "GRUB_CMDLINE_LINUX_DEFAULT='vfio-pci.ids=1:2 x'",
    'GRUB_CMDLINE_LINUX="intel_iommu=on vfio-pci.ids=10de:1,10de:2"',
    'GRUB_DISTRIBUTOR=`lsb_release -i`',
  ),
  'modprobe.d for xen': lines(
    'options xen-pciback hide=(01:00.0)',
    'options xen_pciback passthrough=1',
    'softdep e1000e pre: xen-pciback',
    '# x',
    '',
  ),
  'modprobe.d for vfio': lines(
    'options vfio-pci ids=1:2',
    'options vfio-pci disable_vga=1',
    'softdep a pre: b',
  ),
};

describe('hiding', () => {
  for (const [name, editor] of Object.entries(EDITORS)) {
    test(`in a file of ${name} changes lines of its own alone, and is taken back to the byte`, async () => {
      let made = 0;
      await checkProperty(
        `hiding: in ${name}, done and undone`,
        fc.property(
          FILES[name] ?? fc.constant(''),
          fc.uniqueArray(fc.integer({ min: 0x20, max: 0x2f }), { minLength: 1, maxLength: 4 }),
          (text, buses) => {
            const functions = buses.map((bus) => hidden(bus, bus % 32, bus % 8));
            let after: string;
            try {
              after = hiddenText(editor, text, functions);
            } catch (error) {
              assert.ok(error instanceof OpenslotError, String(error));
              return;
            }
            made++;
            for (const which of functions) assert.ok(editor.hides(after, which), after);
            assert.equal(hiddenText(editor, after, functions), after, 'hidden twice is hidden once');
            assert.equal(hiddenText(editor, after, functions, 'unhide'), text, after);
            const edits = editor.hide(text, functions);
            assert.equal(editText(text, edits), after);
            assert.ok(edits.every(({ length }) => length === 0) || name.startsWith('modprobe'), 'only adds');
          },
        ),
        { numRuns: 150 },
      );
      assert.ok(made > 20, `${made} files could be edited`);
    });
  }

  test('NetBSD’s loader and kernel, as their model reads the file, claim what was hidden', async () => {
    let booted = 0;
    await checkProperty(
      'hiding: as the model of NetBSD reads it',
      fc.property(
        FILES['netbsd'] ?? fc.constant(''),
        fc.uniqueArray(fc.integer({ min: 0x20, max: 0x2f }), { minLength: 1, maxLength: 7 }),
        (text, buses) => {
          let after: string;
          try {
            after = hiddenText(
              netbsdHide,
              text,
              buses.map((bus) => hidden(bus)),
            );
          } catch (error) {
            assert.ok(error instanceof OpenslotError, String(error));
            return;
          }
          const kernels = modelLoader(after).filter((entry) => entry !== undefined);
          assert.ok(kernels.length > 0);
          for (const kernel of kernels) {
            assert.ok(kernel !== OVERRUN);
            const { claimed, end } = modelNetbsd(modelHideOption(kernel.arguments));
            assert.equal(end, 'registered', after);
            for (const bus of buses) assert.ok(claimed.includes(`${bus}:0.0`), after);
            booted++;
          }
        },
      ),
      { numRuns: 300 },
    );
    assert.ok(booted > 20, `${booted} kernels were booted`);
  });

  test('what a limit would cut is refused, with the limit', () => {
    const xen = 'menu=Xen:load /netbsd-XEN3_DOM0.gz console=pc;multiboot /xen.gz\n';
    const three = [1, 2, 3].map((bus) => hidden(bus));
    assert.throws(() => hiddenText(netbsdHide, xen, [...three, hidden(4)]), {
      code: 'BOOT_FILE_LIMIT',
      message: /COMMAND_TOO_LONG: a command of a menu entry has more than 79 characters: 86/,
    });
    assert.match(
      hiddenText(netbsdHide, xen, three.slice(0, 2)),
      /pciback\.hide=\(01:00\.0\)\(02:00\.0\);multi/,
    );
    const eight = Array.from({ length: 8 }, (_, bus) => hidden(bus));
    assert.throws(() => hiddenText(netbsdHide, 'load=/n\nmenu=X:multiboot /x', eight), {
      code: 'HIDE_LIST_LIMIT',
    });
    assert.throws(() => hiddenText(netbsdHide, 'menu=N:boot netbsd\n', three), {
      code: 'BOOT_FILE_UNEDITABLE',
    });
    const many = Array.from({ length: 60 }, (_, bus) => hidden(100 + bus, 31, 7));
    assert.throws(() => hiddenText(pptHide, '', many), {
      code: 'BOOT_FILE_UNEDITABLE',
      message: /do not fit/,
    });
  });

  test('an option that does not do what it says is not added to', () => {
    const text = 'menu=Xen:load /n pciback.hide=(0a:00.0);multiboot /x\n'.replace('(0a', '0a');
    assert.throws(() => hiddenText(netbsdHide, text, [hidden(1)]), { code: 'HIDE_LIST_UNSOUND' });
    assert.throws(() => hiddenText(pptHide, 'vmm_load="YES"\npptdevs="0a/0/0"\n', [hidden(1)]), {
      code: 'BOOT_FILE_LIMIT',
    });
    const wild = 'GRUB_CMDLINE_LINUX="xen-pciback.hide=(0a:00.*)"\n';
    assert.equal(hiddenText(xenGrubHide, wild, [hidden(10)]), wild);
    assert.throws(() => hiddenText(xenGrubHide, wild, [hidden(10)], 'unhide'), {
      code: 'BOOT_FILE_UNEDITABLE',
    });
  });
});

test('the shell comes to the same values of /etc/default/grub', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "'a b'",
      '"c  d"',
      '\\ ',
      '\\"',
      '"\\$x"',
      "'\\'",
      '"\\a"',
      '""',
      "''",
      '$A',
      '"${B} $A"',
      '\\\n',
    ),
    fc
      .string({ unit: fc.constantFrom(...'abz09._-=/,:(*'), maxLength: 4 })
      .map((text) => text.replaceAll(/[(*]/g, '\\$&')),
  );
  const assignment = fc
    .tuple(fc.constantFrom('A', 'B', 'GRUB_X'), fc.array(piece, { maxLength: 4 }))
    .map(([name, pieces]) => `${name}=${pieces.join('')}`);
  const file = fc
    .array(fc.oneof(assignment, fc.constantFrom('# a "comment', '', 'export A', 'C=1; B=2')), {
      maxLength: 6,
    })
    .map((all) => all.join('\n'));
  const folder = mkdtempSync(join(tmpdir(), 'openslot-grub-'));
  try {
    const files = fc.sample(file, { numRuns: 120, seed: Date.now() % 0x7fff_ffff });
    for (const [index, text] of files.entries()) writeFileSync(join(folder, `${index}.cfg`), text);
    // One shell reads them all, each in a subshell without what another one set.
    const script = `i=0; while [ $i -lt ${files.length} ]; do ( A= B= GRUB_X= ; unset A B GRUB_X; . "$1/$i.cfg"; printf '%s\\036%s\\036%s\\035' "$A" "$B" "$GRUB_X" ); i=$((i+1)); done`;
    const { stdout, stderr, status } = spawnSync('sh', ['-c', script, 'sh', folder], {
      encoding: 'latin1',
      env: {},
    });
    assert.deepEqual([status, stderr], [0, '']);
    const told = stdout.split('\x1d').slice(0, -1);
    assert.equal(told.length, files.length);
    for (const [index, text] of files.entries()) {
      const values = valuesOf(readGrubDefaults(text));
      const ours = ['A', 'B', 'GRUB_X'].map((name) => values.get(name) ?? '').join('\x1e');
      assert.equal(ours, told[index], JSON.stringify(text));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const MENU_OF_11 = 'menu=A:boot a\n'.repeat(11);

/** A table of what each reader finds: text, then code at line:column. */
const FOUND: readonly (readonly [string, string, readonly string[]])[] = [
  ['boot.cfg', 'timeout= 5\n', ['TIMEOUT_FOREVER@8']],
  ['boot.cfg', 'timeout=1m\nclear=yes\n', ['TIMEOUT_CUT@8', 'CLEAR_NOT_NUMBER@17']],
  ['boot.cfg', 'timeout=10 20\n', ['TIMEOUT_CUT@8']],
  ['boot.cfg', 'timeout=10 \n', []],
  ['boot.cfg', `format=numbers\ntimeout=0\ndefault=11\n${MENU_OF_11}`, []],
  ['boot.cfg', `format=letters\ndefault=11\n${MENU_OF_11}`, []],
  [
    'boot.cfg',
    `format=Digits\ndefault=10\nmenu=none\n${MENU_OF_11}`,
    ['DEFAULT_RANGE@22', 'MENU_COLON_MISSING@30', 'MENU_NUMBERS_END@161', 'MENU_NUMBERS_END@175'],
  ],
  [
    'boot.cfg',
    `${'menu=\n'.repeat(9)}${MENU_OF_11}${MENU_OF_11}`,
    [
      ...Array.from({ length: 9 }, (_, index) => `MENU_COLON_MISSING@${index * 6 + 5}`),
      'MENU_TOO_MANY@334',
      'MENU_TOO_MANY@348',
    ],
  ],
  ['boot.cfg', 'menuitem=Boot:boot\n', ['KEY_PREFIX@0']],
  [
    'boot.cfg',
    'rndseed=/x\n menu=a:boot\nfoo=1\nbar\n',
    ['KEY_IS_COMMAND@0', 'KEY_SPACED@11', 'KEY_UNKNOWN@24', 'SEPARATOR_MISSING@30'],
  ],
  ['boot.cfg', 'menu=no colon\n', ['MENU_COLON_MISSING@5']],
  ['boot.cfg', 'load=/modules/a.kmod\nmenu=X:load /n;multiboot /x\n', ['KERNEL_IS_MODULE@5']],
  ['boot.cfg', 'menu=X:multiboot /x pciback.hide=(01:00.0)\n', ['KERNEL_MISSING@7', 'HIDE_ON_HYPERVISOR@20']],
  ['boot.cfg', 'menu=X:load /n;load /m pciback.hide=(01:00.0);multiboot /x\n', ['HIDE_NOT_ON_KERNEL@23']],
  ['boot.cfg', 'menu=X:boot n pciback.hide=(01:00.0); ls\n', ['HIDE_WITHOUT_XEN@14', 'COMMAND_UNREACHED@38']],
  ['boot.cfg', 'menu=X:load /n pciback.hide=(1:0.0)(1:0.8);multiboot /x\n', ['NUMBER_RANGE@40']],
  ['boot.cfg', 'menu=X:boot n\r\n', ['CARRIAGE_RETURN@13']],
  ['boot.cfg', 'a=\0', ['KEY_UNKNOWN@0', 'NUL_ENDS@2']],
  ['boot.cfg', '#'.repeat(32769), ['FILE_TOO_LARGE@32768']],
  ['loader.conf', "a='b'\n", ['QUOTE_SINGLE@2']],
  ['loader.conf', 'a="b" # "c"\n', ['QUOTE_INSIDE@4']],
  ['loader.conf', 'hw.proto.attach=pci0:1:0:0\n', ['VALUE_UNQUOTED@20']],
  ['loader.conf', 'hw.proto.attach="0a:00.0"\n', ['MODULE_NOT_LOADED@0', 'LIST_FORM@17']],
  [
    'loader.conf',
    'proto_load="yes"\nhw.proto.attach="pci0:01:0:0,pci0:1:32:0"',
    ['LIST_FORM@34', 'LIST_RANGE@46'],
  ],
  [
    'loader.conf',
    'vmm_load="YES"\npptdevs="1/0/0,2/0/0"\npptdevs4="3/0/0"\n',
    ['LIST_REST@24', 'LIST_VARIABLE@37'],
  ],
  [
    'loader.conf',
    'vmm_load="on"\nfoo bar\nx=1 2\ny="1\n',
    ['LOAD_VALUE@10', 'SETTING_MISSING@14', 'VALUE_FOLLOWED@25', 'QUOTE_UNCLOSED@30'],
  ],
  ['grub', 'GRUB_A = 1\n', ['EQUALS_SPACED@6']],
  ['grub', 'GRUB_CMDLINE_LINUX=quiet splash\n', ['VALUE_UNQUOTED@25']],
  [
    'grub',
    'GRUB_CMDLINE_LINUX=xen-pciback.hide=(0a:00.0)\n',
    ['PARENTHESIS_UNQUOTED@36', 'PARENTHESIS_UNQUOTED@44'],
  ],
  ['grub', 'A="1\n', ['QUOTE_UNCLOSED@2']],
  [
    'grub.cfg',
    'multiboot2 /xen.gz placeholder xen-pciback.hide=(0a:00.0) vfio-pci.ids=8086:10d3\n',
    ['HIDE_ON_HYPERVISOR@31', 'IDS_ON_HYPERVISOR@58'],
  ],
  [
    'grub.cfg',
    'multiboot2 /xen.gz\nmodule2 /vmlinuz x xen-pciback.hide=(0a:00.0)\nmodule2 /initrd xen-pciback.hide=(0a:00.0)\n',
    ['HIDE_NOT_ON_KERNEL@81'],
  ],
  [
    'grub.cfg',
    'menuentry "a" {\nlinux /vmlinuz "xen-pciback.hide=(0a:00.0)" vfio-pci.ids=1,8086:1\n}\n',
    ['HIDE_WITHOUT_XEN@32', 'IDS_MALFORMED@73'],
  ],
  ['grub.cfg', 'multiboot2 /xen.gz\nmodule2 /vmlinuz x pciback.hide=(0a:00.0)\n', ['HIDE_OLD_NAME@38']],
  ['grub', 'GRUB_CMDLINE_XEN="xen-pciback.hide=(0a:00.0)"\n', ['HIDE_ON_HYPERVISOR@18']],
  ['grub', 'GRUB_CMDLINE_LINUX="pciback.hide=(0a:00.0)"\n', ['HIDE_OLD_NAME@20']],
  ['grub', 'GRUB_CMDLINE_LINUX="xen-pciback.hide=(0a:00.0)x"\n', ['ELEMENT_EXPECTED@46']],
  [
    'grub',
    'GRUB_CMDLINE_LINUX_DEFAULT="xen-pciback.hide=(0a:00.0)"\nGRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT="quiet"\n',
    ['HIDE_REPLACED@28'],
  ],
  ['grub', 'A=1\nA=2\nA="$A 3"\n', ['ASSIGNMENT_REPEATED@0']],
  ['grub', 'GRUB_CMDLINE_LINUX="vfio-pci.ids=8086,1:2"\r\n', ['IDS_MALFORMED@33', 'CARRIAGE_RETURN@42']],
  [
    'boot.cfg',
    'menu=a#b:boot\nformat=x\nconsdev=com4\n',
    ['MENU_COLON_MISSING@5', 'COMMENT_CUTS@6', 'FORMAT_UNKNOWN@21', 'CONSOLE_UNKNOWN@31'],
  ],
  ['boot.cfg', `clear=0\nclear=1\n${'banner=x\n'.repeat(13)}`, ['KEY_REPEATED@0', 'BANNER_TOO_MANY@124']],
  [
    'boot.cfg',
    `menu=A:load /n ${'x'.repeat(80)};multiboot /x;blah\n`,
    ['COMMAND_TOO_LONG@86', 'MODULE_TEXT_CUT@91', 'COMMAND_UNKNOWN@109'],
  ],
  [
    'loader.conf',
    'a="\\b"\nb="c\\\\"\nc="$d"\ne="f$"\n',
    ['ESCAPE@3', 'ESCAPE@11', 'VARIABLE@18', 'ESCAPE_AT_END@26'],
  ],
  [
    'loader.conf',
    'proto_load="YES"\nhw.proto.attach="pci0:1:0:0"\nhw.proto.attach="pci0:2:0:0,pci0:2:0:0"\n',
    ['SETTING_REPEATED@17', 'DUPLICATE@74'],
  ],
  [
    'loader.conf',
    `vmm_load="YES"\npptdevs="${Array.from({ length: 30 }, (_, bus) => `${bus}/0/0`).join(' ')}"\n`,
    ['LIST_TOO_LONG@152'],
  ],
  [
    'grub',
    'echo x\nGRUB_CMDLINE_LINUX="xen-pciback.hide=(0a:00.0)"\nGRUB_CMDLINE_LINUX_DEFAULT="xen-pciback.hide=(0b:00.0)"\n',
    ['COMMAND@0', 'HIDE_TWICE@7'],
  ],
  ['grub', 'GRUB_CMDLINE_LINUX="vfio-pci.ids=1:2 vfio-pci.ids=3:4"\n', ['IDS_REPEATED@20']],
  ['grub.cfg', 'linux /v vfio-pci.ids=1:2 vfio-pci.ids=3:4 "a\n', ['IDS_REPEATED@9', 'QUOTE_UNCLOSED@43']],
];

describe('lint', () => {
  for (const [name, text, expected] of FOUND) {
    test(`${name}: ${JSON.stringify(text.slice(0, 60))}`, () => {
      const kind = BOOT_FILES.find((one) => one.name === name);
      assert.ok(kind !== undefined);
      assert.deepEqual(
        kind.lint(text).map(({ code, offset }) => `${code}@${offset}`),
        expected,
      );
    });
  }

  test('the table shows every rule of the files of the boot', () => {
    const rulesOf = {
      'boot.cfg': BOOT_CONFIG_RULES,
      'loader.conf': LOADER_CONFIG_RULES,
      grub: GRUB_DEFAULTS_RULES,
      'grub.cfg': GRUB_CONFIG_RULES,
    };
    for (const [kind, rules] of Object.entries(rulesOf)) {
      const shown = FOUND.flatMap(([name, , found]) => (name === kind ? found : []));
      const unshown = Object.keys(rules).filter((code) => !shown.some((each) => each.startsWith(`${code}@`)));
      assert.deepEqual(unshown, [], kind);
    }
  });

  test('a list of ppt is read as sscanf reads it', () => {
    const read = pptList.read('1/2/3 +4/5/6x  7/8').map(({ address, fault }) => [String(address), fault]);
    assert.deepEqual(read, [
      ['0000:01:02.3', undefined],
      ['0000:04:05.6', 'rest-lost'],
      ['undefined', 'form'],
    ]);
  });
});
