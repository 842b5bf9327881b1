import { act, createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { expect, test } from 'vitest';
import { useParameters } from './use-parameters';

test('two changes before the page is drawn again are both kept', () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  let set: (name: string, value: string) => void = () => { throw new Error('not drawn yet'); };
  const View = () => {
    const [, change] = useParameters();
    set = (name, value) => { change((now) => { now.set(name, value); return now; }); };
    return null;
  };
  act(() => { createRoot(document.createElement('div')).render(createElement(BrowserRouter, null, createElement(View))); });
  const asDrawn = set;
  act(() => {
    asDrawn('search', 'payment');
    asDrawn('mode', 'keyword');
  });
  expect(window.location.search).toBe('?search=payment&mode=keyword');
});
