/* Two services that are each other's trunk: real SIP between them, and nobody in the middle. */
import { createSocket } from 'node:dgram';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service, bin } from './service.mjs';

/* A UDP port that is free now, and below those that the system gives to whoever asks for any. */
export async function freePort() {
    for (;;) {
        const port = 12000 + Math.floor(Math.random() * 20000);
        const socket = createSocket('udp4');
        const free = await new Promise((done) => {
            socket.once('error', () => done(false));
            socket.bind(port, '127.0.0.1', () => done(true));
        });
        await new Promise((done) => socket.close(done));
        if (free) return port;
    }
}

/* `wrap` gets the command and may put another around it; `more` are further lines of the configuration. */
export async function serve({ port, peer, host = '127.0.0.1', unpaced = true, more = '', env = {}, wrap = (command) => command }) {
    const data = mkdtempSync(join(tmpdir(), 'faxwire-pair-'));
    const config = join(tmpdir(), `faxwire-pair-${port}.yaml`);
    writeFileSync(config, [`data: ${data}`, 'listen: 127.0.0.1:0', `sip_host: "${host}"`, `sip_port: ${port}`,
        'webhook_private: true', 'fetch_private: true', more, 'trunks:', '  - name: peer', `    host: "${host}"`,
        `    port: ${peer}`, '    options_secs: 0', `    unpaced: ${unpaced}`, ''].join('\n'));
    return Service.start({ data, env, command: wrap([bin('faxwire'), 'serve', '--config', config], data) });
}

export async function pair(options = {}) {
    const [a, b] = [await freePort(), await freePort()];
    return [await serve({ port: a, peer: b, ...options.both, ...options.a }),
        await serve({ port: b, peer: a, ...options.both, ...options.b })];
}
