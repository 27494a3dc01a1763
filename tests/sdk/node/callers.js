// The official SDKs, and one way to ask in either protocol.

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

export const PROMPT = 'Tell me about the weather at sea, please.';

/** A client of `place` (the gateway or a supplier), and the simplest question in its protocol. */
export function caller(dialect, place, key, options = {}) {
  const wire = { sent: 0, headers: undefined };
  const counting = async (url, init) => {
    wire.sent += 1;
    const response = await fetch(url, init);
    wire.headers = response.headers;
    return response;
  };
  const all = { baseURL: place.urls[dialect], apiKey: key, fetch: counting, maxRetries: 0, timeout: 20_000, ...options };
  return dialect === 'openai' ? openai(new OpenAI(all), wire) : anthropic(new Anthropic(all), wire);
}

function openai(client, wire) {
  const request = (model, more) => ({ model, messages: [{ role: 'user', content: PROMPT }], ...more });
  return {
    client,
    wire,
    sdk: OpenAI,
    ends: 'stop',
    id: (headers) => headers.get('x-request-id'),
    create: (model, more, options) => client.chat.completions.create(request(model, more), options),
    async plain(model = 'assistant', more = {}) {
      const answer = await client.chat.completions.create(request(model, more));
      const [choice] = answer.choices;
      return { text: choice.message.content, finish: choice.finish_reason, id: answer._request_id, pieces: 1 };
    },
    async stream(model = 'assistant', more = {}, said = { text: '', pieces: 0 }) {
      for await (const chunk of await client.chat.completions.create(request(model, { stream: true, ...more }))) {
        for (const choice of chunk.choices) {
          said.pieces += choice.delta.content ? 1 : 0;
          said.text += choice.delta.content ?? '';
          said.finish = choice.finish_reason ?? said.finish;
        }
      }
      return said;
    },
  };
}

function anthropic(client, wire) {
  const request = (model, more) => ({ model, max_tokens: 1024, messages: [{ role: 'user', content: PROMPT }], ...more });
  return {
    client,
    wire,
    sdk: Anthropic,
    ends: 'end_turn',
    id: (headers) => headers.get('request-id'),
    create: (model, more, options) => client.messages.create(request(model, more), options),
    async plain(model = 'assistant', more = {}) {
      const answer = await client.messages.create(request(model, more));
      const text = answer.content.map((block) => block.text ?? '').join('');
      return { text, finish: answer.stop_reason, id: answer._request_id, pieces: 1 };
    },
    async stream(model = 'assistant', more = {}, said = { text: '', pieces: 0 }) {
      for await (const event of await client.messages.create(request(model, { stream: true, ...more }))) {
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
          said.pieces += 1;
          said.text += event.delta.text;
        } else if (event.type === 'message_delta') {
          said.finish = event.delta.stop_reason ?? said.finish;
        }
      }
      return said;
    },
  };
}
