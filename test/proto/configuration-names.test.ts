/** Registers of configuration space as a person names them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesReader, OpenslotError, registerMap, fields } from '../../src/pci/index.js';
import {
  ConfigurationNames,
  needsConfiguration,
  selectReadable,
  selectRegister,
} from '../../src/proto/program/index.js';

/** A device with power management at 0x40 and twice at 0x50, MSI of 64 bits at 0x60, Express of an endpoint at 0x80. */
function device(): Uint8Array {
  const bytes = new Uint8Array(4096);
  const put = (offset: number, text: string) => {
    bytes.set(Buffer.from(text.replaceAll(' ', ''), 'hex'), offset);
  };
  put(0x00, '86 80 45 58  06 04 10 00');
  put(0x34, '40');
  put(0x40, '01 50 03 00');
  put(0x50, '01 60 03 00');
  put(0x60, '05 80 80 00');
  put(0x80, '10 00 02 00');
  put(0x100, '03 00 01 00  78 56 34 12  ef cd ab 89');
  return bytes;
}

const names = new ConfigurationNames(bytesReader(device()));

function found(text: string) {
  const { name, space, offset, shape, field } = selectRegister([], text, names);
  return [name, space, offset, shape.register.width, field?.name];
}

function refused(code: string, act: () => unknown): string {
  let told = '';
  assert.throws(act, (error: unknown) => {
    if (!(error instanceof OpenslotError)) return false;
    told = `${error.message} ${error.next}`;
    return error.code === code;
  });
  return told;
}

test('a capability’s name, its register, its field', () => {
  assert.deepEqual(found('pcie.devctl.max_payload'), ['pcie.devctl', 'config', 0x88, 2, 'max_payload']);
  assert.deepEqual(found('header.command'), ['header.command', 'config', 4, 2, undefined]);
  assert.deepEqual(
    found('MSI.data'),
    ['msi.data', 'config', 0x6c, 2, undefined],
    'the variant that is there',
  );
});

test('of two capabilities of one name it is said which, by its place or its number', () => {
  assert.deepEqual(found('pm@50.pmcsr.state'), ['pm@50.pmcsr', 'config', 0x54, 2, 'state']);
  assert.deepEqual(found('pm@0x40.pmcsr'), ['pm@40.pmcsr', 'config', 0x44, 2, undefined]);
  assert.deepEqual(found('pm#2.pmcsr'), ['pm@50.pmcsr', 'config', 0x54, 2, undefined]);
  assert.match(
    refused('REGISTER_MALFORMED', () => found('pm.pmcsr')),
    /there are pm@40\.pmcsr, pm@50\.pmcsr: say which/,
  );
  for (const text of ['pm@60.pmcsr', 'pm#3.pmcsr', 'pm#0.pmcsr'])
    assert.match(
      refused('REGISTER_UNKNOWN', () => found(text)),
      /pm@40|pm@50/,
      text,
    );
  // A name that needs no more may have it all the same.
  assert.deepEqual(found('pcie@80.devctl'), ['pcie.devctl', 'config', 0x88, 2, undefined]);
  assert.deepEqual(found('pcie#1.devctl'), ['pcie.devctl', 'config', 0x88, 2, undefined]);
});

test('a wrong name gets the nearest ones', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['pcie.devctl.max_paylod', /did you mean pcie\.devctl\.max_payload/],
    ['pcie.devtcl', /did you mean pcie\.dev/],
    ['pcie.devctrl.max_payload', /did you mean pcie\.devctl\.max_payload/],
    ['heder.command', /did you mean header\.command/],
  ];
  for (const [text, expected] of cases)
    assert.match(
      refused('REGISTER_UNKNOWN', () => found(text)),
      expected,
      text,
    );
  assert.match(
    refused('REGISTER_ABSENT', () => found('pcie.rootctl.fatal')),
    /this function has none.*PCI Express Base/,
  );
  refused('REGISTER_INDEX', () => found('pcie.devctl[1]'));
});

