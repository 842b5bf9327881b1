import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { Choice } from '../../shared/choice';
import { useTime } from '../../shared/time';
import { PayloadFields } from './payload-fields';
import { types, type Schedule, type Scope } from './queries';
import { fieldsOf, payloadOf } from './schema';

type Kind = 'cron' | 'interval' | 'once';

interface Draft {
  name: string;
  type: string | null;
  kind: Kind;
  cron: string;
  zone: string;
  everySeconds: string;
  onceAt: string;
  missed: string;
  overlap: boolean;
  jitterSeconds: string;
}

const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const input = 'w-full rounded-md border border-line bg-surface px-2 py-1.5 text-sm';

const draftOf = (schedule: Schedule | null, toInput: (at: number) => string): Draft => ({
  name: schedule?.name ?? '',
  type: schedule?.type ?? null,
  kind: !schedule || schedule.cron !== null ? 'cron' : schedule.every_seconds !== null ? 'interval' : 'once',
  cron: schedule?.cron ?? '0 3 * * *',
  zone: schedule?.time_zone ?? browserZone,
  everySeconds: `${schedule?.every_seconds ?? 300}`,
  onceAt: schedule?.once_at ? toInput(Date.parse(schedule.once_at)) : '',
  missed: schedule?.missed ?? 'run_once',
  overlap: schedule?.overlap ?? false,
  jitterSeconds: `${(schedule?.jitter_ms ?? 0) / 1000}`,
});

