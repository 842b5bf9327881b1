import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { Empty, Failed, Loading } from '../../shared/states';
import { Table } from '../../shared/table';
import { useTime } from '../../shared/time';
import { Field } from '../access/field';
import { headersOf } from './headers';
import { targets, type Target } from './queries';

/** Where services are reached, for what Bayou itself calls. */
export function TargetsTab() {
  const { data, error } = useQuery(targets);
  return (
    <>
      <Card title="Targets" note="where services are reached, by jobs that call them">
        {!data && (error ? <Failed what="Targets" error={error} /> : <Loading what="targets" />)}
        {data?.length === 0 && <Empty>No target is registered yet.</Empty>}
        {data && data.length > 0 && (
          <Table name="Targets" columns={['Service', 'Stage', 'Base URL', 'Secret headers', 'Changed']}>
            {data.map((target) => <TargetLine key={`${target.service} ${target.stage}`} target={target} />)}
          </Table>
        )}
      </Card>
      <PutTarget />
    </>
  );
}

function TargetLine({ target }: { target: Target }) {
  const time = useTime();
  const client = useQueryClient();
  const [isSure, setSure] = useState(false);
  const remove = useMutation({
    mutationFn: () => target.stage === ''
      ? sendJson('delete', '/replay/targets/{service}', undefined, { service: target.service })
      : sendJson('delete', '/replay/targets/{service}/{stage}', undefined, { service: target.service, stage: target.stage }),
    onSuccess: () => client.invalidateQueries({ queryKey: targets.queryKey }),
  });
  return (
    <tr>
      <th scope="row">
        {target.service}
        {remove.error && <span role="alert" className="block text-xs font-normal text-bad">{remove.error.message}</span>}
      </th>
      <td>{target.stage === '' ? 'any' : target.stage}</td>
      <td className="wrap-anywhere">
        {target.base_url}
        {target.is_production && <span className="block text-xs text-warn">production</span>}
        {target.allow_private && <span className="block text-xs text-ink-soft">may be in a private network</span>}
      </td>
      <td>{target.header_names.join(', ') || 'none'}</td>
      <td className="whitespace-nowrap">{time.full(Date.parse(target.updated_at))}</td>
      <td className="text-right whitespace-nowrap">
        {isSure
          ? <button type="button" className="button text-bad" onClick={() => { remove.mutate(); }}>Delete {target.service} {target.stage}</button>
          : <button type="button" className="button" onClick={() => { setSure(true); }}>Delete</button>}
      </td>
    </tr>
  );
}

function PutTarget() {
  const client = useQueryClient();
  const [service, setService] = useState('');
  const [stage, setStage] = useState('');
  const [url, setUrl] = useState('');
  const [headers, setHeaders] = useState('');
  const [isPrivate, setPrivate] = useState(false);
  const [isProduction, setProduction] = useState(false);
  const put = useMutation({
    mutationFn: () => {
      const read = headersOf(headers);
      if ('wrong' in read) throw new Error(read.wrong);
      const body = {
        base_url: url, allow_private: isPrivate, ...(isProduction ? { is_production: true } : {}),
        ...(headers.trim() === '' ? {} : { headers: read.headers }),
      };
      return stage === '' ? sendJson('put', '/replay/targets/{service}', body, { service })
        : sendJson('put', '/replay/targets/{service}/{stage}', body, { service, stage });
    },
    onSuccess: () => {
      setService('');
      setStage('');
      setUrl('');
      setHeaders('');
      void client.invalidateQueries({ queryKey: targets.queryKey });
    },
  });
  return (
    <Card title="Register a target" note="or change one, by its service and stage" className="max-w-xl">
      <form
        aria-label="Register a target"
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          put.mutate();
        }}
      >
        <Field label="Service" required maxLength={200} value={service} onChange={setService} />
        <Field label="Stage" hint="Empty for whatever stage has no target of its own." maxLength={200} value={stage} onChange={setStage} />
        <Field label="Base URL" required type="url" placeholder="https://api.example.com" value={url} onChange={setUrl} />
        <label className="flex flex-col gap-1 text-sm">
          Headers sent with every call
          <textarea
            rows={3}
            aria-label="Headers sent with every call"
            placeholder="Authorization: Bearer …"
            value={headers}
            onChange={(event) => { setHeaders(event.target.value); }}
            className="rounded-md border border-line bg-surface px-3 py-2 font-mono text-sm"
          />
          <span className="text-xs text-ink-soft">
            Kept encrypted, and shown to nobody. Of a target that is there already, none leaves its headers as they are.
          </span>
        </label>
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" checked={isPrivate} onChange={(event) => { setPrivate(event.target.checked); }} />
          It may be in a private network
        </label>
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" checked={isProduction} onChange={(event) => { setProduction(event.target.checked); }} />
          It is production: whoever sends captured requests there is asked again
        </label>
        <div><button type="submit" className="button py-1.5" disabled={put.isPending}>Save</button></div>
        {put.error && <p role="alert" className="text-sm text-bad">{put.error.message}</p>}
      </form>
    </Card>
  );
}
