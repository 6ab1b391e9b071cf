/** Tests of lspci's words for resizable BARs, margining, data objects, encryption and vendor specific capabilities. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExtendedCapabilityId as Id } from '../../../src/pci/index.js';
import { extendedWords } from './extended-words.js';

describe('resizable BARs', () => {
  test('sizes from 1 MB to 8 EB, and one that there is no name for', () => {
    assert.deepEqual(extendedWords(Id.rebar, { 4: 0x8000_0030, 8: 0x8001_2b41, 12: 0, 16: 0x3f05 }), [
      'Physical Resizable BAR',
      '\t\tBAR 1: current size: 8EB, supported: 1MB 2MB 128TB 256TB 8EB',
      '\t\tBAR 5: current size: <unknown>',
    ]);
  });

  test('a number of BARs that cannot be, and entries that cannot be read', () => {
    const first = 'Virtual Resizable BAR';
    assert.deepEqual(extendedWords(Id.vfRebar, { 8: 7 << 5 }), [
      first,
      '\t\t<error in resizable BAR: num_bars=7 is out of specification>',
    ]);
    assert.deepEqual(extendedWords(Id.vfRebar, { 4: 0x10, 8: 2 << 5 }, { size: 0x110 }), [
      first,
      '\t\tBAR 0: current size: 1MB, supported: 1MB',
      '\t\t<unreadable>',
    ]);
    assert.deepEqual(extendedWords(Id.vfRebar, {}, { verbosity: 1 }), [first]);
  });
});

describe('lane margining and data object exchange', () => {
  test('margining', () => {
    assert.deepEqual(extendedWords(Id.margining, { 4: 0x0001_0001 }), [
      'Lane Margining at the Receiver',
      '\t\tPortCap: Uses Driver+',
      '\t\tPortSta: MargReady+ MargSoftReady-',
    ]);
    assert.deepEqual(extendedWords(Id.margining, {}, { size: 0x106 }), ['Lane Margining at the Receiver']);
  });

  test('data objects, with and without an interrupt', () => {
    assert.deepEqual(extendedWords(Id.doe, { 4: 0x803, 8: 2, 12: 0x8000_0005 }, { verbosity: 2 }), [
      'Data Object Exchange',
      '\t\tDOECap: IntSup+',
      '\t\t\tIntMsgNum 1025',
      '\t\tDOECtl: IntEn+',
      '\t\tDOESta: Busy+ IntSta- Error+ ObjectReady+',
    ]);
    assert.equal(extendedWords(Id.doe, { 4: 2 })[1], '\t\tDOECap: IntSup-');
    assert.deepEqual(extendedWords(Id.doe, {}, { size: 0x117 }), [
      'Data Object Exchange',
      '\t\t<unreadable>',
    ]);
  });
});

describe('integrity and data encryption', () => {
  /** Two link streams, and two selective ones of which the first has one address block. */
  const streams = {
    0x04: 0x0101_2047,
    0x08: 4,
    0x0c: 0xd800_0c45,
    0x10: 0x8000_0002,
    0x18: 1,
    0x1c: 1,
    0x20: 0x0558_4301,
    0x28: 0x0012_3400,
    0x2c: 0x7700_1001,
    0x30: 0xfff1_1101,
    0x34: 0x12,
    0x38: 0x34,
  };

  test('each stream, with its place at -vvv', () => {
    assert.deepEqual(extendedWords(Id.ide, streams), [
      'Integrity & Data Encryption',
      "\t\tIDECap: Lnk=2 Sel=2 FlowThru+ PartHdr- Aggr- PCPC- IDE_KM+ Alg='AES-GCM-256-96b' TCs=2 TeeLim+",
      '\t\tIDECtl: FTEn+',
      "\t\t[10c]LinkIDE#0 Ctl: En+ NPR=2 PR- CPL=2 PCRC+ HdrEnc=33:2 Alg='AES-GCM-256-96b' TC0 ID216",
      '\t\t[110]LinkIDE#0 Sta: Status=secure RecvChkFail+',
      "\t\t[114]LinkIDE#1 Ctl: En- NPR- PR- CPL- PCRC- HdrEnc=no Alg='AES-GCM-256-96b' TC0 ID0",
      '\t\t[118]LinkIDE#1 Sta: Status=reserved RecvChkFail-',
      '\t\t[11c]SelectiveIDE#0 Cap: RID#=1',
      "\t\t[120]SelectiveIDE#0 Ctl: En+ NPR- PR- CPL- PCRC+ CFG+ HdrEnc=no Alg='reserved' TC3 ID5 Default",
      '\t\t[124]SelectiveIDE#0 Sta: insecure RecvChkFail-',
      '\t\t[128]SelectiveIDE#0 RID: Valid+ Base=10 Limit=1234 SegBase=77',
      '\t\t[130]SelectiveIDE#0 RID#0: Valid+ Base=3411100000 Limit=12ffffffff',
      '\t\t[13c]SelectiveIDE#1 Cap: RID#=0',
      "\t\t[140]SelectiveIDE#1 Ctl: En- NPR- PR- CPL- PCRC- CFG- HdrEnc=no Alg='AES-GCM-256-96b' TC0 ID0",
      '\t\t[144]SelectiveIDE#1 Sta: insecure RecvChkFail-',
      '\t\t[148]SelectiveIDE#1 RID: Valid- Base=0 Limit=0 SegBase=0',
    ]);
    assert.equal(extendedWords(Id.ide, streams, { verbosity: 2 })[7], '\t\tSelectiveIDE#0 Cap: RID#=1');
  });

  test('ends where the space does', () => {
    const last = (size: number) => extendedWords(Id.ide, streams, { size }).slice(-2);
    assert.deepEqual(last(0x10b), ['Integrity & Data Encryption', '\t\t<unreadable>']);
    assert.deepEqual(last(0x11b), ['\t\tIDECtl: FTEn+', '\t\t<unreadable>']);
    assert.deepEqual(last(0x13b), [
      '\t\t[128]SelectiveIDE#0 RID: Valid+ Base=10 Limit=1234 SegBase=77',
      '\t\t<unreadable>',
    ]);
  });
});

describe('vendor specific capabilities', () => {
  test('their headers, at every verbosity', () => {
    assert.deepEqual(extendedWords(Id.vsec, { 4: 0x00c5_1234 }, { verbosity: 1 }), [
      'Vendor Specific Information: ID=1234 Rev=5 Len=00c <?>',
    ]);
    assert.deepEqual(extendedWords(Id.dvsec, { 4: 0x0281_8086, 8: 0xab }), [
      'Designated Vendor-Specific: Vendor=8086 ID=00ab Rev=1 Len=40 <?>',
    ]);
  });

  test('cut off', () => {
    assert.deepEqual(extendedWords(Id.vsec, {}, { size: 0x107 }), [
      'Vendor Specific Information: <unreadable>',
    ]);
    assert.deepEqual(extendedWords(Id.dvsec, {}, { size: 0x10b }), [
      'Designated Vendor-Specific: <unreadable>',
    ]);
  });
});
