// What is asked, and what all clients share.

export const LIMIT = 600;
export const THINKING_LIMIT = 4096;
export const PROMPT = 'Tell me about the weather at sea, please.';
export const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const object = (properties) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
export const WEATHER = {
  name: 'get_weather',
  description: 'The weather in a place',
  schema: object({ place: { type: 'string' }, days: { type: 'integer' } }),
};
export const TIDES = {
  name: 'get_tides',
  description: 'The tides in a harbour',
  schema: object({ harbour: { type: 'string' } }),
};
export const FORECAST = object({ place: { type: 'string' }, celsius: { type: 'number' } });

export const dataUrl = (image) => `data:image/png;base64,${image.toString('base64')}`;

/** `fetch`, noting in `wire` how often it was called and the headers of the last response. */
export function listening(wire) {
  wire.sent = 0;
  return async (url, init) => {
    wire.sent += 1;
    const response = await fetch(url, init);
    wire.headers = response.headers;
    return response;
  };
}
