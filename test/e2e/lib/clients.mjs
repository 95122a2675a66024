/* The official client libraries, each version that the tests speak with. */
import { createRequire } from 'node:module';

/* Node 18 has no global File, which the newest library wants for uploads; this is its own advice. */
globalThis.File ??= (await import('node:buffer')).File;

const require = createRequire(import.meta.url);
const load = (name) => { const library = require(name); return library.default ?? library; };
export const Telnyx = load('telnyx');
export const telnyxV1 = require('telnyx-v1');

/* Made from the service's specification: a client takes key, base URL and public key. */
const generated = (version, name) => ({ version, make: (service) => {
    const Client = load(name);
    return new Client({ apiKey: service.api_key, baseURL: `${service.url}/v2`, publicKey: service.public_key, maxRetries: 0 });
} });
export const modern = [generated('7.24.0', 'telnyx'), generated('6.83.0', 'telnyx-v6'), generated('3.9.2', 'telnyx-v3')];

/* Of the releases that check Standard Webhooks instead (7.0 to 7.17). */
export const TelnyxStandard = load('telnyx-v717');

/* Written by hand, before those: the address is set part by part. They do not go through fetch: `at` may be a Tap. */
const older = (version, name) => ({ version, make: (service, at) => {
    const client = load(name)(service.api_key);
    client.setHost(at.host, at.port, 'http');
    return client;
} });
export const early = [older('2.1.1', 'telnyx-v2'), older('1.27.0', 'telnyx-v1')];
