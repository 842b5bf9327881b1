import { useSearchParams, type NavigateOptions } from 'react-router';

type Change = (current: URLSearchParams) => URLSearchParams;

/**
 * The address's parameters and a way to change them. A change begins from what the address bar says, not from what was
 * last rendered: two changes in a row (Enter, then a choice) would otherwise lose the first.
 */
export function useParameters(): [URLSearchParams, (change: Change, options?: NavigateOptions) => void] {
  const [query, setQuery] = useSearchParams();
  return [query, (change, options) => { setQuery(change(new URLSearchParams(window.location.search)), options); }];
}
