// The makers' own SDKs, and one way to ask in each: asked in the same words, heard in the same words.
//
// A conversation is a list of turns of the SDK's own kind, made by `user`, `results` and an answer's `turn`.

import Anthropic from '@anthropic-ai/sdk';
import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

import { LIMIT, THINKING_LIMIT, dataUrl, listening } from './words.js';

const OPENAI_FAILURES = { 400: OpenAI.BadRequestError, 429: OpenAI.RateLimitError, 503: OpenAI.InternalServerError };
const isCode = (error, status) => error.status === status;

function openai(gateway, wire) {
  const baseURL = gateway.urls.openai;
  return new OpenAI({ baseURL, apiKey: gateway.key, fetch: listening(wire), maxRetries: 0, timeout: 20_000 });
}

export const chat = { client: 'openai (Chat Completions)', protocol: 'openai-chat', connect: chatOf };

function chatOf(gateway) {
  const wire = {};
  const client = openai(gateway, wire);
  const finishes = { tool_calls: 'tools', content_filter: 'filtered' };
  const request = (model, talk, { system, tools, force, schema, limit = LIMIT, stop, effort }) => ({
    model,
    messages: [...(system ? [{ role: 'system', content: system }] : []), ...talk],
    max_completion_tokens: effort ? THINKING_LIMIT : limit,
    tools: tools?.map(({ name, description, schema: parameters }) => ({
      type: 'function',
      function: { name, description, parameters },
    })),
    tool_choice: force && { type: 'function', function: { name: force } },
    response_format: schema && { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } },
    stop: stop && [stop],
    reasoning_effort: effort,
  });
  return {
    wire,
    raises: (error, status) => error instanceof OPENAI_FAILURES[status],
    id: (error) => error.requestID,
    user: (text, image) => [
      {
        role: 'user',
        content: image
          ? [
              { type: 'text', text },
              { type: 'image_url', image_url: { url: dataUrl(image) } },
            ]
          : text,
      },
    ],
    results: (heard, text) => heard.calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: text })),
    async ask(stream, model, talk, options = {}) {
      const body = request(model, talk, options);
      const answer = stream
        ? await client.chat.completions
            .stream({ ...body, stream_options: { include_usage: true } })
            .finalChatCompletion()
        : await client.chat.completions.create(body);
      const [{ message, finish_reason }] = answer.choices;
      const calls = (message.tool_calls ?? []).map((call) => ({
        id: call.id,
        name: call.function.name,
        args: JSON.parse(call.function.arguments),
      }));
      const { parsed, ...said } = message;
      return {
        text: message.content ?? '',
        calls,
        finish: finishes[finish_reason] ?? finish_reason,
        input: answer.usage.prompt_tokens,
        output: answer.usage.completion_tokens,
        reasoning: message.reasoning_content ?? '',
        turn: [said],
      };
    },
  };
}

export const responses = {
  client: 'openai (Responses)',
  protocol: 'openai-responses',
  lacks: ['stop words'],
  connect: responsesOf,
};

function responsesOf(gateway) {
  const wire = {};
  const client = openai(gateway, wire);
  const request = (model, talk, { system, tools, force, schema, limit = LIMIT, effort }) => ({
    model,
    input: talk,
    instructions: system,
    max_output_tokens: effort ? THINKING_LIMIT : limit,
    store: false,
    tools: tools?.map(({ name, description, schema: parameters }) => ({
      type: 'function',
      name,
      description,
      parameters,
      strict: false,
    })),
    tool_choice: force && { type: 'function', name: force },
    text: schema && { format: { type: 'json_schema', name: 'answer', schema, strict: true } },
    reasoning: effort && { effort, summary: 'auto' },
    include: effort && ['reasoning.encrypted_content'],
  });
  return {
    wire,
    raises: (error, status) => error instanceof OPENAI_FAILURES[status],
    id: (error) => error.requestID,
    user: (text, image) => [
      {
        role: 'user',
        content: image
          ? [
              { type: 'input_text', text },
              { type: 'input_image', image_url: dataUrl(image), detail: 'auto' },
            ]
          : text,
      },
    ],
    results: (heard, text) =>
      heard.calls.map(({ id }) => ({ type: 'function_call_output', call_id: id, output: text })),
    async ask(stream, model, talk, options = {}) {
      const body = request(model, talk, options);
      const answer = stream ? await client.responses.stream(body).finalResponse() : await client.responses.create(body);
      const found = answer.output.filter((item) => item.type === 'function_call');
      const calls = found.map((item) => ({ id: item.call_id, name: item.name, args: JSON.parse(item.arguments) }));
      const why = answer.incomplete_details?.reason;
      const thoughts = answer.output.filter((item) => item.type === 'reasoning').flatMap((item) => item.summary);
      return {
        text: answer.output_text,
        calls,
        finish:
          { max_output_tokens: 'length', content_filter: 'filtered' }[why] ?? (calls.length > 0 ? 'tools' : 'stop'),
        input: answer.usage.input_tokens,
        output: answer.usage.output_tokens,
        reasoning: thoughts.map((part) => part.text).join(''),
        turn: answer.output.map(given),
      };
    },
  };
}

/** An item of an answer as an item of the next request: without what the SDK itself added to it. */
function given({ parsed_arguments, status, ...item }) {
  if (item.type !== 'message') return item;
  return { ...item, content: item.content.map(({ parsed, ...part }) => part) };
}

