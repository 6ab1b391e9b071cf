/** `apply` killed before each change of the host's drivers: settled and applied again, the host is as it is wanted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FolderHost, succeed } from './folder-host.js';
import { changesOf } from './kill-everywhere.js';

const WANTED = `functions:
  - {function: "01:00.0", device: "1234:11e8", name: crypto, claim: vfio}
  - {function: "02:00.0", device: "1b36:0010", claim: pool}
`;
const WORDS = ['apply', 'boot/wanted.yaml'];

test('apply is taken up again wherever it was killed', async (t) => {
  const scenario = {
    first: [],
    words: WORDS,
    of: 'mutation',
    files: { 'boot/wanted.yaml': WANTED },
  } as const;
  const mutations = await changesOf(scenario);
  assert.ok(mutations > 5, `${mutations} mutations`);
  using before = new FolderHost();
  before.write('boot/wanted.yaml', WANTED);
  using after = new FolderHost(before);
  await succeed(after, WORDS);
  for (let place = 1; place <= mutations; place++) {
    using host = new FolderHost(before);
    const { signal, stderr } = await host.run(WORDS, { of: 'mutation', before: place });
    assert.equal(signal, 'SIGKILL', stderr);
    await host.recover(false);
    await succeed(host, WORDS);
    assert.deepEqual(host.state(), after.state(), `killed before change ${place}`);
    assert.deepEqual(host.changes(), []);
  }
  t.diagnostic(`apply: mutations = ${mutations}, killed before each of them`);
});