/** Makes a schedule or changes one, and shows when it would run. */
export function ScheduleForm({ scope, schedule, onClose }: { scope: Scope; schedule: Schedule | null; onClose: () => void }) {
  const time = useTime();
  const client = useQueryClient();
  const { data: all } = useQuery(types);
  const known = all?.filter(({ is_system }) => is_system === (scope === 'system')) ?? [];
  const [draft, setDraft] = useState(() => draftOf(schedule, time.input));
  const type = known.find(({ name }) => name === draft.type) ?? known[0];
  const fields = fieldsOf(type?.schema);
  const [typed, setTyped] = useState<Record<string, string>>(() => textOf(schedule?.payload));
  const change = (next: Partial<Draft>) => { setDraft({ ...draft, ...next }); };
  const times = draft.kind === 'cron' ? { cron: draft.cron, time_zone: draft.zone }
    : draft.kind === 'interval' ? { every_seconds: Number(draft.everySeconds) } : { once_at: onceOf(draft.onceAt, time.parseInput) };
  const save = useMutation({
    mutationFn: async () => {
      const read = payloadOf(fields, typed);
      if ('wrong' in read) throw new Error(read.wrong);
      const body = {
        name: draft.name, type: type?.name, payload: read.payload, ...times, missed: draft.missed, overlap: draft.overlap,
        jitter_ms: Math.round(Number(draft.jitterSeconds) * 1000),
      };
      await (schedule ? sendJson('patch', '/worker/schedules/{id}', body, { id: schedule.id }) : sendJson('post', '/worker/schedules', body, {}, { scope }));
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['jobs'] });
      onClose();
    },
  });
  return (
    <Card title={schedule ? `Change ${schedule.name}` : 'New schedule'}>
      <form
        aria-label="Schedule"
        className="grid gap-4 lg:grid-cols-3"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <div className="flex flex-col gap-3">
          <label className="flex flex-col gap-1 text-sm">
            Name
            <input required maxLength={100} value={draft.name} onChange={(event) => { change({ name: event.target.value }); }} className={input} />
          </label>
          <label className="flex flex-col gap-1 text-sm">
            Job
            <select
              aria-label="Job"
              value={type?.name ?? ''}
              onChange={(event) => {
                change({ type: event.target.value });
                setTyped({});
              }}
              className={input}
            >
              {known.map(({ name }) => <option key={name} value={name}>{name}</option>)}
            </select>
            <span className="text-xs text-ink-soft">{type?.summary}</span>
          </label>
          <PayloadFields fields={fields} typed={typed} onType={setTyped} />
        </div>
        <div className="flex flex-col gap-3">
          <div>
            <Choice<Kind>
              label="Runs"
              value={draft.kind}
              choices={[['cron', 'By cron'], ['interval', 'At an interval'], ['once', 'Once']]}
              onChange={(kind) => { change({ kind }); }}
            />
          </div>
          {draft.kind === 'cron' && (
            <>
              <label className="flex flex-col gap-1 text-sm">
                Cron expression
                <input required value={draft.cron} onChange={(event) => { change({ cron: event.target.value }); }} className={`${input} font-mono`} />
                <span className="text-xs text-ink-soft">minute, hour, day, month, weekday; with seconds first, or as @daily</span>
              </label>
              <label className="flex flex-col gap-1 text-sm">
                Time zone
                <input required list="zones" value={draft.zone} onChange={(event) => { change({ zone: event.target.value }); }} className={input} />
                <datalist id="zones">{Intl.supportedValuesOf('timeZone').map((zone) => <option key={zone} value={zone} />)}</datalist>
              </label>
            </>
          )}
          {draft.kind === 'interval' && (
            <label className="flex flex-col gap-1 text-sm">
              Seconds between runs
              <input
                required
                type="number"
                min={1}
                value={draft.everySeconds}
                onChange={(event) => { change({ everySeconds: event.target.value }); }}
                className={input}
              />
            </label>
          )}
          {draft.kind === 'once' && (
            <label className="flex flex-col gap-1 text-sm">
              At
              <input required type="datetime-local" value={draft.onceAt} onChange={(event) => { change({ onceAt: event.target.value }); }} className={input} />
            </label>
          )}
          <Preview times={times} />
        </div>
        <div className="flex flex-col gap-3">
          <label className="flex flex-col gap-1 text-sm">
            Runs that nobody was there for
            <select value={draft.missed} onChange={(event) => { change({ missed: event.target.value }); }} className={input}>
              <option value="run_once">are made up by one</option>
              <option value="skip">are skipped</option>
              <option value="run_all">are all made up, up to 100</option>
            </select>
          </label>
          <label className="flex flex-col gap-1 text-sm">
            Seconds by which each is put off at random
            <input
              type="number"
              min={0}
              step="any"
              value={draft.jitterSeconds}
              onChange={(event) => { change({ jitterSeconds: event.target.value }); }}
              className={input}
            />
          </label>
          <label className="flex items-center gap-2 text-sm">
            <input type="checkbox" checked={draft.overlap} onChange={(event) => { change({ overlap: event.target.checked }); }} />
            A run may begin before the one before it has ended
          </label>
          <div className="flex gap-2">
            <button type="submit" className="button py-1.5" disabled={save.isPending}>Save</button>
            <button type="button" className="button py-1.5" onClick={onClose}>Cancel</button>
          </div>
          {save.error && <p role="alert" className="text-sm text-bad">{save.error.message}</p>}
        </div>
      </form>
    </Card>
  );
}

/** When it would run next, before it is saved. */
function Preview({ times }: { times: object }) {
  const time = useTime();
  const { data, error } = useQuery({
    queryKey: ['jobs', 'preview', times],
    queryFn: async () => (await sendJson('post', '/worker/schedules/preview', times)).data.next_runs,
  });
  return (
    <section aria-label="Next runs" aria-live="polite" className="text-sm">
      <h3 className="text-xs text-ink-soft">Next runs</h3>
      {error ? <p className="text-bad">{error.message}</p>
        : data?.length === 0 ? <p className="text-ink-soft">none: it is over by then</p>
          : <ul className="tabular-nums">{data?.map((at) => <li key={at}>{time.full(Date.parse(at))}</li>)}</ul>}
    </section>
  );
}

const onceOf = (text: string, parse: (text: string) => number) => {
  const at = parse(text);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
};

const textOf = (payload: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries((payload ?? {}) as Record<string, unknown>)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));
