// What both Node SDKs must meet with: takeovers, errors, keep-alives, leaving, ids, models.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { caller } from './callers.js';
import { FAULTS, MODEL, SUPPLIER_KEY, start } from './rig.js';

const DIALECTS = ['openai', 'anthropic'];
const WAYS = ['plain', 'stream'];
const TOKENS = { tokens: 3 };
const BREAKS = {
  cut: { kind: 'cut', after: TOKENS },
  'cut hard': { kind: 'cut', after: TOKENS, with: 'rst' },
  ends: { kind: 'clean_end', after: TOKENS },
  error: { kind: 'error_in_200', after: TOKENS },
  silence: { kind: 'stall', after: TOKENS },
};
// What takes time is tried by the Python tests.
const CASES = FAULTS.filter((fault) => !fault.slow).flatMap(({ name, fault, of }) =>
  (of ? [of] : WAYS).flatMap((way) => DIALECTS.map((dialect) => ({ name: `${name} ${dialect} ${way}`, dialect, way, fault }))),
);

let stage;
let callers;

before(async () => {
  const routes = [
    ...CASES.map(({ name, dialect }) => [name, dialect]),
    ...DIALECTS.flatMap((dialect) => [
      // Only silence is waited for; what comes before it may take its time.
      ...Object.keys(BREAKS).map((name) => {
        return [`broken by ${name} ${dialect}`, dialect, name === 'silence' ? 'token_gap_timeout = "1s"' : ''];
      }),
      ...WAYS.flatMap((way) => ['spent', 'limited'].map((name) => [`${name} ${dialect} ${way}`, dialect])),
      [`late ${dialect}`, dialect, 'keepalive = "60ms"\nheader_timeout = "200ms"'],
    ]),
  ];
  stage = await start(routes);
  callers = Object.fromEntries(DIALECTS.map((dialect) => [dialect, caller(dialect, stage.gateway, stage.gateway.key)]));
});
beforeEach(() => stage.begin());
after(() => stage.stop());

const truth = async (dialect) => (await caller(dialect, stage.witness, SUPPLIER_KEY).plain(MODEL)).text;

async function raised(asking) {
  let answer;
  try {
    answer = await asking();
  } catch (error) {
    return error;
  }
  assert.fail(`no error, but ${JSON.stringify(answer)}`);
}

describe('P1: before the first content a failure is invisible', () => {
  for (const { name, dialect, way, fault } of CASES) {
    test(`p1_${name}`, async () => {
      const asker = callers[dialect];
      await stage.first.play(fault);
      const sent = asker.wire.sent;
      const said = await asker[way](name);
      assert.equal(said.text, await truth(dialect));
      assert.equal(said.finish, asker.ends);
      assert.equal(asker.wire.sent, sent + 1);
      assert.equal(asker.wire.headers.get('x-releve-attempts'), '2');
      assert.equal(await stage.second.requests(), 1);
    });
  }
});

