// Messages through the official Node SDK's own helpers.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';

import { PROMPT, caller } from './callers.js';
import { MODEL, SUPPLIER_KEY, start } from './rig.js';

const TOOLS = [
  {
    name: 'get_weather',
    input_schema: { type: 'object', properties: { place: { type: 'string' }, days: { type: 'integer' } } },
  },
  { name: 'get_tides', input_schema: { type: 'object', properties: { harbour: { type: 'string' } } } },
];
const ASK = { max_tokens: 4096, messages: [{ role: 'user', content: PROMPT }] };
const BOTH = { max_tokens: 4096, messages: [{ role: 'user', content: 'The weather and the tides in Brest?' }], tools: TOOLS };
const THINKING = { thinking: { type: 'enabled', budget_tokens: 1024 } };

let stage;
let messages;
let beta;
let direct;

before(async () => {
  stage = await start([['in another protocol', 'openai', 'translate = true']]);
  const { client } = caller('anthropic', stage.gateway, stage.gateway.key);
  messages = client.messages;
  beta = client.beta.messages;
  direct = (request) => caller('anthropic', stage.witness, SUPPLIER_KEY).client.messages.create({ model: MODEL, ...request });
});
beforeEach(() => stage.begin());
after(() => stage.stop());

/** Blocks without ids, which differ from request to request. */
const said = (message) => message.content.map(({ id: _, ...block }) => block);

test('a plain answer is the supplier\'s', async () => {
  const [answer, expected] = [await messages.create({ model: 'assistant', ...ASK }), await direct(ASK)];
  assert.deepEqual(said(answer), said(expected));
  assert.deepEqual(answer.usage, expected.usage);
});

test('g1_the stream helper rebuilds text, thinking and parallel tool calls', async () => {
  for (const request of [ASK, BOTH, { ...ASK, ...THINKING }, { ...BOTH, ...THINKING }]) {
    const rebuilt = await messages.stream({ model: 'assistant', ...request }).finalMessage();
    const expected = await direct(request);
    assert.deepEqual(said(rebuilt), said(expected));
    assert.equal(rebuilt.stop_reason, expected.stop_reason);
    assert.equal(rebuilt.usage.output_tokens, expected.usage.output_tokens);
  }
});

test('g2_thinking goes back to its supplier with its signature', async () => {
  const request = { model: 'assistant', ...BOTH, ...THINKING };
  const first = await messages.stream(request).finalMessage();
  const results = first.content
    .filter((block) => block.type === 'tool_use')
    .map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'calm' }));
  assert.equal(results.length, 2);
  const talk = [...request.messages, { role: 'assistant', content: first.content }, { role: 'user', content: results }];
  const answer = await messages.create({ ...request, messages: talk });
  assert.equal(answer.stop_reason, 'end_turn');
});

test('stop sequences and limits end an answer', async () => {
  for (const options of [{ stop_sequences: ['the'] }, { max_tokens: 3 }]) {
    const expected = await direct({ ...ASK, ...options });
    for (const answer of [
      await messages.create({ model: 'assistant', ...ASK, ...options }),
      await messages.stream({ model: 'assistant', ...ASK, ...options }).finalMessage(),
    ]) {
      assert.deepEqual(said(answer), said(expected));
      assert.equal(answer.stop_reason, expected.stop_reason);
    }
  }
});

test('a tool runner, which wants its conversation kept, does its work where nobody keeps any', async () => {
  const tides = betaTool({
    name: 'tides',
    description: 'The tables of the tides.',
    inputSchema: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
    run: ({ place }) => `high at six in ${place}`,
  });
  for (const model of ['assistant', 'in another protocol']) {
    const asked = { role: 'user', content: 'Use tides now' };
    const answer = await beta.toolRunner({ model, max_tokens: 600, messages: [asked], tools: [tides] });
    assert.equal(answer.stop_reason, 'end_turn');
    assert.match((await stage.first.last()).body, /high at six in/);
  }
});
