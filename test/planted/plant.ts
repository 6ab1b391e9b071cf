/** Imported before everything else: plants the fault that the environment names, in this process and its workers. */
import { register } from 'node:module';

register(new URL('./loading.js', import.meta.url));
