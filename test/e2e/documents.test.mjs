/* Documents that cannot be faxed fail with the contract's reasons; what is fetched is fetched with care. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Service, sample } from './lib/service.mjs';

let service, server, base;

before(async () => {
    service = await Service.start();
    execFileSync('python3', [new URL('../tools/make-documents.py', import.meta.url).pathname, service.folder]);
    server = createServer((request, response) => {
        const to = { '/redirect': '/sample.pdf' }[request.url];
        if (to) return response.writeHead(302, { location: to }).end();
        if (request.url === '/huge') {
            response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': 60 * 1024 * 1024 });
            return response.write('%PDF-1.4');
        }
        if (request.url === '/endless') {
            response.writeHead(200);
            const part = Buffer.alloc(1 << 20);
            const more = () => { while (!response.destroyed && response.write(part)); };
            response.on('drain', more);
            return more();
        }
        if (request.url !== '/sample.pdf') return response.writeHead(404).end('not here');
        response.writeHead(200);
        return createReadStream(sample).pipe(response);
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
    server?.closeAllConnections?.();
    server?.close();
    await service?.end();
});

async function fails(fields, file, reason) {
    const fax = await service.send({ to: '+12005550100', ...fields }, file);
    const ended = await service.ended(fax.id);
    assert.equal(ended.status, 'failed', JSON.stringify(ended));
    assert.equal(ended.failure_reason, reason, JSON.stringify(ended));
    assert.ok(ended.internal_failure_reason);
}

test('broken, encrypted and empty documents are file_format_invalid', async () => {
    for (const name of ['truncated.pdf', 'encrypted.pdf', 'zero-pages.pdf', 'archive.pdf', 'page-missing.pdf',
        'blank.txt']) {
        const path = join(service.folder, name);
        assert.ok(existsSync(path), `${name} was made`);
        await fails({}, path, 'file_format_invalid');
    }
});

test('351 pages are page_count_limit_exceeded', async () => {
    await fails({}, join(service.folder, 'pages-351.pdf'), 'page_count_limit_exceeded');
});

test('over 50 MB is file_size_limit_exceeded', async () => {
    const path = join(service.folder, 'large.pdf');
    writeFileSync(path, Buffer.concat([readFileSync(sample), Buffer.alloc(50 * 1024 * 1024, 0x20)]));
    await fails({}, path, 'file_size_limit_exceeded');
    await fails({ media_url: `${base}/huge` }, null, 'file_size_limit_exceeded');
    await fails({ media_url: `${base}/endless` }, null, 'file_size_limit_exceeded');
});

test('a document that cannot be fetched is file_download_failed', async () => {
    await fails({ media_url: `${base}/nothing` }, null, 'file_download_failed');
    await fails({ media_url: `${base}/redirect` }, null, 'file_download_failed');
    await fails({ media_url: 'http://127.0.0.1:1/x.pdf' }, null, 'file_download_failed');
    await fails({ media_url: 'http://does-not-exist.invalid/x.pdf' }, null, 'file_download_failed');
});

test('pages of any size and turn become 1728 pixels wide', async () => {
    for (const name of ['landscape.pdf', 'rotated.pdf', 'tiny.pdf', 'tall.pdf', 'huge.pdf']) {
        const path = join(service.folder, name);
        assert.ok(existsSync(path), `${name} was made`);
        const fax = await service.send({ to: '+12005550100' }, path);
        const ended = await service.ended(fax.id);
        assert.equal(ended.status, 'delivered', `${name}: ${JSON.stringify(ended)}`);
    }
});

test('images, text and HTML arrive, whatever their names say', async () => {
    const pages = { 'corner.png': 1, 'corner.gif': 1, 'corner.bmp': 1, 'scroll.png': 8, 'text.txt': 2, 'page.html': 1 };
    for (const [name, count] of Object.entries(pages)) {
        const path = join(service.folder, `${name}.pdf`);
        writeFileSync(path, readFileSync(join(service.folder, name)));
        const fax = await service.send({ to: '+12005550100' }, path);
        const ended = await service.ended(fax.id);
        assert.equal(ended.status, 'delivered', `${name}: ${JSON.stringify(ended)}`);
        assert.equal(ended.page_count, count, name);
    }
});

test('only the pages asked for are sent, and what is no page is refused', async () => {
    const fax = await service.send({ to: '+12005550100', pages: '3,1' });
    const ended = await service.ended(fax.id);
    assert.equal(ended.status, 'delivered', JSON.stringify(ended));
    assert.equal(ended.page_count, 2);
    await fails({ pages: '2-4' }, undefined, 'file_format_invalid');
    for (const pages of ['0', '5-2', 'all'])
        await assert.rejects(service.send({ to: '+12005550100', pages: pages }), /pages/);
});

const noOffice = existsSync('/usr/lib/libreoffice/program/soffice.bin') ? false : 'LibreOffice is not installed';

test('office documents arrive', { skip: noOffice }, async () => {
    const tool = new URL('../tools/make-documents.py', import.meta.url).pathname;
    execFileSync('python3', [tool, '--office', service.folder]);
    for (const name of ['letter.docx', 'letter.odt']) {
        const fax = await service.send({ to: '+12005550100' }, join(service.folder, name));
        const ended = await service.ended(fax.id);
        assert.equal(ended.status, 'delivered', `${name}: ${JSON.stringify(ended)}`);
        assert.equal(ended.page_count, 1, name);
    }
});

test('the three resolutions arrive', async () => {
    for (const quality of ['normal', 'high', 'very_high']) {
        const fax = await service.send({ to: '+12005550100', quality });
        assert.equal((await service.ended(fax.id)).status, 'delivered', quality);
    }
});
