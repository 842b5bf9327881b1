import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { Failed, Loading } from '../../shared/states';
import { useTime } from '../../shared/time';
import { becomes } from '../access/access';
import { Field } from '../access/field';
import { NewPassword } from '../access/new-password';
import { Connected } from './connected';
import { sessions } from './queries';
import { SecondFactor } from './second-factor';
import { Table } from '../../shared/table';

/** Where one is signed in, and one's password. */
export function SessionsTab() {
  const time = useTime();
  const client = useQueryClient();
  const { data, error } = useQuery(sessions);
  const end = useMutation({
    mutationFn: (session: number) => sendJson('delete', '/auth/sessions/{session}', undefined, { session }),
    onSuccess: () => client.invalidateQueries({ queryKey: sessions.queryKey }),
  });
  return (
    <>
      <Card title="Sessions" note="where you are signed in">
        {!data && (error ? <Failed what="Your sessions" error={error} /> : <Loading what="your sessions" />)}
        {end.error && <p role="alert" className="text-sm text-bad">{end.error.message}</p>}
        {data && (
          <Table name="Sessions" columns={['Device', 'Address', 'Since', 'Last used']}>
            {data.map((session) => (
              <tr key={session.id}>
                <th scope="row" className="max-w-96 truncate" title={session.device}>{session.device || 'unknown'}</th>
                <td className="whitespace-nowrap">{session.address}</td>
                <td className="whitespace-nowrap">{time.full(Date.parse(session.created_at))}</td>
                <td className="whitespace-nowrap">{session.is_this ? 'this one' : time.full(Date.parse(session.last_used_at))}</td>
                <td className="text-right">
                  {!session.is_this && <button type="button" className="button" onClick={() => { end.mutate(session.id); }}>End</button>}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Card>
      <Password />
      <SecondFactor />
      <Connected />
    </>
  );
}

function Password() {
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const change = useMutation({
    mutationFn: () => sendJson('post', '/auth/password', { current, password }),
    onSuccess: ({ data }) => {
      setCurrent('');
      setPassword('');
      becomes(data);
    },
  });
  return (
    <Card title="Password" className="max-w-xl">
      <form
        aria-label="Change your password"
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <Field label="Present password" type="password" autoComplete="current-password" required value={current} onChange={setCurrent} />
        <NewPassword label="New password" also=" All your other sessions end." value={password} onChange={setPassword} />
        {change.error && <p role="alert" className="text-sm text-bad">{change.error.message}</p>}
        {change.isSuccess && <p role="status" className="text-sm text-good">Changed.</p>}
        <button type="submit" className="button self-start" disabled={change.isPending}>Change it</button>
      </form>
    </Card>
  );
}
