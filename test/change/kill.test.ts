/** Commands killed with SIGKILL before each change of the host's drivers, and after the last one. */
import { describe } from 'node:test';
import { testKills, type Scenarios } from './kill-everywhere.js';

const [EDU, NVME, GPIO] = ['01:00.0', '02:00.0', '00:03.0'];

const SCENARIOS: Scenarios = {
  'a claim of three functions': { first: [], words: ['claim', '--for', 'vfio', EDU, NVME, GPIO] },
  'a claim that keeps them without a driver': { first: [], words: ['claim', EDU, NVME] },
  'a release of two functions': {
    first: [
      ['claim', '--for', 'vfio', EDU],
      ['claim', NVME],
    ],
    words: ['release', EDU, NVME],
  },
};

describe('killed before each change of the host, and after the last', () => {
  testKills('mutation', SCENARIOS);
});
