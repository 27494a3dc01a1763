// Reasoning that goes back: to whoever made it as it was, to nobody else, and what is left out is named.

import assert from 'node:assert/strict';

import { SAID } from './suppliers.js';
import { WEATHER } from './words.js';

/** What simulated suppliers prove reasoning with: each its own first letters, then 96 bytes. */
const PROOF = /(?:Erel|gAAA|CpAB|Ebed)[\w+/-]{128}/g;
/** What every seal of ours begins with, as text and where a protocol has bytes. No supplier may get one. */
const SEAL = /rlv1\.|cmx2MS/;
/** What names a loss of reasoning. */
const NAMES = ['reasoning', 'reasoning.proof', 'text.proof', 'tool_call.proof'];

const standard = (proof) => proof.replaceAll('-', '+').replaceAll('_', '/');
const blocks = (messages) => messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
const texts = (parts) => parts.map(({ text }) => text ?? '').join('');
/** Where thoughts are put together there is white space between them. */
const squeezed = (text) => text.replaceAll(/\s/g, '');

/** The proofs in a body or a stream, each once, in the alphabet that all but Google's SDKs write. */
const proofsIn = (text) => [...new Set((text.match(PROOF) ?? []).map(standard))];

const thinking = (messages) => blocks(messages).filter(({ type }) => type === 'thinking');
const reasoned = (items) =>
  items
    .filter(({ type }) => type === 'reasoning')
    .map(({ summary, encrypted_content: proof }) => ({ text: texts(summary), proof }));
const signed = (messages) =>
  thinking(messages).map(({ thinking: text, signature: proof }) => ({ text, proof }));
// A signature stands on what came of the thoughts.
const thought = (contents) =>
  contents
    .flatMap(({ parts }) => parts)
    .filter((part) => part.thought || part.thoughtSignature)
    .map(({ thought: is, text, thoughtSignature: proof }) => ({ text: is ? text : '', proof }));
const conversed = (messages) =>
  blocks(messages)
    .filter(({ reasoningContent }) => reasoningContent)
    .map(({ reasoningContent: { reasoningText } }) => ({ text: reasoningText.text, proof: reasoningText.signature }));
const planned = (messages) => [
  ...thinking(messages).map(({ thinking: text }) => ({ text })),
  ...messages.filter(({ tool_plan }) => tool_plan).map(({ tool_plan: text }) => ({ text })),
];
const pondered = (messages) => messages.filter(({ thinking: text }) => text).map(({ thinking: text }) => ({ text }));

/** Where each protocol has reasoning: in a request, and in a plain answer. Each `{ text, proof }`, either of which may be
 *  missing. OpenAI's own models show none in Chat Completions. */
const PLACES = {
  'openai-chat': { given: () => [], said: () => [] },
  'openai-responses': { given: ({ input }) => reasoned(input), said: ({ output }) => reasoned(output) },
  'anthropic-messages': { given: ({ messages }) => signed(messages), said: (answer) => signed([answer]) },
  gemini: { given: ({ contents }) => thought(contents), said: ({ candidates: [{ content }] }) => thought([content]) },
  'bedrock-converse': { given: ({ messages }) => conversed(messages), said: ({ output }) => conversed([output.message]) },
  'cohere-chat': { given: ({ messages }) => planned(messages), said: ({ message }) => planned([message]) },
  'ollama-chat': { given: ({ messages }) => pondered(messages), said: ({ message }) => pondered([message]) },
};

const provedBy = (thoughts) => thoughts.flatMap(({ proof }) => (proof ?? '').match(PROOF) ?? []).map(standard);

/** Two turns at `protocol`, one at another, one back there. `keeps`: what the SDK keeps of reasoning: `all`,
 *  `proofs`, `text` or `nothing`; what it does not keep cannot go back, and is checked to be missing. */
export async function goesBack(stage) {
  const shown = await conversation(stage, false);
  await conversation(stage, true, shown);
}

/** `shown`: what was thought in the first turn, which is the same whether streamed or not; only a plain answer tells it. */
async function conversation({ tongue, spoken, protocol, last, keeps }, stream, shown) {
  let talk = tongue.user('Think about the sea, then about the weather in Brest.');
  const turn = async (to) => {
    const heard = await tongue.ask(stream, `to ${to}`, talk, { effort: 'medium', tools: [WEATHER] });
    const { body, reply } = await last();
    assert.doesNotMatch(body, SEAL);
    const next = heard.calls.length > 0 ? tongue.results(heard, 'calm') : tongue.user('Thank you.');
    talk = [...talk, ...heard.turn, ...next];
    const named = (tongue.wire.headers.get('x-releve-dropped') ?? '').split(', ');
    return { body, reply, given: PLACES[to].given(JSON.parse(body)), named, proofs: proofsIn(reply) };
  };
  const places = Object.keys(SAID);
  const elsewhere = places[(places.indexOf(protocol) + 2) % places.length];

  const first = await turn(protocol);
  const second = await turn(protocol);
  const keepsProofs = keeps === 'all' || keeps === 'proofs';
  const given = provedBy(second.given);
  if (keepsProofs) assert.deepEqual(given, first.proofs);
  // A signature on a call is all that some of the others keep.
  else assert.ok(given.every((proof) => first.proofs.includes(proof)), `${given}`);
  const thoughts = shown ?? texts(PLACES[protocol].said(JSON.parse(first.reply)));
  const back = squeezed(texts(second.given));
  if (keeps === 'nothing') assert.deepEqual(second.given, []);
  else if (keeps === 'proofs') assert.equal(back, '');
  // Google's thoughts are summaries: what comes of them is signed, and they need not go back.
  else if ((keeps === 'all' || first.proofs.length === 0) && (protocol !== 'gemini' || back)) {
    assert.equal(back, squeezed(thoughts));
  }

  const other = await turn(elsewhere);
  assert.deepEqual(proofsIn(other.body), []);
  if (keepsProofs && first.proofs.length > 0) {
    assert.ok(NAMES.some((name) => other.named.includes(name)), `not named: ${other.named}`);
  }

  const again = await turn(protocol);
  // Behind the text that ends a turn a client of Messages has no place for a signature: named in a plain answer.
  const isUnsaid = spoken === 'anthropic-messages' && protocol === 'gemini';
  if (isUnsaid && !stream) assert.ok(second.named.includes('reasoning.proof'), `not named: ${second.named}`);
  if (keepsProofs) assert.deepEqual(provedBy(again.given), [...first.proofs, ...(isUnsaid ? [] : second.proofs)]);
  return thoughts;
}
