// Everything that each client asks of each protocol. A feature is asked plainly and as a stream, both must be what the
// supplier said.

import assert from 'node:assert/strict';

import { goesBack } from './thoughts.js';
import { FORECAST, PIXEL, PROMPT, TIDES, WEATHER } from './words.js';

/** A supplier's last answer and both forms of the client's agree; the plain one is given back. */
async function agree({ tongue, route, truth }, talk, options) {
  const plain = await tongue.ask(false, route, talk, options);
  const { text, calls } = await truth();
  const streamed = await tongue.ask(true, route, talk, options);
  for (const heard of [plain, streamed]) {
    assert.equal(heard.text, text);
    assert.deepEqual(
      heard.calls.map(({ name, args }) => [name, args]),
      calls,
    );
    assert.ok(heard.input > 0 && heard.output > 0, `usage: ${heard.input}, ${heard.output}`);
  }
  assert.equal(streamed.finish, plain.finish);
  assert.deepEqual([streamed.input, streamed.output], [plain.input, plain.output]);
  return plain;
}

/** Asks for `wish`, answers the calls, and hears what comes of it. */
async function conversation(stage, wish, calls) {
  const { tongue } = stage;
  const tools = [WEATHER, TIDES];
  const talk = tongue.user(wish);
  const heard = await agree(stage, talk, { tools });
  assert.equal(heard.finish, 'tools');
  assert.deepEqual(
    heard.calls.map(({ name }) => name),
    calls,
  );
  const told = [...talk, ...heard.turn, ...tongue.results(heard, 'calm, 12 degrees')];
  const end = await agree(stage, told, { tools });
  assert.equal(end.finish, 'stop');
  assert.ok(end.text);
}

export const FEATURES = {
  async text(stage) {
    const heard = await agree(stage, stage.tongue.user(PROMPT));
    assert.equal(heard.finish, 'stop');
    assert.ok(heard.text);
  },
  async 'instructions and earlier turns'(stage) {
    const { tongue } = stage;
    const heard = await agree(stage, tongue.user('Hello'));
    const talk = [...tongue.user('Hello'), ...heard.turn, ...tongue.user('And now?')];
    await agree(stage, talk, { system: 'Speak like a sailor from Saint-Malo.' });
    const { body } = await stage.last();
    assert.match(body, /sailor from Saint-Malo/);
    assert.match(body, /And now\?/);
  },
  'tool calls and results': (stage) => conversation(stage, 'What is the weather in Brest?', ['get_weather']),
  'parallel tool calls': (stage) =>
    conversation(stage, 'What are the weather and the tides in Brest?', ['get_weather', 'get_tides']),
  // The one function twice: results find their calls by id or order, never by name alone.
  'parallel calls of one function': (stage) =>
    conversation(stage, 'The weather in Brest and in Cancale, both please', ['get_weather', 'get_weather']),
  async 'a named tool'(stage) {
    const force = 'get_tides';
    // Nobody asks Ollama for a call: its answer is held to what the call says, and becomes the call.
    const held = async () => ({ text: '', calls: [[force, JSON.parse((await stage.truth()).text)]] });
    const truth = stage.protocol === 'ollama-chat' ? held : stage.truth;
    const heard = await agree({ ...stage, truth }, stage.tongue.user(PROMPT), { tools: [WEATHER, TIDES], force });
    assert.deepEqual(
      heard.calls.map(({ name }) => name),
      [force],
    );
  },
  async images(stage) {
    await agree(stage, stage.tongue.user('What is this?', PIXEL));
    assert.match((await stage.last()).body, /iVBORw0KGgo/);
  },
  async 'structured output'(stage) {
    const heard = await agree(stage, stage.tongue.user('A forecast, please'), { schema: FORECAST });
    assert.deepEqual(Object.keys(JSON.parse(heard.text)).sort(), ['celsius', 'place']);
  },
  async 'the limit of an answer'(stage) {
    assert.equal((await agree(stage, stage.tongue.user(PROMPT), { limit: 16 })).finish, 'length');
  },
  async 'stop words'(stage) {
    const { tongue, route } = stage;
    const whole = (await tongue.ask(false, route, tongue.user(PROMPT))).text;
    const word = whole.split(/\s+/)[5];
    const heard = await agree(stage, tongue.user(PROMPT), { stop: word });
    assert.equal(heard.text, whole.slice(0, whole.indexOf(word)));
    assert.equal(heard.finish, 'stop');
  },
  'reasoning that goes back': goesBack,
};

/** What a supplier's failure must be for the client: a status, and what the SDK's users catch by it. */
export const FAULTS = {
  limited: { fault: { kind: 'rate_limited', retry_after: { seconds: 7 } }, statuses: [429], retryAfter: 7 },
  failing: { fault: { kind: 'server_error' }, statuses: [503, 529] },
};
