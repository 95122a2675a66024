/* doc/api.yaml against the code, both ways: what the code has is described, what is described the code has. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { api, answerFault, resolve, validator } from './lib/contract.mjs';
import { Service, build } from './lib/service.mjs';

const root = new URL('../../', import.meta.url).pathname;
const read = (path) => readFileSync(join(root, path), 'utf8').replace(/\\\n/g, ' ');
const inFolder = (folder) => readdirSync(join(root, folder)).filter((name) => name.endsWith('.c')).map((name) => read(`${folder}/${name}`));
const sorted = (list) => [...new Set(list)].sort();
const all = (text, pattern, group = 1) => [...text.matchAll(pattern)].map((m) => m[group]);
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];
const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((m) => item[m]).map((method) => ({ path, method, item, operation: item[method] })));

/* The enums of an X-macro list: the first text of each row. */
const listed = (path, macro) => {
    const text = read(path).split(`#define ${macro}(X)`)[1].split('\n')[0];
    return all(text, /X\([A-Z0-9_]+, (?:\d+, )?"([^"]+)"/g);
};
const enumOf = (name) => resolve({ $ref: `#/components/schemas/${name}` }).node.enum;

test('every route of the code is described, and every described one is there', () => {
    const routes = all(read('src/api/routes.c'), /\{ "([A-Z]+)", "(\/[^"]*)"/g, 0)
        .map((row) => row.slice(3, -1).replace(/", "/, ' '));
    assert.ok(routes.length > 20);
    const described = operations.map(({ path, method }) => `${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, '{}')}`);
    assert.deepEqual(sorted(described), sorted(routes));
});

test('routes that need no key, and routes that heed Idempotency-Key, say so', () => {
    for (const row of all(read('src/api/routes.c'), /\{ ("[A-Z]+", "\/[^\n]*)\}/g)) {
        const [, method, path] = /^"([A-Z]+)", "([^"]+)"/.exec(row);
        const found = operations.find((o) => o.method === method.toLowerCase() && o.path.replace(/\{[^}]*\}/g, '{}') === path);
        assert.equal(/\.open = true/.test(row), found.operation.security?.length === 0, row);
        const named = (found.operation.parameters ?? []).some((p) => p.$ref === '#/components/parameters/idempotency_key');
        assert.equal(/\.once = true/.test(row), named, row);
        const codes = Object.keys(found.operation.responses);
        assert.equal(codes.includes('401'), !/\.open = true/.test(row), row);
        assert.equal(Boolean(found.operation.requestBody), /\.json = true/.test(row), row);
    }
});

