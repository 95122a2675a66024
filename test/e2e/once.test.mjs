/* One fax, however often it is asked for: dropped connections, a killed service, limits. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer, request as forward } from 'node:http';
import { createReadStream } from 'node:fs';
import { Telnyx } from './lib/clients.mjs';
import { Service, sample, until } from './lib/service.mjs';

let service;
before(async () => { service = await Service.start({ env: { FAXWIRE_FAXES_IN_PROCESS_MAX: '4' } }); });
after(async () => service?.end());

const total = async (of = service) => (await of.request('GET', '/v2/faxes')).body.meta.total_results;
const fields = (of = service) => ({ connection_id: of.application_id, to: '+12005550100', from: '+12025550123' });

/* Between client and service: passes requests on, and loses the first `drops` answers once they are there. */
async function lossy(url, drops) {
    const seen = { requests: 0, keys: new Set(), statuses: [] };
    const { hostname, port } = new URL(url);
    const proxy = createServer((request, response) => {
        seen.requests++;
        seen.keys.add(request.headers['idempotency-key']);
        request.pipe(forward({ hostname, port, path: request.url, method: request.method, headers: request.headers }, (answer) => {
            seen.statuses.push(answer.statusCode);
            if (seen.requests <= drops) {
                answer.resume();
                answer.on('end', () => request.socket.destroy());
                return;
            }
            response.writeHead(answer.statusCode, answer.headers);
            answer.pipe(response);
        }));
    });
    await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
    return { seen, url: `http://127.0.0.1:${proxy.address().port}`,
        end: () => { proxy.closeAllConnections?.(); return new Promise((done) => proxy.close(done)); } };
}

test('telnyx 7.24.0 sends again after dropped connections; with an Idempotency-Key that is one fax', async () => {
    const proxy = await lossy(service.url, 2);
    const client = new Telnyx({ apiKey: service.api_key, baseURL: `${proxy.url}/v2` });
    const before = await total(), key = randomUUID();
    const options = { headers: { 'Idempotency-Key': key } };
    try {
        const { data, response } = await client.faxes.create({ ...fields(), contents: createReadStream(sample) }, options).withResponse();
        assert.equal(proxy.seen.requests, 3);
        assert.deepEqual([...proxy.seen.keys], [key]);
        assert.deepEqual(proxy.seen.statuses, [202, 202, 202]);
        assert.equal(response.headers.get('idempotent-replayed'), 'true');
        assert.equal(await total(), before + 1);
        assert.equal((await service.ended(data.data.id)).status, 'delivered');
        /* Long after it ended the answer still is that of the acceptance. */
        const again = await client.faxes.create({ ...fields(), contents: createReadStream(sample) }, options);
        assert.deepEqual(again.data, data.data);
        assert.equal(await total(), before + 1);
    } finally { await proxy.end(); }
});

test('a service that is killed after it accepted, before the client knew, makes no second fax', async () => {
    const headers = { 'idempotency-key': 'order-1' }, body = (of) => ({ ...fields(of), media_url: 'http://127.0.0.1:9/none.pdf' });
    let first = await Service.start();
    const proxy = await lossy(first.url, 1);
    try {
        await assert.rejects(fetch(`${proxy.url}/v2/faxes`, { method: 'POST', body: JSON.stringify(body(first)),
            headers: { ...headers, authorization: `Bearer ${first.api_key}`, 'content-type': 'application/json' } }));
        await first.stop('SIGKILL');
        assert.deepEqual(proxy.seen.statuses, [202]);
        first = await Service.start({ data: first.folder });
        const again = await first.request('POST', '/v2/faxes', { body: body(first), headers });
        assert.equal(again.status, 202);
        assert.equal(again.headers.get('idempotent-replayed'), 'true');
        const faxes = (await first.request('GET', '/v2/faxes')).body.data;
        assert.deepEqual(faxes.map((f) => f.id), [again.body.data.id]);
    } finally {
        await proxy.end();
        await first.end();
    }
});

test('a command_id is one fax, in any form of body', async () => {
    const before = await total(), command_id = randomUUID();
    const form = () => new URLSearchParams({ ...fields(), media_url: 'http://127.0.0.1:9/none.pdf', command_id });
    const [a, b] = [await service.request('POST', '/v2/faxes', { body: form() }), await service.request('POST', '/v2/faxes', { body: form() })];
    assert.equal(a.status, 202, JSON.stringify(a.body));
    assert.equal(b.status, 202);
    assert.equal(a.body.data.id, b.body.data.id);
    assert.equal(await total(), before + 1);
});

test('more faxes in process than an account may have are refused before they are taken', async () => {
    const silent = createServer(() => {}); // so that the faxes stay where they are
    await new Promise((done) => silent.listen(0, '127.0.0.1', done));
    const body = { ...fields(), media_url: `http://127.0.0.1:${silent.address().port}/slow.pdf` };
    const before = await total();
    try {
        let refused;
        for (let i = 0; i < 5 && !refused; i++) {
            const answer = await service.request('POST', '/v2/faxes', { body });
            if (answer.status === 429) refused = { ...answer, after: i };
            else assert.equal(answer.status, 202, JSON.stringify(answer.body));
        }
        assert.ok(refused, 'the fifth at the latest is refused');
        assert.equal(refused.body.errors[0].code, '10011');
        assert.equal(refused.headers.get('retry-after'), '5');
        assert.equal(await total(), before + refused.after);
        const client = new Telnyx({ apiKey: service.api_key, baseURL: `${service.url}/v2`, maxRetries: 0 });
        await assert.rejects(client.faxes.create(body), (error) => error instanceof Telnyx.RateLimitError);
        assert.equal(await total(), before + refused.after);
    } finally { silent.closeAllConnections?.(); silent.close(); }
});

test('a limit of requests a second: the library waits as it is told and gets through', async () => {
    const limited = await Service.start({ env: { FAXWIRE_RATE_LIMIT_PER_SECOND: '2' } });
    try {
        const answers = await Promise.all(Array.from({ length: 20 }, () => limited.request('GET', '/v2/faxes')));
        assert.ok(answers.some((a) => a.status === 429) && answers.some((a) => a.status === 200));
        for (const answer of answers) assert.equal(answer.headers.get('x-ratelimit-limit'), '2');
        const client = new Telnyx({ apiKey: limited.api_key, baseURL: `${limited.url}/v2` });
        const page = await until('the library', () => client.faxes.list().catch(() => null));
        assert.equal(page.meta.total_results, 0);
    } finally { await limited.end(); }
});
