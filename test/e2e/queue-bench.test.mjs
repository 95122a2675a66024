/* The bench of a full queue goes on working: a small one is filled, and its faxes are dialled. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './lib/service.mjs';

test('faxes that wait are dialled after a start', () => {
    const folder = mkdtempSync(join(tmpdir(), 'faxwire-queue-bench-'));
    const bench = (...args) => execFileSync(join(build, 'test/unit/queue/queue_bench'), args, { encoding: 'utf8' });
    try {
        bench('fill', folder, '500');
        const result = JSON.parse(bench('run', folder, '1'));
        assert.ok(result.calls_per_s > 0 && result.first_dial_s > 0 && result.rss_end_kib > 0, JSON.stringify(result));
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
});
