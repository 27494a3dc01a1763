// The real binaries as processes: suppliers with a remote control, and the gateway in front of them.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export const MODEL = 'relief-1';
export const SUPPLIER_KEY = 'sk-of-the-supplier-in-node-tests';
const ROOT = path.resolve(import.meta.dirname, '../../..');
const PATIENCE_MS = 20_000;

const binary = (name) => process.env[`${name.toUpperCase()}_BIN`] ?? path.join(ROOT, 'target/debug', name);

/** Everything that can go wrong before an answer's first content; the list that the Python tests use. */
export const FAULTS = JSON.parse(readFileSync(path.join(import.meta.dirname, '../faults.json'), 'utf8'));

class Process {
  constructor(name, command, folder, environment, stdin) {
    this.name = name;
    this.out = path.join(folder, `${name}.out`);
    this.err = path.join(folder, `${name}.err`);
    // Nothing of the caller's environment: no proxy, no key.
    const env = { PATH: process.env.PATH, HOME: folder, ...environment };
    const stdio = [stdin, openSync(this.out, 'a'), openSync(this.err, 'a')];
    this.child = spawn(command[0], command.slice(1), { cwd: folder, env, stdio });
    this.ended = new Promise((resolve) => this.child.on('exit', resolve));
  }

  said() {
    return readFileSync(this.out, 'utf8') + readFileSync(this.err, 'utf8');
  }

  /** The JSON document that it prints when it is ready. */
  async firstDocument() {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(5)) {
      try {
        return JSON.parse(readFileSync(this.out, 'utf8'));
      } catch {
        if (this.child.exitCode !== null) break;
      }
    }
    throw new Error(`${this.name} did not start: ${this.said()}`);
  }

  async end(how) {
    how(this.child);
    const code = await this.ended;
    if (code !== 0 || this.said().includes('panicked')) throw new Error(`${this.name} ended ${code}: ${this.said()}`);
  }
}

/** A simulated supplier of every protocol. */
export class Supplier extends Process {
  static async start(name, folder) {
    const options = ['--control', '127.0.0.1:0', '--until-eof', '--key', SUPPLIER_KEY, '--prompt-cache', 'false'];
    options.push('--record-replies', 'true');
    const supplier = new Supplier(name, [binary('simulator'), ...options], folder, {}, 'pipe');
    const ready = await supplier.firstDocument();
    supplier.control = `http://${ready.control}`;
    supplier.address = ready.listen;
    supplier.urls = { openai: `http://${ready.listen}/v1`, anthropic: `http://${ready.listen}` };
    return supplier;
  }

  async ask(method, where, body) {
    const response = await fetch(this.control + where, { method, body: body && JSON.stringify(body) });
    const document = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(document));
    return document;
  }

  /** Sets the script: rules, or bare faults that each request meets. */
  play(...rules) {
    return this.ask('PUT', '/script', rules.map((rule) => (rule.fault ? rule : { fault: rule })));
  }

  change(settings) {
    return this.ask('PATCH', '/settings', settings);
  }

  counters() {
    return this.ask('GET', '/counters');
  }

  /** The last request and what was answered, both as text, once all of it was sent. */
  async last() {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(2)) {
      const { body, reply } = (await this.ask('GET', '/recorded')).at(-1);
      if (reply) return { body: Buffer.from(body, 'base64').toString(), reply: Buffer.from(reply, 'base64').toString() };
    }
    throw new Error(`${this.name} sent no reply`);
  }

  async requests() {
    return (await this.counters()).requests;
  }

  /** Healthy, with no memory, and as fast as can be. */
  async begin() {
    await this.play();
    await this.ask('POST', '/forget');
    await this.change({ pace: { headers_ms: 0, ttft_ms: 0, tokens_per_second: 0 } });
  }

  stop() {
    return this.end((child) => child.stdin.end());
  }
}

/** `releve serve` with a folder of its own, and a key for product `office`. */
export class Gateway extends Process {
  static async start(folder, config) {
    const file = path.join(folder, 'releve.toml');
    writeFileSync(file, config);
    const base = [binary('releve'), '--config', file];
    const environment = { RIG_SUPPLIER_KEY: SUPPLIER_KEY };
    const gateway = new Gateway('releve', [...base, 'serve', '--json'], folder, environment, 'ignore');
    Object.assign(gateway, { base, folder, environment });
    const ready = await gateway.firstDocument();
    gateway.urls = { openai: `${ready.listen}/v1`, anthropic: ready.listen };
    gateway.key = (await gateway.command('keys', 'create', '--product', 'office')).key;
    return gateway;
  }

  async command(...words) {
    const env = { PATH: process.env.PATH, HOME: this.folder, ...this.environment };
    const [program, ...options] = this.base;
    const done = await promisify(execFile)(program, [...options, ...words, '--json'], { env, cwd: this.folder });
    return JSON.parse(done.stdout);
  }

  /** What the ledger says of a request, once it is settled. */
  async entry(id) {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(20)) {
      const story = await this.command('explain', id).catch(() => ({}));
      if (story.settlement) return story.settlement;
    }
    throw new Error(`no settled entry of ${id}`);
  }

  /** Ends it in order: nothing panicked, and the ledger is whole. */
  async stop() {
    await this.end((child) => child.kill('SIGTERM'));
    const report = await this.command('ledger', 'verify');
    if (!report.whole || report.open !== 0) throw new Error(JSON.stringify(report));
  }
}

const PROTOCOLS = { openai: 'openai-chat', anthropic: 'anthropic-messages' };

/** `cases`: a route for each name, over a deployment of its own and a healthy one, `[name, dialect, policy]`. */
function written(first, second, cases) {
  const lines = ['[server]', 'listen = "127.0.0.1:0"', 'admin_listen = "127.0.0.1:0"', '[products.office]'];
  lines.push('[policy]', 'translate = false');
  const provider = (name, supplier, dialect) =>
    lines.push(
      `[providers."${name}"]`,
      `protocol = "${PROTOCOLS[dialect]}"`,
      `base_url = "${supplier.urls[dialect]}"`,
      'api_key = { env = "RIG_SUPPLIER_KEY" }',
    );
  const route = (name, deployments, policy = '') =>
    lines.push(
      `[routes."${name}"]`,
      `deployments = [${deployments.map((each) => `"${each}/${MODEL}"`).join(', ')}]`,
      `[routes."${name}".policy]`,
      policy,
    );
  for (const dialect of ['openai', 'anthropic']) {
    provider(`first-${dialect}`, first, dialect);
    provider(`healthy-${dialect}`, second, dialect);
  }
  route('assistant', ['first-openai', 'first-anthropic', 'healthy-openai', 'healthy-anthropic'], 'keepalive = "60ms"');
  for (const [name, dialect, policy] of cases) {
    provider(name, first, dialect);
    provider(`second ${name}`, second, dialect);
    route(name, [name, `second ${name}`], policy);
  }
  return lines.join('\n') + '\n';
}

/** Two suppliers, a witness whom the gateway does not know, and the gateway. */
export async function start(cases) {
  const folder = mkdtempSync(path.join(tmpdir(), 'releve-node-'));
  const [first, second, witness] = await Promise.all(
    ['first', 'second', 'witness'].map((name) => Supplier.start(name, folder)),
  );
  const gateway = await Gateway.start(folder, written(first, second, cases));
  const begin = () => Promise.all([first.begin(), second.begin(), witness.begin()]);
  const stop = async () => {
    await gateway.stop();
    await Promise.all([first.stop(), second.stop(), witness.stop()]);
    rmSync(folder, { recursive: true });
  };
  return { first, second, witness, gateway, begin, stop };
}
