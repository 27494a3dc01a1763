// Fidelity: each client on each protocol of suppliers, in everything that both can say.

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Gateway, MODEL, Supplier } from '../rig.js';
import { FAULTS, FEATURES } from './features.js';
import { SAID, baseUrl } from './suppliers.js';

const WAYS = ['plain', 'stream'];

/** What the target has no words for: the client's own 400, which says so. */
const UNSAYABLE = {
  'stop words': ['openai-responses'],
};

/** What does not work, whose doing that is, and the one error that it ends with: `{ why, status, code, words }`. It fails here
 *  as soon as it works, and as soon as it fails otherwise. */
const KNOWN = {};

/** A route for each protocol over the one supplier that speaks all; one more for each failure, since breakers belong to a
 *  provider's name. */
function written(supplier, failing) {
  const lines = ['[server]', 'listen = "127.0.0.1:0"', 'admin_listen = "127.0.0.1:0"', '[products.office]'];
  const names = Object.keys(SAID).flatMap((protocol) => [protocol, ...failing.map((each) => `${protocol} ${each}`)]);
  for (const name of names) {
    const [protocol] = name.split(' ');
    lines.push(
      `[providers."${name}"]`,
      `protocol = "${protocol}"`,
      `base_url = "${baseUrl(protocol, supplier.address)}"`,
      'api_key = { env = "RIG_SUPPLIER_KEY" }',
      `[routes."to ${name}"]`,
      `deployments = ["${name}/${MODEL}"]`,
    );
  }
  return lines.join('\n') + '\n';
}

/** Where outcomes are collected from which `docs/fidelity.md` is made. */
function note(outcome) {
  if (process.env.FIDELITY_OUT) appendFileSync(process.env.FIDELITY_OUT, JSON.stringify(outcome) + '\n');
}

const failure = (asking) =>
  asking.then(
    () => assert.fail('no error'),
    (error) => error,
  );

/** Asks, and says what became of it: `carried`, `refused` where nothing else is right, `broken` where that is known. */
async function outcome(name, feature, protocol, stage, ask) {
  if (KNOWN[name]) {
    const { status, code, words } = KNOWN[name];
    const error = await failure(ask(stage));
    assert.ok(stage.tongue.raises(error, status), `${error}`);
    assert.equal(error.code ?? undefined, code);
    assert.match(`${error}`, words);
    return 'broken';
  }
  if (!UNSAYABLE[feature]?.includes(protocol)) {
    await ask(stage);
    return 'carried';
  }
  const error = await failure(ask(stage));
  assert.ok(stage.tongue.raises(error, 400), `${error}`);
  assert.match(`${error}`, /cannot be said/);
  return 'refused';
}

/** A supplier's failure is the SDK's own error: its class, our id, one request, and when to come back. */
async function fails(tongue, route, stream, { statuses, retryAfter }) {
  const { sent } = tongue.wire;
  const error = await failure(tongue.ask(stream, route, tongue.user('hi')));
  const isRaised = statuses.some((status) => tongue.raises(error, status));
  assert.ok(isRaised, `${error} (${error.status ?? error.statusCode})`);
  assert.match(tongue.id(error), /^req_/);
  assert.equal(tongue.wire.sent, sent + 1, 'the SDK tried again by itself');
  if (retryAfter) assert.ok(Number(tongue.wire.headers.get('retry-after')) >= retryAfter);
}

/** All features of `clients` on all protocols. */
export function matrix(clients) {
  const failing = clients.flatMap((_, index) =>
    Object.keys(FAULTS).flatMap((fault) => WAYS.map((way) => `${fault}-${way}-${index}`)),
  );
  let supplier;
  let gateway;
  const folder = mkdtempSync(path.join(tmpdir(), 'releve-matrix-'));

  before(async () => {
    supplier = await Supplier.start('supplier', folder);
    // The last request is all that is looked at, some three thousand times.
    await supplier.change({ record: 1 });
    gateway = await Gateway.start(folder, written(supplier, failing));
  });
  after(async () => {
    await gateway.stop();
    await supplier.stop();
    rmSync(folder, { recursive: true });
  });

  clients.forEach(({ client, protocol: spoken, lacks, keeps = () => 'all', connect }, index) => {
    describe(client, () => {
      let tongue;
      before(() => {
        tongue = connect(gateway);
      });
      for (const protocol of Object.keys(SAID)) {
        const stage = () => ({
          tongue,
          spoken,
          protocol,
          keeps: keeps(protocol),
          route: `to ${protocol}`,
          last: () => supplier.last(),
          truth: async () => SAID[protocol](JSON.parse((await supplier.last()).reply)),
        });
        const heard = (feature, outcome) => {
          const dropped = tongue.wire.headers.get('x-releve-dropped') ?? '';
          const isSaid = outcome !== 'refused' && (feature !== 'reasoning that goes back' || keeps(protocol) === 'all');
          note({ client, from: spoken, to: protocol, feature, outcome: isSaid ? outcome : 'refused', dropped, both: isSaid });
        };
        for (const [feature, ask] of Object.entries(FEATURES)) {
          if (lacks?.includes(feature)) continue;
          const name = `${client} on ${protocol}: ${feature}`;
          test(name, async () => heard(feature, await outcome(name, feature, protocol, stage(), ask)));
        }
        for (const fault of Object.keys(FAULTS)) {
          for (const way of WAYS) {
            test(`i01_${client} on ${protocol}: ${fault}, ${way}`, async (t) => {
              t.after(() => supplier.play());
              await supplier.play(FAULTS[fault].fault);
              await fails(tongue, `to ${protocol} ${fault}-${way}-${index}`, way === 'stream', FAULTS[fault]);
              heard('errors', 'carried');
            });
          }
        }
      }
    });
  });
}