test('every error code of the code is described under its status, and every described one is there', () => {
    const rows = all(read('src/api/errors.h').split('#define FW_API_CODES(X)')[1].split('\n')[0],
        /X\([A-Z0-9_]+, (\d+, "[^"]+")/g).map((row) => row.replace(', ', ' ').replaceAll('"', ''));
    assert.ok(rows.length > 20);
    const described = Object.entries(api.components.schemas).filter(([name]) => /^Errors\d+$/.test(name))
        .flatMap(([name, schema]) => schema.properties.errors.items.properties.code.enum.map((code) => `${name.slice(6)} ${code}`));
    assert.deepEqual(sorted(described), sorted(rows));
});

test('the states of a fax, in the API and in the diagram, are printed from the one table', () => {
    const states = (what) => execFileSync(join(build, 'test/tools/states'), [what], { encoding: 'utf8' });
    const { description } = resolve({ $ref: '#/components/schemas/Status' }).node;
    assert.equal(description.slice(description.indexOf('- `')).trim(), states('list').trim());
    assert.ok(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').includes('```mermaid\n' + states('diagram') + '```'));
    const options = read('src/config_options.h');
    for (const option of all(states('list'), /`(\w+_(?:secs|ms))`/g)) assert.match(options, new RegExp(`NUMBER\\(${option},`));
});

test('the lists of states, qualities and events are those of the code', () => {
    assert.deepEqual(sorted(enumOf('Status')), sorted(listed('src/fax/status.h', 'FW_STATUSES')));
    assert.deepEqual(sorted(enumOf('EventType')), sorted(listed('src/fax/status.h', 'FW_EVENTS')));
    const qualities = sorted(listed('src/fax/fax.h', 'FW_QUALITIES'));
    assert.deepEqual(sorted(api.components.schemas.SendFax.properties.quality.enum), qualities);
    assert.deepEqual(sorted(api.components.schemas.Fax.properties.quality.enum), qualities);
    const told = all(read('src/fax/status.h').split('#define FW_EVENTS(X)')[1].split('\n')[0], /X\([A-Z_]+, "([^"]+)", true\)/g);
    assert.deepEqual(sorted(Object.keys(api.webhooks)), sorted(told));
});

/* The rows of a table of request fields: `{ "name", … }`. */
const fieldRows = (path, table) => {
    const text = read(path).split(new RegExp(`const struct fw_field ${table}\\[\\w*\\] = \\{`))[1].split('\n};')[0];
    /* A macro stands for rows that tables share. */
    const shared = text.includes('FW_SCHEDULE_FIELDS') ? read('src/api/fax_fields.h').split('#define FW_SCHEDULE_FIELDS')[1].split('\nMUST_USE')[0] : '';
    return all(text + shared, /\{\s*"([a-z0-9_]+)"/g);
};

test('every field that a request may carry is described, and every described one is read', () => {
    const of = (name) => Object.keys(api.components.schemas[name].properties);
    const file = 'src/api/application_fields.c';
    assert.deepEqual(sorted(of('SendFax')), sorted([...fieldRows('src/api/fax_fields.c', 'table'), 'contents']));
    assert.deepEqual(sorted(of('ResendFax')), sorted(fieldRows('src/api/fax_resend.c', 'table')));
    assert.deepEqual(sorted(of('CreateFaxApplication')), sorted(fieldRows(file, 'table')));
    assert.deepEqual(sorted(of('UpdateFaxApplication')), sorted([...fieldRows(file, 'table'), ...fieldRows(file, 'change_only')]));
    for (const part of ['inbound', 'outbound']) {
        const { properties } = api.components.schemas.CreateFaxApplication.properties[part];
        assert.deepEqual(sorted(Object.keys(properties)), sorted(fieldRows(file, part)));
    }
    const changeable = all(read('src/api/numbers.c').split('#define CHANGEABLE')[1].split('\n')[0], /\{ "([a-z_]+)"/g);
    assert.deepEqual(sorted(of('CreatePhoneNumber')), sorted([...fieldRows('src/api/numbers.c', 'table'), ...changeable]));
    assert.deepEqual(sorted(of('UpdatePhoneNumber')), sorted(changeable));
    assert.deepEqual(sorted(of('CreateMedia')), sorted([...fieldRows('src/api/media.c', 'table'), 'media']));
});

/* What a response schema, and all that it refers to, calls its fields. */
function fieldsOf(node, seen = new Set(), out = new Set()) {
    if (node === null || typeof node !== 'object' || seen.has(node)) return out;
    seen.add(node);
    if (node.$ref) fieldsOf(resolve(node).node, seen, out);
    for (const [name, value] of Object.entries(node)) {
        if (name === 'properties') Object.keys(value).forEach((field) => out.add(field));
        if (name === 'properties') Object.values(value).forEach((field) => fieldsOf(field, seen, out));
        else fieldsOf(value, seen, out);
    }
    return out;
}

test('every field that the code writes is described, and every described one is written', () => {
    const described = new Set();
    for (const { operation } of operations)
        for (const response of Object.values(operation.responses)) fieldsOf(response, new Set(), described);
    for (const hook of Object.values(api.webhooks)) fieldsOf(resolve(hook).node.post.requestBody, new Set(), described);
    const code = [read('src/fax/fax_json.c'), read('src/fax/attempt.c'), read('src/fax/barcode.c'), read('src/fax/policy_read.c'), read('src/fax/window.c'), read('src/store/store_batch.c'), read('src/fax/destination.c'), read('src/trunks.c'), ...inFolder('src/api'), ...inFolder('src/notify'), ...inFolder('src/queue'), ...inFolder('src/receive'), read('src/ipc/call_record.c'), read('src/store/store_fax_end.c')].join('\n');
    const written = new Set();
    /* json_pack("{ss …}", "name", value, …): the format says which arguments are names. */
    for (const [, rest] of code.matchAll(/json_pack\(\s*("(?:[^"\\]|\\.)*"[\s\S]*?\));/g)) {
        const [format, ...args] = split(rest);
        for (const name of namesIn(format, args)) written.add(name);
    }
    for (const name of all(code, /json_object_set(?:_new)?\((?:json|event|error|payload), "([a-z0-9_]+)"/g)) written.add(name);
    /* What goes to a command or a URL with a received document; of a fax and no answer of the API. */
    for (const name of ['document', 'sha256', 'size']) written.delete(name);
    /* Names that are passed as a variable, or stored as JSON before they are shown. */
    for (const name of ['pointer', 'parameter', 'policy', ...listed('src/fax/destination.h', 'FW_FACTS'), ...listed('src/fax/outcome.h', 'FW_RETRIES').filter((name) => !['none', 'internal'].includes(name)), ...fieldRows('src/api/application_fields.c', 'change_only'),
        ...fieldRows('src/api/application_fields.c', 'inbound'), ...fieldRows('src/api/fax_cover.c', 'fw_cover_fields')]) written.add(name);
    assert.ok(written.size > 70, String(written.size));
    assert.deepEqual(sorted([...written].filter((name) => !described.has(name))), [], 'written, not described');
    assert.deepEqual(sorted([...described].filter((name) => !written.has(name))), [], 'described, not written');
});

/* Arguments of a call, split at its commas. */
function split(text) {
    const out = [''];
    let depth = 0, quoted = false;
    for (let i = 0; i < text.length; i++) {
        const c = text[i];
        if (c === '"' && text[i - 1] !== '\\') quoted = !quoted;
        if (!quoted && '([{'.includes(c)) depth++;
        if (!quoted && ')]}'.includes(c) && --depth < 0) break;
        if (c === ',' && depth === 0 && !quoted) out.push('');
        else out[out.length - 1] += c;
    }
    return out.map((arg) => arg.trim());
}

/* The names among the arguments of a jansson format: the first of each pair within braces. */
function namesIn(format, args) {
    const names = [];
    const stack = [];
    for (const c of format.replace(/["?*+\s]/g, '')) {
        if (c === '{' || c === '[') { stack.push({ object: c === '{', key: true }); continue; }
        if (c === '}' || c === ']') { stack.pop(); if (stack.at(-1)) stack.at(-1).key = true; continue; }
        const top = stack.at(-1);
        if (top?.object && top.key) {
            const literal = /^"([a-z0-9_]+)"$/.exec(args[0] ?? '');
            if (literal) names.push(literal[1]);
            top.key = false;
        } else if (top) top.key = true;
        if (c !== 'n') args.shift();
    }
    return names;
}

test('the document is sound: schemas compile, examples are examples, parameters stand in their paths', () => {
    assert.match(api.openapi, /^3\.1\./);
    const schemaOf = validator(api);
    for (const name of Object.keys(api.components.schemas)) assert.ok(schemaOf(`/components/schemas/${name}`));
    const ajv = new Ajv2020({ strict: false });
    addFormats(ajv);
    ajv.addSchema({ ...api, $id: 'api' });
    const walk = (node) => {
        if (node === null || typeof node !== 'object') return;
        if (Array.isArray(node.examples))
            for (const example of node.examples.filter((e) => node.format !== 'date-time' || e.includes('T')))
                assert.ok(ajv.validate(node, example), `${JSON.stringify(example)} ${ajv.errorsText()}`);
        Object.values(node).forEach(walk);
    };
    walk(api.components);
    const ids = operations.map(({ operation }) => operation.operationId);
    assert.equal(new Set(ids).size, operations.length);
    for (const { path, item, operation } of operations) {
        const given = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((p) => resolve(p).node);
        assert.deepEqual(sorted(given.filter((p) => p.in === 'path').map((p) => p.name)), sorted(all(path, /\{([^}]*)\}/g)), path);
        const names = given.map((p) => `${p.in} ${p.name}`);
        assert.equal(new Set(names).size, names.length, path);
    }
});

test('doc/compatibility.md speaks of every published endpoint and field', () => {
    const text = read('doc/compatibility.md').replace(/[`[\]]/g, ' ');
    const spoken = new Set(text.split(/[\s,]+/));
    for (const { path, operation } of operations.filter((o) => !o.operation['x-faxwire-extension']))
        assert.ok(path.split('/').slice(2).every((part) => spoken.has(`/v2/${part}`) || text.includes(part)), path);
    for (const name of ['SendFax', 'Fax', 'CreateFaxApplication', 'UpdateFaxApplication', 'FaxApplication', 'CreateMedia', 'Media', 'PhoneNumber', 'WebhookDelivery'])
        for (const [field, schema] of Object.entries(api.components.schemas[name].properties))
            assert.ok(schema['x-faxwire-extension'] || [...spoken].some((word) => word.split('.')[0] === field), `${name}: ${field}`);
});

test('the check itself sees what is not as described', () => {
    const headers = new Headers({ 'content-type': 'application/json; charset=utf-8', 'request-id': 'x', 'x-request-id': 'x' });
    const answer = (more) => answerFault({ method: 'GET', path: '/health', status: 200, headers, text: '{"status":"ok"}', ...more });
    assert.equal(answer(), undefined);
    assert.match(answer({ text: '{"status":"ok","extra":1}' }), /additional/);
    assert.match(answer({ text: '{}' }), /required/);
    assert.match(answer({ status: 201 }), /status 201/);
    assert.match(answer({ path: '/v2/faxes', status: 404 }), /status 404/);
    assert.match(answer({ headers: new Headers({ 'content-type': 'text/html', 'request-id': 'x', 'x-request-id': 'x' }) }), /text\/html/);
    assert.match(answer({ headers: new Headers({ 'content-type': 'application/json' }) }), /request-id/);
});

test('the service answers the document that it was built with, without a key', async () => {
    const service = await Service.start();
    try {
        const answer = await service.request('GET', '/openapi.json', { key: null });
        assert.equal(answer.status, 200);
        assert.ok(isDeepStrictEqual(answer.body, api), 'another document than doc/api.yaml: built before it changed?');
    } finally {
        await service.end();
    }
});
