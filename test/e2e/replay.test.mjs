/* Webhooks that are not taken: tried by the configured schedule, on both URLs, in bounded time, and told again when asked for. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { execFileSync } from 'node:child_process';
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Telnyx } from './lib/clients.mjs';
import { Service, until } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';

const ROUNDS = 3;
let service, client;
before(async () => {
    service = await Service.start({ env: { FAXWIRE_WEBHOOK_RETRY_FIRST_MS: '20', FAXWIRE_WEBHOOK_RETRY_MAX_SECS: '1',
        FAXWIRE_WEBHOOK_RETRY_ROUNDS: String(ROUNDS), FAXWIRE_WEBHOOK_TIMEOUT_MS: '300' } });
    client = new Telnyx({ apiKey: service.api_key, baseURL: `${service.url}/v2`, publicKey: service.public_key });
});
after(async () => service?.end());

const ask = (method, path, options, at = service) => at.request(method, path, options);
async function logged(fax, ready, at = service) {
    return until(`the log of ${fax}`, async () => {
        const { data } = (await ask('GET', `/v2/webhook_deliveries?page[size]=250&filter[webhook][contains]=${fax}`, undefined, at)).body;
        return ready(data) && data;
    });
}
const ended = (data) => data.length === 4 && data.every((d) => d.next_attempt_at === null && d.status !== 'pending');

test('what is refused is tried on both URLs by the schedule, each try signed anew, then given up', async () => {
    const receiver = await Receiver.start(() => 500);
    const failover = receiver.url.replace('/hook', '/failover');
    const application = await service.application(receiver.url, { webhook_event_failover_url: failover });
    const fax = await service.send({ to: '+12005550100', connection_id: application.id });
    const data = await logged(fax.id, ended);
    for (const d of data) {
        assert.equal(d.status, 'failed');
        assert.equal(d.attempt_count, 2 * ROUNDS);
    }
    const seen = receiver.hooks.filter((h) => h.event.data.event_type === 'fax.queued');
    assert.deepEqual(seen.map((h) => h.event.meta.attempt), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(seen.map((h) => h.url), ['/hook', '/failover', '/hook', '/failover', '/hook', '/failover']);
    for (const hook of seen) {
        assert.equal(hook.event.meta.delivered_to, hook.url === '/hook' ? receiver.url : failover);
        await client.webhooks.unwrap(hook.body, { headers: hook.headers });
    }
    /* The attempt is in what is signed, so each try has a signature of its own. */
    assert.equal(new Set(seen.map((h) => h.headers['telnyx-signature-ed25519'])).size, 2 * ROUNDS);
    await receiver.end();
});

test('an event is told again when asked for: by its own id, by that of a delivery, also one that never was', async () => {
    let status = 500;
    const receiver = await Receiver.start(() => status);
    const application = await service.application(receiver.url);
    const fax = await service.send({ to: '+12005550100', connection_id: application.id });
    const [failed] = (await logged(fax.id, ended)).filter((d) => d.webhook.event_type === 'fax.delivered');
    status = 200;
    const again = await ask('POST', `/v2/webhook_deliveries/${failed.id}/actions/replay`);
    assert.equal(again.status, 202, JSON.stringify(again.body));
    const told = await until('the repetition', async () => {
        const { data } = (await ask('GET', `/v2/webhook_deliveries/${again.body.data.webhook_delivery_id}`)).body;
        return data.status === 'delivered' && data;
    });
    assert.notEqual(told.id, failed.id);
    assert.equal(told.webhook.id, failed.webhook.id, 'it is the same event');
    assert.equal(receiver.taken(fax.id).at(-1).event.meta.attempt, 1);
    assert.equal((await ask('POST', `/v2/events/${failed.webhook.id}/actions/replay`)).status, 202);
    await until('the second', () => receiver.taken(fax.id).length === 2);

    const quiet = await service.send({ to: '+12005550100' });
    await service.ended(quiet.id);
    const events = await service.events(quiet.id);
    const [queued, call] = ['fax.queued', 'call.answered'].map((type) => events.find((e) => e.event_type === type));
    assert.equal((await ask('POST', `/v2/events/${queued.id}/actions/replay`)).status, 422, 'nobody to tell it to');
    assert.equal((await ask('POST', `/v2/events/${call.id}/actions/replay`)).status, 422, 'not told by webhooks');
    await ask('PATCH', `/v2/fax_applications/${service.application_id}`, { body: { webhook_event_url: receiver.url } });
    assert.equal((await ask('POST', `/v2/events/${queued.id}/actions/replay`)).status, 202);
    await until('what never was told', () => receiver.taken(quiet.id).length === 1);
    await ask('DELETE', `/v2/faxes/${quiet.id}`);
    for (const id of [queued.id, '7f000001-0000-4000-8000-000000000000', 'x'])
        assert.equal((await ask('POST', `/v2/events/${id}/actions/replay`)).status, 404, id);
    assert.equal((await ask('POST', `/v2/webhook_deliveries/${queued.id}/actions/replay`)).status, 404);
    await receiver.end();
});

