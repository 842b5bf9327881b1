import { expect, test } from 'vitest';
import { fieldsOf, payloadOf } from './schema';

const schema = {
  type: 'object',
  properties: {
    stage: { type: ['string', 'null'], description: 'Which.' },
    target: { type: 'string' },
    method: { type: 'string', enum: ['GET', 'POST'] },
    timeout: { type: 'integer', minimum: 1, maximum: 9 },
    body: true,
    isLoud: { type: 'boolean' },
  },
  required: ['target'],
};

test('a schema gives a field for each property, those first that must be given', () => {
  const fields = fieldsOf(schema);
  expect(fields.map(({ name, kind }) => [name, kind])).toEqual([
    ['target', 'text'], ['stage', 'text'], ['method', 'text'], ['timeout', 'integer'], ['body', 'json'], ['isLoud', 'boolean'],
  ]);
  expect(fields[2]?.choices).toEqual(['GET', 'POST']);
  expect([fields[3]?.minimum, fields[3]?.maximum, fields[1]?.description]).toEqual([1, 9, 'Which.']);
  expect(fieldsOf({ type: 'object' })).toEqual([]);
});

test('what was typed becomes a payload, and what is empty is left out', () => {
  const fields = fieldsOf(schema);
  expect(payloadOf(fields, { target: ' shop ', timeout: '5', body: '{"a":1}', isLoud: 'true', stage: '' }))
    .toEqual({ payload: { target: 'shop', timeout: 5, body: { a: 1 }, isLoud: true } });
  expect(payloadOf(fields, { body: '{' })).toEqual({ wrong: 'body must be JSON' });
  expect(payloadOf(fields, { timeout: 'soon' })).toEqual({ wrong: 'timeout must be a number' });
});