export const messages = { client: '@anthropic-ai/sdk', protocol: 'anthropic-messages', connect: messagesOf };

function messagesOf(gateway) {
  const wire = {};
  const options = { apiKey: gateway.key, fetch: listening(wire), maxRetries: 0, timeout: 20_000 };
  const client = new Anthropic({ baseURL: gateway.urls.anthropic, ...options });
  const failures = {
    400: Anthropic.BadRequestError,
    429: Anthropic.RateLimitError,
    503: Anthropic.InternalServerError,
  };
  const finishes = {
    end_turn: 'stop',
    stop_sequence: 'stop',
    max_tokens: 'length',
    tool_use: 'tools',
    refusal: 'filtered',
  };
  const request = (model, talk, { system, tools, force, schema, limit = LIMIT, stop, effort }) => ({
    model,
    messages: talk,
    max_tokens: effort ? THINKING_LIMIT : limit,
    system,
    tools: tools?.map(({ name, description, schema: input_schema }) => ({ name, description, input_schema })),
    tool_choice: force && { type: 'tool', name: force },
    output_config: schema && { format: { type: 'json_schema', schema } },
    stop_sequences: stop && [stop],
    thinking: effort && { type: 'enabled', budget_tokens: 1024 },
  });
  return {
    wire,
    raises: (error, status) => error instanceof failures[status],
    id: (error) => error.requestID,
    user(text, image) {
      const source = image && { type: 'base64', media_type: 'image/png', data: image.toString('base64') };
      return [
        {
          role: 'user',
          content: image
            ? [
                { type: 'text', text },
                { type: 'image', source },
              ]
            : text,
        },
      ];
    },
    results: (heard, text) => [
      { role: 'user', content: heard.calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: text })) },
    ],
    async ask(stream, model, talk, options = {}) {
      const body = request(model, talk, options);
      const answer = stream ? await client.messages.stream(body).finalMessage() : await client.messages.create(body);
      const of = (type) => answer.content.filter((block) => block.type === type);
      const { usage } = answer;
      return {
        text: of('text')
          .map((block) => block.text)
          .join(''),
        calls: of('tool_use').map(({ id, name, input }) => ({ id, name, args: input })),
        finish: finishes[answer.stop_reason] ?? answer.stop_reason,
        input: usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
        output: usage.output_tokens,
        reasoning: of('thinking')
          .map((block) => block.thinking)
          .join(''),
        turn: [{ role: 'assistant', content: answer.content.map(({ parsed_output, ...block }) => block) }],
      };
    },
  };
}

export const gemini = { client: '@google/genai', protocol: 'gemini', connect: geminiOf };

function geminiOf(gateway) {
  const wire = {};
  const httpOptions = {
    baseUrl: gateway.urls.anthropic,
    timeout: 20_000,
    fetch: listening(wire),
    retryOptions: { attempts: 1 },
  };
  const client = new GoogleGenAI({ apiKey: gateway.key, httpOptions });
  const config = ({ system, tools, force, schema, limit = LIMIT, stop, effort }) => ({
    systemInstruction: system,
    maxOutputTokens: effort ? THINKING_LIMIT : limit,
    tools: tools && [
      {
        functionDeclarations: tools.map(({ name, description, schema: parametersJsonSchema }) => ({
          name,
          description,
          parametersJsonSchema,
        })),
      },
    ],
    toolConfig: force && { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [force] } },
    ...(schema && { responseMimeType: 'application/json', responseJsonSchema: schema }),
    stopSequences: stop && [stop],
    thinkingConfig: effort && { thinkingBudget: 1024, includeThoughts: true },
  });
  return {
    wire,
    raises: (error, status) => error instanceof ApiError && isCode(error, status),
    id: () => wire.headers.get('x-request-id'),
    user: (text, image) => [
      {
        role: 'user',
        parts: [
          { text },
          ...(image ? [{ inlineData: { mimeType: 'image/png', data: image.toString('base64') } }] : []),
        ],
      },
    ],
    results: (heard, text) => [
      {
        role: 'user',
        parts: heard.calls.map(({ id, name }) => ({ functionResponse: { id, name, response: { result: text } } })),
      },
    ],
    async ask(stream, model, talk, options = {}) {
      const body = { model, contents: talk, config: config(options) };
      const answers = [];
      if (stream) for await (const part of await client.models.generateContentStream(body)) answers.push(part);
      else answers.push(await client.models.generateContent(body));
      const parts = answers.flatMap((answer) => answer.candidates?.[0]?.content?.parts ?? []);
      const found = parts.filter((part) => part.functionCall);
      const calls = found.map(({ functionCall: { id, name, args } }) => ({ id, name, args }));
      const reason = answers.findLast((answer) => answer.candidates?.[0]?.finishReason).candidates[0].finishReason;
      const usage = answers.findLast((answer) => answer.usageMetadata).usageMetadata;
      const text = (thought) =>
        parts
          .filter((part) => Boolean(part.thought) === thought)
          .map((part) => part.text ?? '')
          .join('');
      return {
        text: text(false),
        calls,
        finish: { STOP: calls.length > 0 ? 'tools' : 'stop', MAX_TOKENS: 'length' }[reason] ?? reason,
        input: usage.promptTokenCount,
        output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
        reasoning: text(true),
        turn: [{ role: 'model', parts }],
      };
    },
  };
}
