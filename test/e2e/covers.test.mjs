/* Cover pages: the first page of a fax that asks for one, with the right number of pages on it. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service, sample } from './lib/service.mjs';

let service, covers;

before(async () => {
    covers = join(mkdtempSync(join(tmpdir(), 'faxwire-covers-')), 'covers');
    mkdirSync(covers);
    writeFileSync(join(covers, 'bars.html'), `<!doctype html><p style="font-size:60pt">${'{{pages}}'}</p>`);
    writeFileSync(join(covers, 'long.html'), '<!doctype html><p>{{pages}}</p><p style="page-break-before:always">{{comment}}</p>');
    writeFileSync(join(covers, 'broken.html'), '<!doctype html>{{#to}}');
    service = await Service.start({ env: { FAXWIRE_COVERS_DIR: covers } });
});
after(() => service?.end());

const pages = (fax) => fax.pages.map(({ png_url, number, ...rest }) => rest);

async function sent(cover_page, more = {}) {
    const fields = cover_page ? { cover_page: JSON.stringify(cover_page) } : {};
    const fax = await service.ended((await service.send({ to: '+12005550100', ...fields, ...more })).id);
    return fax;
}

test('a fax has a cover page when it asks for one, and its documents follow unchanged', async () => {
    const plain = await sent();
    assert.equal(plain.cover_page, null);
    const fax = await sent({ to: 'Bob', comment: 'two\nlines' });
    assert.equal(fax.status, 'delivered', JSON.stringify(fax));
    assert.deepEqual(fax.cover_page, { template: 'standard', to: 'Bob', comment: 'two\nlines' });
    assert.equal(fax.page_count, 4);
    assert.equal(fax.pages_confirmed, 4);
    assert.deepEqual(pages(fax).slice(1), pages(plain));
    const other = await sent({ to: 'Bob', comment: 'two\nother lines' });
    assert.notEqual(other.pages[0].bytes, fax.pages[0].bytes);
});

test('the cover tells the number of all pages, itself counted', async () => {
    const sizes = {};
    for (const [count, ranges] of [[2, '1'], [3, '1-2'], [4, '1-3']]) {
        const fax = await sent({ template: 'bars' }, { pages: ranges });
        assert.equal(fax.page_count, count);
        sizes[count] = fax.pages[0].bytes;
    }
    /* The same number drawn from a document of its own has the same bytes. */
    for (const count of [2, 3, 4]) {
        const form = new FormData();
        form.set('contents', new Blob([`<!doctype html><p style="font-size:60pt">${count}</p>`]), 'page');
        for (const [name, value] of Object.entries({ connection_id: service.application_id, from: '+12025550123', to: '+12005550100' }))
            form.set(name, value);
        const fax = await service.ended((await service.request('POST', '/v2/faxes', { body: form })).body.data.id);
        assert.equal(fax.pages[0].bytes, sizes[count], `${count}`);
    }
});

test('a cover of two pages counts as two', async () => {
    const fax = await sent({ template: 'long', comment: 'second page' });
    assert.equal(fax.status, 'delivered', JSON.stringify(fax));
    assert.equal(fax.page_count, 5);
    assert.equal(fax.pages[0].coding, 'MMR');
});

test('a fax that is sent again has its cover again', async () => {
    const fax = await sent({ subject: 'once more' });
    const answer = await service.request('POST', `/v2/faxes/${fax.id}/actions/resend`, { body: {} });
    const again = await service.ended(answer.body.data.id);
    assert.deepEqual(again.cover_page, fax.cover_page);
    assert.equal(again.page_count, 4);
});

test('an application may have a cover page for all of its faxes; a fax says otherwise, or none', async () => {
    const set = (cover_page) => service.request('PATCH', `/v2/fax_applications/${service.application_id}`, { body: { cover_page } });
    const own = { template: 'plain', from: 'Example Inc.', subject: 'news' };
    const changed = await set(own);
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.deepEqual(changed.body.data.cover_page, own);
    try {
        const silent = await sent();
        assert.deepEqual(silent.cover_page, own);
        assert.equal(silent.page_count, 4);
        const mixed = await sent({ subject: 'for you', to: 'Bob' });
        assert.deepEqual(mixed.cover_page, { ...own, subject: 'for you', to: 'Bob' });

        const none = await sent(undefined, { cover_page: 'false' });
        assert.equal(none.cover_page, null);
        assert.equal(none.page_count, 3);
        const again = await service.request('POST', `/v2/faxes/${none.id}/actions/resend`, { body: {} });
        assert.equal(again.body.data.cover_page, null);
        assert.equal((await service.ended(again.body.data.id)).page_count, 3);

        const to = ['+12005550100', '+12005550101'];
        const body = { connection_id: service.application_id, from: '+12025550123', to, media_url: 'http://127.0.0.1/x', cover_page: false };
        const batch = await service.request('POST', '/v2/faxes', { body });
        assert.equal(batch.status, 202, JSON.stringify(batch.body));
    } finally {
        const cleared = await set(null);
        assert.equal(cleared.body.data.cover_page, null);
    }
    assert.equal((await sent()).cover_page, null);
    const unknown = await set({ template: 'none' });
    assert.equal(unknown.status, 422);
    assert.equal(unknown.body.errors[0].source.pointer, '/cover_page/template');
});

test('what is wrong with a cover is told', async () => {
    for (const [cover, place] of [[{ template: 'none' }, '/cover_page/template'], [{ template: '../bars' }, '/cover_page/template'],
        [true, '/cover_page'], [{ subject: 'x'.repeat(201) }, '/cover_page/subject'], [{ comment: 'x'.repeat(4001) }, '/cover_page/comment']]) {
        const answer = await service.request('POST', '/v2/faxes', { body: { connection_id: service.application_id, from: '+12025550123',
            to: '+12005550100', media_url: 'http://127.0.0.1/x', cover_page: cover } });
        assert.equal(answer.status, 422, JSON.stringify(cover));
        assert.equal(answer.body.errors[0].source.pointer, place);
    }
    const broken = await sent({ template: 'broken', to: 'Bob' });
    assert.equal(broken.failure_reason, 'media_processing_exception');
    assert.match(broken.internal_failure_reason, /cover page/);
});

test('what stands in a cover is text, and opens nothing', async () => {
    const fax = await sent({ subject: '<img src=file:///etc/passwd>', comment: readFileSync(sample).toString('latin1').slice(0, 300).replace(/[^ -~]/g, '') });
    assert.equal(fax.status, 'delivered', JSON.stringify(fax));
    assert.equal(fax.page_count, 4);
});
