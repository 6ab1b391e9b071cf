/** Device files whose server ends, or is the very process that opens them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openMachine } from '../../../src/machines/index.js';
import { SimMachine } from '../../../src/machines/sim/index.js';
import { notations, OpenslotError } from '../../../src/pci/index.js';
import { MountedFiles } from '../../../src/proto/index.js';
import { MountDirectory, unmountable } from '../../proto/mounting.js';
import { ServedFiles } from '../../proto/served.js';

const EDU = notations.hex.parse('00:02.0');
const MACHINE = 'roots: [{slots: [{slot: "02", model: edu}]}]';

test('the process that serves files does not open them as a machine', { skip: unmountable }, async () => {
  using directory = new MountDirectory();
  using machine = new SimMachine();
  await using _ = await MountedFiles.mount({
    machine,
    directory: directory.path,
    onFault: (error) => {
      throw error;
    },
  });
  for (const path of [directory.path, join(directory.path, 'pci0:1:0:0')])
    await assert.rejects(openMachine(`proto:${path}`), { code: 'WOULD_DEADLOCK' });
  await assert.rejects(openMachine(`proto:${directory.base}/other`), { code: 'DEVICE_FILES_ABSENT' });
});

test(
  'a server that is killed ends accesses, waits and memory, and not the program',
  { skip: unmountable },
  async () => {
    await using served = await ServedFiles.start(MACHINE);
    using machine = await openMachine(`proto:${served.directory}`);
    using fn = machine.open(EDU);
    const { dma, interrupts } = fn;
    assert.ok(dma && interrupts);
    fn.setEnabled(true);
    using region = fn.openRegion(0);
    using memory = await dma.allocate(4096);
    using stream = interrupts.open({ kind: 'msi', vector: 0 });
    const waiting = stream[Symbol.asyncIterator]()
      .next()
      .then(
        () => 'it came',
        (error: unknown) => (error instanceof OpenslotError ? error.code : String(error)),
      );
    await served.end('SIGKILL');
    assert.equal(await waiting, 'DEVICE_FILE_REFUSED');
    assert.throws(() => region.read32(0), { code: 'REGION_REFUSED' });
    assert.throws(() => fn.config.read(0, 4), { code: 'CONFIG_REFUSED' });
    memory.bytes[0] = 1;
    await assert.rejects(dma.allocate(4096), { code: 'SYSTEM_CALL_FAILED' });
    assert.throws(() => interrupts.open({ kind: 'msi', vector: 1 }), { code: 'INTERRUPT_ABSENT' });
  },
);
