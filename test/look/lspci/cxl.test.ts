/** Tests of lspci's words for the capabilities of Compute Express Link. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CXL_VENDOR, CxlDvsec, ExtendedCapabilityId } from '../../../src/pci/index.js';
import { extendedWords, type Shown } from './extended-words.js';

/** The lines below the first one. The two upper bytes of the second header are the capability's first register. */
function words(
  id: number,
  revision: number,
  length: number,
  registers: Readonly<Record<number, number>>,
  shown: Shown = {},
): string[] {
  const headers = { 4: (length << 20) | (revision << 16) | CXL_VENDOR, 8: (registers[8] ?? 0) | id };
  return extendedWords(ExtendedCapabilityId.dvsec, { ...registers, ...headers }, shown).slice(1);
}

describe('a device', () => {
  const registers = {
    0x08: 0x4019_0000,
    0x0c: 0x4000_4a2d,
    0x10: 0x8006_0001,
    0x14: 0x0302_0000,
    0x18: 1,
    0x1c: 0x3000_2123,
    0x20: 0x10,
    0x24: 0x4000_0000,
    0x2c: 0x48,
    0x38: 2,
  };

  test('of revision 2', () => {
    assert.deepEqual(words(CxlDvsec.device, 2, 0x3c, registers), [
      '\t\tPCIe DVSEC for CXL Devices',
      '\t\tCXLCap:\tCache+ IO- Mem- MemHWInit+ HDMCount 1 Viral+',
      '\t\tCXLCtl:\tCache+ IO- Mem+ CacheSFCov 5 CacheSFGran 2 CacheClean+ Viral+',
      '\t\tCXLSta:\tViral+',
      '\t\tCXLCtl2:\tDisableCaching+ InitCacheWB&Inval- InitRst+ RstMemClrEn- DesiredVolatileHDMStateAfterHotReset+',
      '\t\tCXLSta2:\tResetComplete+ ResetError+ PMComplete+',
      '\t\tCXLCap2:\tCache Size: 00300000',
      '\t\tRange1: 0000001040000000-000000116fffffff [size=0x130000000]',
      '\t\t\tValid+ Active+ Type=Volatile Class=Storage interleave=256 timeout=4s',
      '\t\tRange2: 0000000000000000-ffffffffffffffff [size=0x0]',
      '\t\t\tValid- Active- Type=CDAT Class=CDAT interleave=0 timeout=1s',
      '\t\tCXLCap3:\tDefaultVolatile HDM State After:\tColdReset- WarmReset+ HotReset+ HotResetConfigurability-',
    ]);
  });

  test('of revisions and lengths that have less, or more', () => {
    const title = '\t\tPCIe DVSEC for CXL Devices';
    assert.deepEqual(words(CxlDvsec.device, 0, 0x38, registers), [title]);
    assert.deepEqual(words(CxlDvsec.device, 1, 0x37, registers), [title]);
    const first = words(CxlDvsec.device, 1, 0x3d, registers);
    assert.equal(first[4], '\t\tCXLCtl2:\tDisableCaching+ InitCacheWB&Inval- InitRst+ RstMemClrEn-');
    assert.equal(first.at(-1), '\t\t<?>');
    assert.deepEqual(words(CxlDvsec.device, 2, 0x3c, registers, { size: 0x13b }), []);
    assert.deepEqual(words(CxlDvsec.device, 2, 0x3c, registers, { verbosity: 1 }), []);
  });

  test('cache sizes', () => {
    const line = (cap2: number) => words(CxlDvsec.device, 1, 0x38, { 0x14: cap2 << 16 })[6];
    assert.equal(line(0x0500), '\t\tCXLCap2:\tCache Size Not Reported');
    assert.equal(line(0x0501), '\t\tCXLCap2:\tCache Size: 00050000');
    assert.equal(line(0x0503), '\t\tCXLCap2:\tCache Size: 5 of unknown unit size (3)');
  });
});

test('a port', () => {
  const registers = { 0x08: 0x000a_0000, 0x0c: 0x2010_4005, 0x10: 0xfff0_1230 };
  assert.deepEqual(words(CxlDvsec.port, 0, 0x28, registers), [
    '\t\tCXL Extensions DVSEC for Ports',
    '\t\tCXLPortSta:\tPMComplete+',
    '\t\tCXLPortCtl:\tUnmaskSBR+ UnmaskLinkDisable- AltMem+ AltBME- ViralEnable+',
    '\t\tAlternateBus:\t10-20',
    '\t\tAlternateBus:\t1230-fff0',
  ]);
  assert.equal(words(CxlDvsec.port, 0, 0x27, registers).length, 1);
});

