// Vercel's AI SDK: one client of many providers, so one way to ask; `provider` is what differs.

import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, Output, generateText, jsonSchema, streamText, tool } from 'ai';

import { LIMIT, THINKING_LIMIT, listening } from './words.js';

// It prints warnings of its own (of settings that a provider lacks); what counts here is what comes of them.
globalThis.AI_SDK_LOG_WARNINGS = false;

const FINISHES = { 'tool-calls': 'tools', 'content-filter': 'filtered' };

function client(name, protocol, provide, { settings = {}, thinking, ...about }) {
  const connect = (gateway) => {
    const wire = {};
    const provider = provide({ apiKey: gateway.key, fetch: listening(wire) }, gateway.urls);
    return {
      wire,
      raises: (error, status) => APICallError.isInstance(error) && error.statusCode === status,
      id: (error) => error.responseHeaders['x-request-id'] ?? error.responseHeaders['request-id'],
      user: (text, image) => [
        {
          role: 'user',
          content: image
            ? [
                { type: 'text', text },
                { type: 'file', data: image, mediaType: 'image/png' },
              ]
            : text,
        },
      ],
      results: (heard, text) => [
        {
          role: 'tool',
          content: heard.calls.map(({ id, name }) => ({
            type: 'tool-result',
            toolCallId: id,
            toolName: name,
            output: { type: 'text', value: text },
          })),
        },
      ],
      ask: (stream, model, talk, options = {}) => ask(stream, provider(model), talk, options, settings, thinking),
    };
  };
  return { client: name, protocol, connect, ...about };
}

async function ask(stream, model, talk, options, settings, thinking) {
  const { system, tools, force, schema, limit = LIMIT, stop, effort } = options;
  let failure;
  const request = {
    model,
    messages: talk,
    instructions: system,
    maxOutputTokens: effort ? THINKING_LIMIT : limit,
    maxRetries: 0,
    tools:
      tools &&
      Object.fromEntries(
        tools.map((each) => [each.name, tool({ description: each.description, inputSchema: jsonSchema(each.schema) })]),
      ),
    toolChoice: force && { type: 'tool', toolName: force },
    output: schema && Output.object({ schema: jsonSchema(schema), name: 'answer' }),
    stopSequences: stop && [stop],
    providerOptions: merged(settings, effort ? thinking(effort) : {}),
  };
  const answer = stream
    ? streamText({ ...request, onError: ({ error }) => (failure = error) })
    : await generateText(request);
  if (stream) await answer.consumeStream({ onError: (error) => (failure ??= error) });
  if (failure) throw failure;
  const [text, toolCalls, finish, usage, reasoning, response] = await Promise.all([
    answer.text,
    answer.toolCalls,
    answer.finishReason,
    answer.usage,
    answer.reasoningText,
    answer.response,
  ]);
  return {
    text,
    calls: toolCalls.map(({ toolCallId, toolName, input }) => ({ id: toolCallId, name: toolName, args: input })),
    finish: FINISHES[finish] ?? finish,
    input: usage.inputTokens,
    output: usage.outputTokens,
    reasoning: reasoning ?? '',
    turn: response.messages,
  };
}

/** Options of the one provider that either names. */
function merged(settings, more) {
  return Object.fromEntries(
    Object.keys({ ...settings, ...more }).map((key) => [key, { ...settings[key], ...more[key] }]),
  );
}

export const vercelChat = client(
  '@ai-sdk/openai (Chat Completions)',
  'openai-chat',
  (options, urls) => createOpenAI({ ...options, baseURL: urls.openai }).chat,
  // It neither shows reasoning nor keeps any.
  { keeps: () => 'nothing', thinking: (effort) => ({ openai: { reasoningEffort: effort, forceReasoning: true } }) },
);
export const vercelResponses = client(
  '@ai-sdk/openai (Responses)',
  'openai-responses',
  (options, urls) => createOpenAI({ ...options, baseURL: urls.openai }).responses,
  {
    lacks: ['stop words'],
    // Summaries, and what proves a thought; a text that is no summary stands in `content`, which it leaves out.
    keeps: (supplier) =>
      ({ 'anthropic-messages': 'proofs', 'cohere-chat': 'nothing', 'ollama-chat': 'nothing' })[supplier] ?? 'all',
    // Else it sends ids of what it believes to be kept at the supplier in place of what was said.
    settings: { openai: { store: false } },
    thinking: (effort) => ({ openai: { reasoningEffort: effort, reasoningSummary: 'auto', forceReasoning: true } }),
  },
);
export const vercelAnthropic = client(
  '@ai-sdk/anthropic',
  'anthropic-messages',
  (options, urls) => createAnthropic({ ...options, baseURL: `${urls.anthropic}/v1` }),
  {
    // For models that it does not know it would ask for structured output by way of a tool.
    // And its streams, unlike its plain requests, would ask for a tool's arguments as they come: another prompt.
    settings: { anthropic: { structuredOutputMode: 'outputFormat', toolStreaming: false } },
    thinking: () => ({ anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } } }),
  },
);
export const vercelGoogle = client(
  '@ai-sdk/google',
  'gemini',
  (options, urls) => createGoogle({ ...options, baseURL: `${urls.anthropic}/v1beta` }),
  { thinking: () => ({ google: { thinkingConfig: { thinkingBudget: 1024, includeThoughts: true } } }) },
);
export const vercelCompatible = client(
  '@ai-sdk/openai-compatible',
  'openai-chat',
  (options, urls) =>
    createOpenAICompatible({
      ...options,
      name: 'releve',
      baseURL: urls.openai,
      includeUsage: true,
      supportsStructuredOutputs: true,
    }),
  // Of what proves reasoning it keeps a plain call's signature only.
  { keeps: () => 'text', thinking: (effort) => ({ releve: { reasoningEffort: effort } }) },
);
