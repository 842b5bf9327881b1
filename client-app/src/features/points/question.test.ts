import { expect, it } from 'vitest';
import { readQuestion, writeQuestion } from './question';

it('says in the URL what the chart is of, and reads it back', () => {
  const query = writeQuestion(new URLSearchParams('service=shop'), { metric: 'http.client.active' });
  const whole = writeQuestion(query, { aggregate: 'max', group: 'attributes.http.route', where: ['attributes.pool=a,b', 'resource.host.name=x'] });
  expect(readQuestion(whole)).toMatchObject({
    service: 'shop', metric: 'http.client.active', aggregate: 'max', group: 'attributes.http.route', where: ['attributes.pool=a,b', 'resource.host.name=x'],
  });
});

it('forgets with a metric what was asked of it, and passes over what nobody can ask', () => {
  expect(readQuestion(writeQuestion(new URLSearchParams('metric=a&group=service&where=attributes.x%3D1&aggregate=p95'), { metric: 'b' }))).toMatchObject({
    metric: 'b', group: null, where: [], aggregate: null,
  });
  expect(readQuestion(new URLSearchParams('aggregate=mean&group=colour&where=x'))).toMatchObject({ aggregate: null, group: null, where: [] });
});
