import { useState } from 'react';
import { Link } from 'react-router';
import { Card } from '../../shared/card';
import { Choice } from '../../shared/choice';
import { copyText } from '../../shared/copy';
import { formatCount } from '../../shared/format';
import type { KnownService } from '../metrics/figures';
import { OWN_SERVICE } from '../metrics/filters';
import { kinds, snippets, type Kind } from './snippets';

/** How to connect an API, and a listener that turns green when one reports. */
export function Connect({ services }: { services: KnownService[] }) {
  const [kind, setKind] = useState<Kind>('ASP.NET Core');
  const [said, setSaid] = useState('');
  const snippet = snippets[kind](window.location.origin);
  const others = services.filter(({ service }) => service !== OWN_SERVICE);
  return (
    <Card
      title="Connect your API"
      className={others.length > 0 ? 'border-good' : 'border-accent'}
      actions={<Choice label="Kind of API" value={kind} choices={kinds.map((name) => [name, name] as const)} onChange={(next) => { setKind(next); setSaid(''); }} />}
    >
      <div className="relative">
        <pre className="max-h-80 overflow-auto rounded-md bg-surface p-3 pr-20 text-xs leading-relaxed" tabIndex={0} aria-label={`Snippet for ${kind}`}><code>{snippet}</code></pre>
        <button
          type="button"
          className="button absolute top-2 right-2"
          onClick={() => { void copyText(snippet).then((copied) => { setSaid(copied ? 'Copied' : 'Select it and press Ctrl-C'); }); }}
        >
          {said || 'Copy'}
        </button>
      </div>
      <p role="status" className="mt-3 flex flex-wrap items-center gap-2 text-sm" data-listener={others.length > 0 ? 'heard' : 'waiting'}>
        <span aria-hidden="true" className={`size-2.5 rounded-full ${others.length > 0 ? 'bg-good' : 'animate-pulse bg-warn'}`} />
        {others.length === 0 ? 'Listening for the first request of your API. Until then, this page shows Bayou’s own.' : (
          <>
            <strong>{others.length === 1 ? 'Your API is reporting:' : `${formatCount(others.length)} APIs are reporting:`}</strong>
            {others.map(({ service, endpoints }) => (
              <Link key={service} to={`/dashboard?range=15m&service=${encodeURIComponent(service)}`} className="underline">
                {service} ({formatCount(endpoints)} {endpoints === 1 ? 'endpoint' : 'endpoints'})
              </Link>
            ))}
          </>
        )}
      </p>
    </Card>
  );
}
