/* Bad requests get a clear error and leave nothing behind. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { Service } from './lib/service.mjs';

let service;
before(async () => { service = await Service.start(); });
after(async () => service?.end());

const pointers = (answer) => answer.body.errors.map((e) => e.source?.pointer).sort();

test('all faults of a request come in one answer, each with its pointer', async () => {
    const answer = await service.request('POST', '/v2/faxes', { body: { connection_id: '1', to: 'x', from: 'y',
        quality: 'best', media_url: 'ftp://x', client_state: '!', t38_enabled: 'perhaps' } });
    assert.equal(answer.status, 422);
    for (const pointer of ['/to', '/from', '/quality', '/media_url', '/client_state', '/t38_enabled'])
        assert.ok(pointers(answer).includes(pointer), `${pointer} in ${pointers(answer)}`);
    for (const error of answer.body.errors) {
        assert.equal(typeof error.code, 'string');
        assert.equal(typeof error.title, 'string');
    }
});

test('missing fields are named', async () => {
    const answer = await service.request('POST', '/v2/faxes', { body: {} });
    assert.equal(answer.status, 422);
    for (const pointer of ['/connection_id', '/to', '/from']) assert.ok(pointers(answer).includes(pointer));
});

test('the plain HTTP refusals', async () => {
    const bad = [
        [400, 'POST', '/v2/faxes', { body: '{"to":', headers: { 'content-type': 'application/json' } }],
        [415, 'POST', '/v2/faxes', { body: 'to=x', headers: { 'content-type': 'text/csv' } }],
        [404, 'GET', '/v2/faxes/7f000001-0000-4000-8000-000000000000', {}],
        [404, 'GET', '/v2/nothing', {}],
        [401, 'GET', '/v2/faxes', { key: null }],
        [401, 'GET', '/v2/faxes', { key: 'KEYwrong' }],
        [405, 'PUT', '/v2/faxes', { body: {} }],
        [413, 'POST', '/v2/faxes', { body: '{"x":"' + 'a'.repeat(2 << 20) + '"}', headers: { 'content-type': 'application/json' } }],
    ];
    for (const [status, method, path, options] of bad) {
        const answer = await service.request(method, path, options);
        assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
        assert.ok(answer.body.errors[0].code, 'an error body');
        if (status === 405) assert.match(answer.headers.get('allow'), /POST/);
    }
    assert.equal((await service.request('GET', '/v2/faxes')).body.meta.total_results, 0, 'nothing was accepted');
});

test('requests that could be read in two ways are refused', async () => {
    const { hostname, port } = new URL(service.url);
    const heads = [
        'POST /v2/faxes HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n',
        'POST /v2/faxes HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n',
        'POST /v2/faxes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n',
        'POST /v2/faxes HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 5\r\n',
    ];
    for (const head of heads) {
        const answer = await new Promise((done, failed) => {
            const socket = connect(Number(port), hostname);
            let text = '';
            socket.on('data', (part) => { text += part; });
            socket.on('close', () => done(text));
            socket.on('error', failed);
            socket.write(`${head}Authorization: Bearer ${service.api_key}\r\n\r\nhello`);
            socket.setTimeout(30_000, () => { socket.destroy(); failed(new Error(`left open: ${head}`)); });
        });
        assert.match(answer, /^HTTP\/1\.1 400/, head);
    }
});

test('the list is newest first, in pages, and can be filtered', async () => {
    const ids = [];
    for (let i = 0; i < 5; i++) ids.unshift((await service.send({ to: `+1200555010${i % 2 ? 1 : 3}` })).id);
    const first = await service.request('GET', '/v2/faxes?page[number]=1&page[size]=2');
    assert.deepEqual(first.body.data.map((f) => f.id), ids.slice(0, 2));
    assert.deepEqual(first.body.meta, { page_number: 1, page_size: 2, total_pages: 3, total_results: 5 });
    const third = await service.request('GET', '/v2/faxes?page_number=3&page_size=2');
    assert.deepEqual(third.body.data.map((f) => f.id), ids.slice(4));
    const busy = await service.request('GET', '/v2/faxes?filter%5Bto%5D%5Beq%5D=%2B12005550101');
    assert.equal(busy.body.meta.total_results, 2);
    const bad = await service.request('GET', '/v2/faxes?page[size]=0');
    assert.equal(bad.status, 400);
});