for (const dialect of DIALECTS) {
  describe(dialect, () => {
    test('p2_a broken stream raises the SDK\'s error after what was said', async () => {
      const asker = callers[dialect];
      for (const [name, fault] of Object.entries(BREAKS)) {
        await stage.begin();
        await stage.first.play(fault);
        const said = { text: '', pieces: 0 };
        const error = await raised(() => asker.stream(`broken by ${name} ${dialect}`, {}, said));
        assert.ok(error instanceof asker.sdk.APIError, `${name}: ${error}`);
        assert.ok(!(error instanceof asker.sdk.APIConnectionError), `${name}: ${error}`);
        assert.equal(said.pieces, 3, name);
        assert.equal(said.finish, undefined, name);
        assert.ok((await truth(dialect)).startsWith(said.text));
        assert.equal(await stage.second.requests(), 0);
      }
    });

    test('errors are of the classes that users catch', async () => {
      const { sdk } = callers[dialect];
      const stranger = caller(dialect, stage.gateway, 'rlv_of-a-stranger');
      for (const way of WAYS) {
        const cases = [
          [() => stranger[way](), sdk.AuthenticationError, 401],
          [() => callers[dialect][way]('no-such-route'), sdk.NotFoundError, 404],
          [() => callers[dialect][way]('assistant', { temperature: 3.5 }), sdk.BadRequestError, 400],
        ];
        for (const [asking, kind, status] of cases) {
          const error = await raised(asking);
          assert.ok(error instanceof kind, `${error}`);
          assert.equal(error.status, status);
          assert.match(error.requestID, /^req_/);
        }
      }
    });

    test('p3_when all are spent the SDK gets one error and tries no more', async () => {
      const patient = caller(dialect, stage.gateway, stage.gateway.key, { maxRetries: 2 });
      for (const supplier of [stage.first, stage.second]) await supplier.play({ kind: 'server_error' });
      for (const way of WAYS) {
        const sent = patient.wire.sent;
        const error = await raised(() => patient[way](`spent ${dialect} ${way}`));
        assert.ok(error instanceof patient.sdk.InternalServerError, `${error}`);
        assert.equal(patient.wire.sent, sent + 1);
      }
      assert.ok((await stage.first.requests()) + (await stage.second.requests()) <= 6);
    });

    test('when all are rate limited so is the client, and told for how long', async () => {
      const fault = { kind: 'rate_limited', retry_after: { seconds: 9 } };
      for (const supplier of [stage.first, stage.second]) await supplier.play(fault);
      for (const way of WAYS) {
        const error = await raised(() => callers[dialect][way](`limited ${dialect} ${way}`));
        assert.ok(error instanceof callers[dialect].sdk.RateLimitError, `${error}`);
        assert.ok(Number(error.headers.get('retry-after')) >= 9);
      }
    });

    test('p11_keep-alives before and inside a stream', async () => {
      await stage.first.play({ kind: 'slow_headers', delay_ms: 250 });
      const late = await callers[dialect].stream();
      assert.equal(late.text, await truth(dialect));
      const expected = (await caller(dialect, stage.witness, SUPPLIER_KEY).plain(MODEL, { max_tokens: 3 })).text;
      await stage.begin();
      await stage.first.change({ pace: { tokens_per_second: 6 } });
      const slow = await callers[dialect].stream('assistant', { max_tokens: 3 });
      assert.equal(slow.text, expected);
    });

    test('p11_an error behind keep-alives is the SDK\'s error', async () => {
      for (const supplier of [stage.first, stage.second]) await supplier.play({ kind: 'hang' });
      const error = await raised(() => callers[dialect].stream(`late ${dialect}`));
      assert.ok(error instanceof callers[dialect].sdk.APIError, `${error}`);
      assert.ok(!(error instanceof callers[dialect].sdk.APIConnectionError), `${error}`);
    });

    test('g21_an aborted stream is cancelled at the supplier', async () => {
      await stage.first.change({ pace: { tokens_per_second: 25 } });
      const stream = await callers[dialect].create('assistant', { stream: true });
      let events = 0;
      for await (const _ of stream) {
        events += 1;
        if (events === 6) break;
      }
      for (const end = Date.now() + 2000; (await stage.first.counters()).client_left === 0; await sleep(2)) {
        assert.ok(Date.now() < end, 'the supplier was not told');
      }
      const booked = await stage.gateway.entry(callers[dialect].id(callers[dialect].wire.headers));
      assert.equal(booked.outcome, 'client_left');
    });

    test('the request id is the ledger\'s', async () => {
      const said = await callers[dialect].plain();
      const booked = await stage.gateway.entry(said.id);
      assert.equal(booked.id, said.id);
      assert.equal(booked.outcome, 'answered');
    });

    test('models are listed and found', async () => {
      const { client, sdk } = callers[dialect];
      const ids = [];
      for await (const model of client.models.list()) ids.push(model.id);
      assert.ok(ids.includes('assistant'), ids);
      assert.equal((await client.models.retrieve('assistant')).id, 'assistant');
      assert.ok((await raised(() => client.models.retrieve('no/such'))) instanceof sdk.NotFoundError);
    });

    test('a base URL may end in a slash', async () => {
      const { openai, anthropic } = stage.gateway.urls;
      const place = { urls: { openai: `${openai}/`, anthropic: `${anthropic}/` } };
      assert.equal((await caller(dialect, place, stage.gateway.key).plain()).finish, callers[dialect].ends);
    });

    test('200 KB go through', async () => {
      const prompt = 'Ships and weather, 船と天気 ⛵. '.repeat(6000);
      const messages = [{ role: 'user', content: prompt }];
      for (const way of WAYS) {
        const said = await callers[dialect][way]('assistant', { messages });
        const direct = await caller(dialect, stage.witness, SUPPLIER_KEY)[way](MODEL, { messages });
        assert.equal(said.text, direct.text);
      }
    });
  });
}
