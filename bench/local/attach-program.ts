/** `node attach-program.js TIMES`: attaches a function to a running guest so many times, the pool's own hand-over in between. */
import { XEN_HOLDER } from '../../src/admin/index.js';
import { Bell } from './bell.js';
import { bellAddress, BenchOwner } from './owner.js';

/** Milliseconds, in the order in which they were taken: the first ones in a process that has done nothing yet. */
export interface AttachSamples {
  /** From the call of attach to the first register that the guest's driver has read. */
  readonly attach: readonly number[];
  /** From the claim to the first register that a program in the owner's process has read. */
  readonly pool: readonly number[];
}

const times = Number(process.argv[2]);
const samples = { attach: [] as number[], pool: [] as number[] };
await using owner = await BenchOwner.start(2);
const guest = await owner.run('bench');
const { pool, claims } = owner.host;
for (let time = 0; time < times; time++) {
  const start = Number(process.hrtime.bigint());
  await guest.attach(bellAddress(0));
  const { at } = await guest.ask('firstRead', {});
  samples.attach.push((at - start) / 1e6);
  await guest.detach(bellAddress(0));
  samples.pool.push(await handOver());
}
console.log(JSON.stringify(samples satisfies AttachSamples));

async function handOver(): Promise<number> {
  const address = bellAddress(1);
  const start = performance.now();
  await pool.claim(address, XEN_HOLDER);
  const lease = pool.take(address, 'the bench');
  await lease.function.reset();
  lease.function.setEnabled(true);
  using region = lease.function.openRegion(0);
  region.read32(Bell.scratch);
  const taken = performance.now() - start;
  await lease.giveBack();
  await claims.release(address);
  return taken;
}