test('a capability that this function has not is told to be absent, and what it has', () => {
  for (const text of ['aer', 'aer.uncorrectable', 'AER.uncorrectable', 'aer@200.uncorrectable'])
    assert.match(
      refused('REGISTER_ABSENT', () => found(text)),
      /this function has no Advanced Error Reporting \(aer\); it has header, pm@40, pm@50, msi, pcie, dsn what it has/,
      text,
    );
  assert.match(
    refused('REGISTER_ABSENT', () => selectReadable([], 'msix.control', names)),
    /no MSI-X \(msix\); .*did you mean msi\.control/,
    'a name that is near is told all the same',
  );
  const { whole } = fields;
  const registers = [whole(0, 4, 'uncorrectable', 'Mine', 'rw')];
  const own = registerMap({
    name: 'aer',
    title: 'Mine',
    source: 'this test',
    space: 'bar0',
    devices: [],
    registers,
  });
  assert.equal(
    selectRegister([own], 'aer.uncorrectable', names).space,
    'bar0',
    'a map of the user may have its name',
  );
});

test('a capability that may stand in bytes which cannot be read is not said to be missing', () => {
  const cut = (size: number) => new ConfigurationNames(bytesReader(device().subarray(0, size)));
  const told = (size: number, text: string) =>
    refused('REGISTER_ABSENT', () => selectRegister([], text, cut(size)));
  assert.match(told(64, 'pcie.devctl'), /only 64 bytes of its configuration space can be read.*sudo/);
  assert.match(told(256, 'aer.uncorrectable'), /only 256 bytes .* no Advanced Error Reporting.*sudo/);
  assert.match(told(256, 'msix.control'), /this function has no MSI-X/);
  const conventional = device().subarray(0, 256);
  conventional[0x61] = 0;
  assert.match(
    refused('REGISTER_ABSENT', () =>
      selectRegister([], 'aer.uncorrectable', new ConfigurationNames(bytesReader(conventional))),
    ),
    /this function has no Advanced Error Reporting/,
    'without PCI Express there are no more bytes',
  );
  const gone = new ConfigurationNames(bytesReader(new Uint8Array(4096).fill(0xff)));
  assert.match(
    refused('REGISTER_ABSENT', () => selectRegister([], 'header.command', gone)),
    /no function answers/,
  );
});

test('a capability by itself is all of its registers, to be read and not to be set', () => {
  assert.deepEqual(
    selectReadable([], 'msi', names).map(({ name }) => name),
    ['msi.list', 'msi.control', 'msi.address', 'msi.address_upper', 'msi.data'],
  );
  assert.match(
    refused('REGISTER_MALFORMED', () => found('msi')),
    /msi\.list or another/,
  );
});

test('names of a device’s own map go first only where no capability has them', () => {
  const { whole } = fields;
  const mine = registerMap({
    name: 'mine',
    title: 'Mine',
    source: 'none',
    space: 'bar0',
    devices: [],
    registers: [whole(0, 4, 'state', 'State'), whole(4, 4, 'pcie', 'Express')],
  });
  assert.equal(selectRegister([mine], 'state', names).name, 'mine.state');
  assert.equal(needsConfiguration([mine], 'state'), false);
  assert.equal(needsConfiguration([mine], 'bar0:0/4'), false);
  assert.equal(needsConfiguration([mine], 'pcie.devctl'), true);
  assert.equal(needsConfiguration([mine], 'nothing.of.this=1'), true);
  assert.equal(selectRegister([mine], 'pcie.devctl', names).name, 'pcie.devctl');
  refused('REGISTER_MALFORMED', () => selectReadable([mine], 'pcie', names));
  assert.equal(selectRegister([mine], 'mine.pcie', names).name, 'mine.pcie');
});

test('every name that is told is found under itself', () => {
  for (const name of names.names()) {
    if (!name.includes('.')) {
      const all = selectReadable([], name, names);
      assert.ok(all.length > 0 && all.every((each) => each.name.startsWith(`${name}.`)), name);
      continue;
    }
    const { name: own, field } = selectRegister([], name, names);
    assert.equal(field === undefined ? own : `${own}.${field.name}`, name);
  }
});
