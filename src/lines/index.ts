/** Lines of a connection's bytes, bounded: the owner's socket and QEMU's monitor both speak in them. Knows nobody. */
export { ByteLines } from './byte-lines.js';
