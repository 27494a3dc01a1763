// What a simulated supplier said, read from the bytes that it sent: one small reader a protocol, `{ text, calls }`.

const joined = (parts) => parts.map((part) => part.text ?? '').join('');
const parsed = (calls) => (calls ?? []).map((call) => [call.function.name, JSON.parse(call.function.arguments)]);

export const SAID = {
  'openai-chat': ({ choices: [{ message }] }) => ({ text: message.content ?? '', calls: parsed(message.tool_calls) }),
  'openai-responses': ({ output }) => ({
    text: joined(output.filter((item) => item.type === 'message').flatMap((item) => item.content)),
    calls: output
      .filter((item) => item.type === 'function_call')
      .map((item) => [item.name, JSON.parse(item.arguments)]),
  }),
  'anthropic-messages': ({ content }) => ({
    text: joined(content),
    calls: content.filter((block) => block.type === 'tool_use').map((block) => [block.name, block.input]),
  }),
  gemini: ({ candidates: [{ content }] }) => ({
    text: joined(content.parts.filter((part) => !part.thought)),
    calls: content.parts
      .filter((part) => part.functionCall)
      .map((part) => [part.functionCall.name, part.functionCall.args]),
  }),
  'bedrock-converse': ({ output }) => ({
    text: joined(output.message.content),
    calls: output.message.content.filter((block) => block.toolUse).map(({ toolUse }) => [toolUse.name, toolUse.input]),
  }),
  'cohere-chat': ({ message }) => ({ text: joined(message.content ?? []), calls: parsed(message.tool_calls) }),
  'ollama-chat': ({ message }) => ({
    text: message.content ?? '',
    calls: (message.tool_calls ?? []).map((call) => [call.function.name, call.function.arguments]),
  }),
};

/** What the protocol's SDK takes as its base URL. */
export const baseUrl = (protocol, address) => `http://${address}${protocol.startsWith('openai') ? '/v1' : ''}`;
