import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../../shared/api';
import { Failed, Loading } from '../../shared/states';
import { PayloadFields } from './payload-fields';
import { types, type Scope } from './queries';
import { fieldsOf, payloadOf } from './schema';

/** Asks for a job, by a form made of its type's schema. */
export function EnqueueForm({ scope, onDone }: { scope: Scope; onDone: (id: number) => void }) {
  const { data, error } = useQuery(types);
  const client = useQueryClient();
  const known = data?.filter(({ is_system }) => is_system === (scope === 'system')) ?? [];
  const [name, setName] = useState<string | null>(null);
  const type = known.find((one) => one.name === name) ?? known[0];
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [delay, setDelay] = useState('');
  const fields = fieldsOf(type?.schema);
  const enqueue = useMutation({
    mutationFn: () => {
      const read = payloadOf(fields, typed);
      if ('wrong' in read) throw new Error(read.wrong);
      const later = delay === '' ? {} : { delay_ms: Math.round(Number(delay) * 1000) };
      return sendJson('post', '/worker/jobs', { type: type?.name, payload: read.payload, ...later });
    },
    onSuccess: ({ data: { id } }) => {
      void client.invalidateQueries({ queryKey: ['jobs'] });
      onDone(id);
    },
  });
  if (!type) return error ? <Failed what="Types of jobs" error={error} /> : <Loading what="types of jobs" />;
  return (
    <form
      aria-label="Run a job"
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        enqueue.mutate();
      }}
    >
      <label className="flex flex-col gap-1">
        Type
        <select
          aria-label="Type"
          value={type.name}
          onChange={(event) => {
            setName(event.target.value);
            setTyped({});
          }}
          className="rounded-md border border-line bg-surface px-2 py-1.5 text-sm"
        >
          {known.map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}
        </select>
        <span className="text-xs text-ink-soft">{type.summary}</span>
      </label>
      <PayloadFields fields={fields} typed={typed} onType={setTyped} />
      <label className="flex flex-col gap-1">
        Seconds until it may run
        <input
          type="number"
          min={0}
          step="any"
          value={delay}
          placeholder="0"
          onChange={(event) => { setDelay(event.target.value); }}
          className="rounded-md border border-line bg-surface px-2 py-1.5 text-sm"
        />
      </label>
      <div className="sticky bottom-0 flex flex-col gap-2 bg-card">
        {enqueue.error && <p role="alert" className="text-sm text-bad">{enqueue.error.message}</p>}
        <button type="submit" className="button justify-center py-1.5" disabled={enqueue.isPending}>Run it</button>
      </div>
    </form>
  );
}
