/** Completion at the prompt: names from the maps, and no register is read for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eduRegisters, nvmeRegisters } from '../../src/pci/index.js';
import { completionsIn } from '../../src/cli/register-prompt.js';

test('names of registers, fields and what can be done with them', () => {
  const edu = [eduRegisters];
  assert.deepEqual(completionsIn('regs.dma_c', edu), [['dma_count', 'dma_command'], 'dma_c']);
  assert.deepEqual(completionsIn('1 + regs.status.', edu), [
    ['computing', 'interrupt_when_computed', 'value', 'read()', 'set({', 'write({'],
    '',
  ]);
  assert.deepEqual(completionsIn('regs.status.computing.', edu), [[], ''], 'nothing is evaluated');
  assert.deepEqual(completionsIn('regs.sq_tail.', [nvmeRegisters]), [['at(', 'length'], '']);
  assert.deepEqual(completionsIn('regs.sq_tail.at(3).v', [nvmeRegisters]), [['value'], 'v']);
  const both = [eduRegisters, nvmeRegisters];
  assert.deepEqual(completionsIn('regs.', both), [['edu', 'nvme'], '']);
  assert.deepEqual(completionsIn('regs.nvme.cs', both), [['csts'], 'cs']);
  for (const line of ['', 'fn.', 'xregs.status', 'fn.regs.x'])
    assert.equal(completionsIn(line, edu), undefined, line);
});
