/* The official client libraries, each version that the tests speak with. */
import { createRequire } from 'node:module';

/* Node 18 has no global File, which the newest library wants for uploads; this is its own advice. */
globalThis.File ??= (await import('node:buffer')).File;

const require = createRequire(import.meta.url);
const newest = require('telnyx');
export const Telnyx = newest.default ?? newest;
export const telnyxV1 = require('telnyx-v1');
