import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { Empty, Failed, Loading } from '../../shared/states';
import { useTime } from '../../shared/time';
import { useMay } from '../access/access';
import { useProject } from '../projects/projects';
import { OneTime } from './one-time';
import { BROWSER, keys, SCOPES, type ApiKey, type NewKey } from './queries';
import { Table } from '../../shared/table';

/** Keys by which programs send and ask. */
export function KeysTab() {
  const project = useProject();
  return project ? <Keys project={project.id} /> : <Loading what="the project" />;
}

function Keys({ project }: { project: number }) {
  const { data, error } = useQuery(keys(project));
  const [made, setMade] = useState<NewKey | null>(null);
  return (
    <Card title="Keys" note="by which programs send and ask">
      {made && (
        <OneTime name="The key" secret={made.key} onDone={() => { setMade(null); }}>
          The key {made.name}. It is shown this once: put it where your program finds it, as <code>x-api-key</code> or <code>Authorization: Bearer</code>.
        </OneTime>
      )}
      <MakeKey project={project} onMade={setMade} />
      {!data && (error ? <Failed what="Keys" error={error} /> : <Loading what="keys" />)}
      {data?.length === 0 && <Empty>There is no key yet.</Empty>}
      {data && data.length > 0 && (
        <Table name="Keys" columns={['Name', 'Key', 'May', 'Made', 'Last used', 'Expires']}>
          {data.map((key) => <KeyRow key={key.id} project={project} row={key} onMade={setMade} />)}
        </Table>
      )}
    </Card>
  );
}

function MakeKey({ project, onMade }: { project: number; onMade: (key: NewKey) => void }) {
  const client = useQueryClient();
  const may = { ingest: useMay('ingest'), read: useMay('read'), write: useMay('write'), admin: useMay('admin') };
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>(['ingest']);
  const [origins, setOrigins] = useState('');
  const isForBrowsers = scopes.includes(BROWSER);
  const make = useMutation({
    mutationFn: () => {
      const places = isForBrowsers ? { origins: origins.split(/[\s,]+/).filter(Boolean) } : {};
      return sendJson('post', '/projects/{project}/keys', { name, scopes, ...places }, { project });
    },
    onSuccess: ({ data }) => {
      setName('');
      onMade(data);
      void client.invalidateQueries({ queryKey: keys(project).queryKey });
    },
  });
  return (
    <form
      aria-label="Make a key"
      className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <input
        required
        aria-label="Name of the key"
        placeholder="What it is for"
        value={name}
        onChange={(event) => { setName(event.target.value); }}
        className="min-w-0 flex-1 rounded-md border border-line bg-surface px-3 py-1.5 text-sm sm:max-w-72"
      />
      <fieldset className="flex flex-wrap items-center gap-3 text-sm">
        <legend className="sr-only">What it may do</legend>
        {SCOPES.filter((scope) => may[scope]).map((scope) => (
          <label key={scope} className="flex items-center gap-1.5">
            <input
              type="checkbox"
              checked={scopes.includes(scope)}
              disabled={isForBrowsers}
              onChange={(event) => { setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((other) => other !== scope)); }}
            />
            {scope}
          </label>
        ))}
        <label className="flex items-center gap-1.5">
          <input type="checkbox" checked={isForBrowsers} onChange={(event) => { setScopes(event.target.checked ? [BROWSER] : ['ingest']); }} />
          from browsers
        </label>
      </fieldset>
      {isForBrowsers && (
        <input
          required
          aria-label="Origins of the pages that may use it"
          placeholder="https://shop.example, …"
          value={origins}
          onChange={(event) => { setOrigins(event.target.value); }}
          className="min-w-0 flex-1 rounded-md border border-line bg-surface px-3 py-1.5 text-sm sm:max-w-72"
        />
      )}
      <button type="submit" className="button" disabled={make.isPending || scopes.length === 0}>Make a key</button>
      {make.error && <p role="alert" className="w-full text-sm text-bad">{make.error.message}</p>}
    </form>
  );
}

function KeyRow({ project, row, onMade }: { project: number; row: ApiKey; onMade: (key: NewKey) => void }) {
  const time = useTime();
  const client = useQueryClient();
  const [isSure, setSure] = useState(false);
  const again = () => client.invalidateQueries({ queryKey: keys(project).queryKey });
  const place = { project, id: row.id };
  const revoke = useMutation({ mutationFn: () => sendJson('delete', '/projects/{project}/keys/{id}', undefined, place), onSuccess: again });
  const rotate = useMutation({
    mutationFn: () => sendJson('post', '/projects/{project}/keys/{id}/rotate', undefined, place),
    onSuccess: ({ data }) => {
      onMade(data);
      void again();
    },
  });
  const error = revoke.error ?? rotate.error;
  return (
    <tr>
      <th scope="row">{row.name}</th>
      <td><code className="text-xs">…{row.hint}</code></td>
      <td>
        {row.scopes.join(', ')}
        {row.origins.length > 0 && <span className="block text-xs text-ink-soft">{row.origins.join(', ')}</span>}
      </td>
      <td className="whitespace-nowrap">{time.full(Date.parse(row.created_at))}{row.created_by && ` by ${row.created_by}`}</td>
      <td className="whitespace-nowrap">{row.last_used_at ? time.full(Date.parse(row.last_used_at)) : 'never'}</td>
      <td className="whitespace-nowrap">{row.expires_at ? time.full(Date.parse(row.expires_at)) : 'never'}</td>
      <td className="text-right whitespace-nowrap">
        <span className="inline-flex gap-1">
          <button type="button" className="button" title="Makes a new one; this one lives on for a day" onClick={() => { rotate.mutate(); }}>Rotate</button>
          {isSure
            ? <button type="button" className="button text-bad" onClick={() => { revoke.mutate(); }}>Revoke {row.name} now</button>
            : <button type="button" className="button" onClick={() => { setSure(true); }}>Revoke</button>}
        </span>
        {error && <p role="alert" className="text-xs whitespace-normal text-bad">{error.message}</p>}
      </td>
    </tr>
  );
}
