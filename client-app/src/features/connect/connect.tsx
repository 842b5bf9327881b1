import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { Choice } from '../../shared/choice';
import { copyText } from '../../shared/copy';
import { serverNow } from '../../shared/clock';
import { formatCount } from '../../shared/format';
import { FIRST_PROJECT } from '../../shared/project';
import { useTime } from '../../shared/time';
import { me, useMay } from '../access/access';
import type { KnownService } from '../metrics/figures';
import { useProject } from '../projects/projects';
import { OWN_SERVICE } from '../../shared/filters/filters';
import { languages, otelSnippets, type Language } from './otel-snippets';
import { kinds, snippets, type Kind } from './snippets';

const ways = [['requests', 'Requests alone'], ['otel', 'OpenTelemetry']] as const;
type Way = (typeof ways)[number][0];

/** Without a request for so long, a service is said to be silent. */
const SILENT_MS = 5 * 60_000;

/** How to connect an API, and a listener that turns green when one reports. */
export function Connect({ services }: { services: KnownService[] }) {
  const [way, setWay] = useState<Way>('requests');
  const [kind, setKind] = useState<Kind>('ASP.NET Core');
  const [language, setLanguage] = useState<Language>('Java');
  const name = way === 'otel' ? language : kind;
  const [said, setSaid] = useState('');
  const { data: self } = useQuery(me);
  const project = useProject();
  const mayMake = useMay('admin') && project !== null;
  const make = useMutation({
    mutationFn: () => sendJson('post', '/projects/{project}/keys', { name: `made for ${name}`, scopes: ['ingest'] }, { project: project?.id ?? 0 }),
  });
  const isFirst = project === null || project.id === FIRST_PROJECT;
  const needsKey = self !== undefined && (self.kind !== 'open' || !isFirst); // What shows no key is of the first project.
  const key = make.data?.data.key ?? (needsKey ? '<a key with the scope ingest>' : null);
  const snippet = (way === 'otel' ? otelSnippets[language] : snippets[kind])(window.location.origin, key);
  const others = services.filter(({ service }) => service !== OWN_SERVICE);
  const isSilent = ({ last_seen }: KnownService) => Date.parse(last_seen) < serverNow() - SILENT_MS;
  const reporting = others.filter((known) => !isSilent(known));
  const silent = others.filter(isSilent);
  return (
    <Card
      title="Connect your API"
      className={others.length > 0 ? 'border-good' : 'border-accent'}
      actions={
        <>
          <Choice label="What it sends" value={way} choices={ways} onChange={(next) => { setWay(next); setSaid(''); }} />
          {way === 'otel'
            ? <Picked label="Language" value={language} names={languages} onChange={(next) => { setLanguage(next); setSaid(''); }} />
            : <Picked label="Kind of API" value={kind} names={kinds} onChange={(next) => { setKind(next); setSaid(''); }} />}
        </>
      }
    >
      <div className="relative">
        <pre className="max-h-80 overflow-auto rounded-md bg-surface p-3 pr-20 text-xs leading-relaxed" tabIndex={0} aria-label={`Snippet for ${name}`}>
          <code>{snippet}</code>
        </pre>
        <button
          type="button"
          className="button absolute top-2 right-2"
          onClick={() => { void copyText(snippet).then((copied) => { setSaid(copied ? 'Copied' : 'Select it and press Ctrl-C'); }); }}
        >
          {said || 'Copy'}
        </button>
      </div>
      {needsKey && (
        <p className="mt-2 flex flex-wrap items-center gap-2 text-xs text-ink-soft">
          {make.data
            ? 'The key is in the snippet. It is shown this once; Settings → Keys revokes it.'
            : mayMake
              ? (
                <>
                  <button type="button" className="button" disabled={make.isPending} onClick={() => { make.mutate(); }}>Make a key</button> and have it put in.
                </>
              )
              : 'It needs a key; an administrator makes one under Settings → Keys.'}
          {make.error && <span role="alert" className="text-bad">{make.error.message}</span>}
        </p>
      )}
      <p role="status" className="mt-3 flex flex-wrap items-center gap-2 text-sm" data-listener={others.length > 0 ? 'heard' : 'waiting'}>
        <span
          aria-hidden="true"
          className={`size-2.5 rounded-full ${reporting.length > 0 ? 'bg-good' : others.length > 0 ? 'bg-warn' : 'animate-pulse bg-warn'}`}
        />
        {others.length === 0 ? `Listening for the first request of your API.${isFirst ? ' Until then, this page shows Bayou’s own.' : ''}` : (
          <>
            <strong>
              {reporting.length === 0
                ? 'None reports just now.'
                : reporting.length === 1
                  ? 'Your API is reporting:'
                  : `${formatCount(reporting.length)} APIs are reporting:`}
            </strong>
            {reporting.map((known) => <ServiceLink key={known.service} known={known} />)}
            {silent.length > 0 && <span className="text-ink-soft">Silent:</span>}
            {silent.map((known) => <ServiceLink key={known.service} known={known} />)}
          </>
        )}
      </p>
    </Card>
  );
}

function Picked<T extends string>({ label, value, names, onChange }: { label: string; value: T; names: readonly T[]; onChange: (name: T) => void }) {
  const choices = names.map((name) => [name, name] as const);
  return <div className="max-w-full overflow-x-auto"><Choice label={label} value={value} choices={choices} onChange={onChange} /></div>;
}

function ServiceLink({ known: { service, endpoints, last_seen } }: { known: KnownService }) {
  const time = useTime();
  return (
    <Link to={`/dashboard?service=${encodeURIComponent(service)}`} className="underline" title={`Last seen ${time.full(Date.parse(last_seen))}`}>
      {service} ({formatCount(endpoints)} {endpoints === 1 ? 'endpoint' : 'endpoints'})
    </Link>
  );
}