test('the flex bus by its revision', () => {
  const registers = { 0x08: 0x6000_0000, 0x0c: 0x0018_0081, 0x10: 0x00ab_cdef, 0x14: 1, 0x18: 0, 0x1c: 2 };
  assert.deepEqual(words(CxlDvsec.flexBus, 2, 0x20, registers), [
    '\t\tPCIe DVSEC for Flex Bus Port',
    '\t\tFBCap:\tCache- IO- Mem- 68BFlit- MltLogDev- 256BFlit+ PBRFlit+',
    '\t\tFBCtl:\tCache+ IO- Mem- SynHdrByp- DrftBuf- 68BFlit- MltLogDev- RCD+ Retimer1- Retimer2- 256BFlit- PBRFlit-',
    '\t\tFBSta:\tCache- IO- Mem- SynHdrByp+ DrftBuf+ 68BFlit- MltLogDev- 256BFlit- PBRFlit-',
    '\t\tFBModTS:\tReceived FB Data: abcdef',
    '\t\tFBCap2:\tNOPHint+',
    '\t\tFBCtl2:\tNOPHint-',
    '\t\tFBSta2:\tNOPHintInfo: 2',
  ]);
  const first = words(CxlDvsec.flexBus, 1, 0x24, registers);
  assert.equal(first[1], '\t\t<Wrong length for Revision 1>');
  assert.equal(first[2], '\t\tFBCap:\tCache- IO- Mem- 68BFlit- MltLogDev-');
  assert.deepEqual(first.slice(-2), ['\t\tFBModTS:\tReceived FB Data: abcdef', '\t\t<?>']);
});

test('times of the global persistent flush', () => {
  assert.deepEqual(words(CxlDvsec.gpfPort, 0, 0x10, { 0x0c: 0x0902_0207 }), [
    '\t\tGPF DVSEC for CXL Ports',
    '\t\tGPF Phase 1 Timeout: 700us',
    '\t\tReserved time scale encoding 9',
    '\t\tGPF Phase 2 Timeout: 2<?>',
  ]);
  assert.deepEqual(words(CxlDvsec.gpfDevice, 0, 0x10, { 0x08: 0x060f_0000, 0x0c: 0xffff_ffff }), [
    '\t\tGPF DVSEC for CXL Devices',
    '\t\tGPF Phase 2 Duration: 15s',
    '\t\tGPF Phase 2 Power: 4294967295mW',
  ]);
});

test('register blocks: those that lie in the length and are not empty', () => {
  const registers = { 0x0c: 0x0001_0302, 0x10: 5, 0x1c: 0x0000_ff00, 0x24: 0x0000_0900 };
  assert.deepEqual(words(CxlDvsec.locator, 0, 0x24, registers), [
    '\t\tRegister Locator DVSEC',
    '\t\tBlock1: BIR: bar2, ID: CXL device registers, offset: 0000000500010000',
    '\t\tBlock3: BIR: bar0, ID: vendor-specific, offset: 0000000000000000',
  ]);
});

test('the small ones', () => {
  assert.deepEqual(words(CxlDvsec.functionMap, 0, 0x12, { 0x0c: 0x5555_1234, 0x10: 0xf }), [
    '\t\tNon-CXL Function Map DVSEC',
    '\t\tFuncMap 0: 00001234',
    '\t\tFuncMap 1: 0000000f',
    ...[2, 3, 4, 5, 6, 7].map((map) => `\t\tFuncMap ${map}: 00000000`),
  ]);
  const devices = (number: number) => words(CxlDvsec.mld, 0, 0x10, { 0x08: number << 16 }).slice(1);
  assert.deepEqual(devices(16), ['\t\tNumLogDevs: 16']);
  assert.deepEqual([...devices(0), ...devices(17)], []);
  assert.deepEqual(words(CxlDvsec.test, 0, 0x10, {}), ['\t\tPCIe DVSEC for Test Capability <?>']);
  assert.deepEqual(words(0x1b, 0, 0x10, {}), ['\t\tUnknown ID 001b']);
});
