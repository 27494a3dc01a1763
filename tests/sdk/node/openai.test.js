// Chat Completions through the official Node SDK's own helpers.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { PROMPT, caller } from './callers.js';
import { MODEL, SUPPLIER_KEY, start } from './rig.js';

const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      parameters: {
        type: 'object',
        properties: { place: { type: 'string' }, days: { type: 'integer', minimum: 1, maximum: 9 } },
        required: ['place', 'days'],
      },
    },
  },
  {
    type: 'function',
    function: { name: 'get_tides', parameters: { type: 'object', properties: { harbour: { type: 'string' } } } },
  },
];
const BOTH = [{ role: 'user', content: 'What are the weather and the tides in Brest?' }];
const ASK = [{ role: 'user', content: PROMPT }];

let stage;
let completions;
let direct;

before(async () => {
  stage = await start([]);
  completions = caller('openai', stage.gateway, stage.gateway.key).client.chat.completions;
  direct = (request) => caller('openai', stage.witness, SUPPLIER_KEY).client.chat.completions.create({ model: MODEL, ...request });
});
beforeEach(() => stage.begin());
after(() => stage.stop());

const called = (message) => message.tool_calls.map(({ function: { name, arguments: text } }) => [name, JSON.parse(text)]);

test('a plain answer is the supplier\'s', async () => {
  const [answer, expected] = [await completions.create({ model: 'assistant', messages: ASK }), await direct({ messages: ASK })];
  assert.deepEqual(answer.choices, expected.choices);
  assert.deepEqual(answer.usage, expected.usage);
});

test('g1_the stream helper rebuilds text and parallel tool calls', async () => {
  for (const request of [{ messages: ASK }, { messages: BOTH, tools: TOOLS }]) {
    const rebuilt = await completions.stream({ model: 'assistant', ...request }).finalChatCompletion();
    const [{ message, finish_reason: finish }] = (await direct(request)).choices;
    assert.equal(rebuilt.choices[0].message.content, message.content);
    assert.equal(rebuilt.choices[0].finish_reason, finish);
    if (request.tools) assert.deepEqual(called(rebuilt.choices[0].message), called(message));
  }
});

test('runTools goes round', async () => {
  const asked = [];
  const run = (name) => ({
    type: 'function',
    function: {
      ...TOOLS.find((tool) => tool.function.name === name).function,
      description: name,
      parse: JSON.parse,
      function: (options) => {
        asked.push([name, options]);
        return 'calm';
      },
    },
  });
  const runner = completions.runTools({ model: 'assistant', messages: BOTH, tools: [run('get_weather'), run('get_tides')] });
  assert.ok(await runner.finalContent());
  assert.deepEqual(asked.map(([name]) => name), ['get_weather', 'get_tides']);
  assert.equal(typeof asked[0][1].place, 'string');
});

test('g8_one usage chunk if asked for and none if not', async () => {
  const expected = (await direct({ messages: ASK })).usage;
  for (const asked of [undefined, false, true]) {
    const options = asked === undefined ? {} : { stream_options: { include_usage: asked } };
    const chunks = [];
    for await (const chunk of await completions.create({ model: 'assistant', messages: ASK, stream: true, ...options })) {
      chunks.push(chunk);
    }
    const told = chunks.filter((chunk) => chunk.usage);
    assert.deepEqual(told.map((chunk) => chunk.usage), asked ? [expected] : []);
    assert.equal(chunks.filter((chunk) => chunk.choices.length === 0).length, asked ? 1 : 0);
  }
});

test('a schema is kept', async () => {
  const schema = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'], additionalProperties: false };
  const response_format = { type: 'json_schema', json_schema: { name: 'forecast', schema, strict: true } };
  const answer = await completions.parse({ model: 'assistant', messages: ASK, response_format });
  assert.equal(typeof JSON.parse(answer.choices[0].message.content).place, 'string');
});

test('several choices, stop words and limits', async () => {
  for (const options of [{ n: 2 }, { max_completion_tokens: 3 }, { stop: ['the', 'and'] }]) {
    const expected = (await direct({ messages: ASK, ...options })).choices;
    const plain = (await completions.create({ model: 'assistant', messages: ASK, ...options })).choices;
    assert.deepEqual(plain, expected);
    const chunks = await completions.create({ model: 'assistant', messages: ASK, stream: true, ...options });
    const texts = expected.map(() => '');
    for await (const chunk of chunks) {
      for (const choice of chunk.choices) texts[choice.index] += choice.delta.content ?? '';
    }
    assert.deepEqual(texts, expected.map((choice) => choice.message.content));
  }
});