test('the URL of a fax goes before that of its application, whose failover URL stays behind it', async () => {
    const receiver = await Receiver.start((hook) => (hook.url === '/own' ? 500 : 200));
    const own = receiver.url.replace('/hook', '/own'), failover = receiver.url.replace('/hook', '/failover');
    const application = await service.application(receiver.url, { webhook_event_failover_url: failover });
    const fax = await service.send({ to: '+12005550100', connection_id: application.id, webhook_url: own });
    await receiver.complete(fax.id);
    const seen = receiver.hooks.filter((h) => h.event.data.payload.fax_id === fax.id);
    assert.deepEqual(seen.map((h) => h.url), Array.from({ length: 4 }, () => ['/own', '/failover']).flat());
    assert.deepEqual(receiver.taken(fax.id).map((h) => h.event.meta.attempt), [2, 2, 2, 2]);
    assert.equal((await service.fax(fax.id)).webhook_url, own);
    await receiver.end();
});

test('one that waits for its next try is tried now', async () => {
    const patient = await Service.start({ env: { FAXWIRE_WEBHOOK_RETRY_FIRST_MS: '3600000', FAXWIRE_WEBHOOK_RETRY_MAX_SECS: '86400' } });
    let status = 500;
    const receiver = await Receiver.start(() => status);
    const application = await patient.application(receiver.url);
    const fax = await patient.send({ to: '+12005550100', connection_id: application.id });
    const [waiting] = await logged(fax.id, (data) => data.length === 1 && data[0].attempt_count === 1, patient);
    status = 200;
    const { body } = await ask('POST', `/v2/events/${waiting.webhook.id}/actions/replay`, undefined, patient);
    assert.equal(body.data.webhook_delivery_id, waiting.id);
    await receiver.complete(fax.id);
    assert.deepEqual(receiver.types(fax.id), ['fax.queued', 'fax.media.processed', 'fax.sending.started', 'fax.delivered']);
    assert.equal(receiver.taken(fax.id)[0].event.meta.attempt, 2);
    await receiver.end();
    await patient.end();
});

test('a try has a time limit: that of the service, or that of the application', async () => {
    const receiver = await Receiver.start(() => 200);
    const [listener] = receiver.server.listeners('request');
    receiver.server.removeAllListeners('request').on('request', (request, response) => setTimeout(() => listener(request, response), 1000));
    const hasty = await service.application(receiver.url);
    const patient = await service.application(receiver.url, { webhook_timeout_secs: 30 });
    const faxes = await Promise.all([hasty, patient].map((a) => service.send({ to: '+12005550101', connection_id: a.id })));
    const given_up = (data) => data.length >= 1 && data.some((d) => d.webhook.event_type === 'fax.queued' && d.next_attempt_at === null);
    const [queued] = (await logged(faxes[0].id, given_up)).filter((d) => d.webhook.event_type === 'fax.queued');
    assert.equal(queued.status, 'failed');
    for (const attempt of queued.attempts) assert.equal(attempt.http.response, null);
    await until('the patient one', () => receiver.taken(faxes[1].id).length >= 1);
    await receiver.end();
});

test('a receiver that never answers does not delay another', async () => {
    const held = [];
    const stuck = await Receiver.start();
    stuck.server.removeAllListeners('request').on('request', (request, response) => held.push(response));
    const good = await Receiver.start();
    const [slow, fast] = await Promise.all([stuck, good].map((r) => service.application(r.url, { webhook_timeout_secs: 30 })));
    await Promise.all(Array.from({ length: 20 }, () => service.send({ to: '+12005550101', connection_id: slow.id })));
    await until('the stuck one to hold some', () => held.length > 0);
    const fax = await service.send({ to: '+12005550100', connection_id: fast.id });
    await good.complete(fax.id);
    assert.ok(held.length > 0 && held.every((response) => !response.writableEnded), 'it still has not answered one');
    await stuck.end();
    await good.end();
});

test('a certificate that nobody vouches for is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'faxwire-tls-'));
    const [key, cert] = ['key', 'cert'].map((name) => join(folder, name));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2',
        '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
    let requests = 0;
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => { requests++; response.end(); });
    server.on('tlsClientError', () => {});
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const application = await service.application(`https://127.0.0.1:${server.address().port}/hook`);
    const fax = await service.send({ to: '+12005550100', connection_id: application.id });
    const data = await logged(fax.id, ended);
    for (const d of data) assert.equal(d.status, 'failed');
    const { body } = await ask('GET', `/v2/webhook_deliveries?filter[webhook][contains]=${fax.id}&filter[attempts][contains]=certificate`);
    assert.equal(body.meta.total_results, 4, 'the log says why');
    assert.equal(requests, 0);
    server.close();
    rmSync(folder, { recursive: true });
});
