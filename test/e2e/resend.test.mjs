/* A fax that has ended is sent once more, from the documents that are here. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createReadStream, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Service, sample } from './lib/service.mjs';

let service;
before(async () => { service = await Service.start(); });
after(async () => service?.end());

const resend = (id, body = {}, headers) => service.request('POST', `/v2/faxes/${id}/actions/resend`, { body, headers });

test('what failed is sent to another number, and outlives the fax it repeats', async () => {
    const first = await service.send({ to: '+12005550101', client_state: 'YWJj', quality: 'normal', store_media: 'true' });
    assert.equal((await service.ended(first.id)).status, 'failed');
    const { status, body } = await resend(first.id, { to: '+12005550100' });
    assert.equal(status, 202, JSON.stringify(body));
    const { id } = body.data;
    assert.notEqual(id, first.id);
    assert.deepEqual([body.data.status, body.data.resend_of, body.data.to, body.data.failure_reason, body.data.attempt_count],
        ['queued', first.id, '+12005550100', null, 0]);
    assert.equal((await service.request('DELETE', `/v2/faxes/${first.id}`)).status, 204);
    const sent = await service.ended(id);
    assert.deepEqual([sent.status, sent.resend_of, sent.client_state, sent.quality], ['delivered', first.id, 'YWJj', 'normal']);
    assert.equal((await fetch(sent.stored_media_url)).status, 200);
    const again = (await resend(id)).body.data;
    assert.deepEqual([again.to, again.resend_of], [sent.to, id]);
    assert.equal((await service.ended(again.id)).status, 'delivered');
});

test('a document that was fetched is not fetched again', async () => {
    let fetched = 0;
    const documents = createServer((request, response) => { fetched++; createReadStream(sample).pipe(response); });
    await new Promise((done) => documents.listen(0, '127.0.0.1', done));
    const { body } = await service.request('POST', '/v2/faxes', { body: { connection_id: service.application_id, to: '+12005550100',
        from: '+12025550123', media_url: `http://127.0.0.1:${documents.address().port}/a.pdf` } });
    const first = await service.ended(body.data.id);
    documents.closeAllConnections?.();
    await new Promise((done) => documents.close(done));
    const again = await service.ended((await resend(first.id)).body.data.id);
    assert.deepEqual([again.status, again.media_url, again.page_count], ['delivered', first.media_url, first.page_count]);
    assert.equal(fetched, 1);
});

test('one name is one fax, and of one fax only', async () => {
    const [a, b] = [await service.send({ to: '+12005550101' }), await service.send({ to: '+12005550101' })];
    await service.ended(a.id);
    await service.ended(b.id);
    const headers = { 'Idempotency-Key': `again-${a.id}` };
    const first = await resend(a.id, {}, headers);
    assert.equal(first.status, 202);
    assert.equal((await resend(a.id, {}, headers)).body.data.id, first.body.data.id);
    assert.ok((await resend(b.id, {}, headers)).status >= 400, 'the name stands for another request');
});

test('no resend of what has not ended, what is gone, what is no number', async () => {
    const live = await service.send({ to: '+12005550102' });
    const early = await resend(live.id);
    assert.deepEqual([early.status, early.body.errors[0].code], [422, '90080']);
    assert.match(early.body.errors[0].detail, /once it is delivered or failed/);
    await service.request('POST', `/v2/faxes/${live.id}/actions/cancel`);
    await service.ended(live.id);
    const wrong = await resend(live.id, { to: 'nobody' });
    assert.deepEqual([wrong.status, wrong.body.errors[0].source.pointer], [422, '/to']);
    unlinkSync(join(service.faxFolder(live.id), 'document-1'));
    const gone = await resend(live.id);
    assert.deepEqual([gone.status, gone.body.errors[0].code], [422, '90080']);
    assert.match(gone.body.errors[0].detail, /Document 1 of the fax is not here/);
});
