import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { LabelledSelect } from '../../shared/labelled-select';
import { Empty, Failed, Loading } from '../../shared/states';
import { useTime } from '../../shared/time';
import { me, useMay } from '../access/access';
import { useProject } from '../projects/projects';
import { FirstOwner } from './first-owner';
import { OneTime } from './one-time';
import { people, ROLE_HINTS, ROLES, type Invitation, type Person } from './queries';
import { Table } from '../../shared/table';

const NONE = '';

/** Who may sign in, and to what. */
export function PeopleTab() {
  const { data: self } = useQuery(me);
  const { data, error } = useQuery(people);
  const mayManage = useMay('admin');
  const [invited, setInvited] = useState<Invitation | null>(null);
  if (self && !self.has_people) return <FirstOwner />;
  return (
    <Card title="People" note="who may sign in">
      {invited?.link === null && (
        <p role="status" className="mb-3 rounded-md border border-good p-3 text-sm">{invited.email} has a role here now, and signs in as before.</p>
      )}
      {invited?.link && (
        <OneTime name="The link" secret={invited.link} onDone={() => { setInvited(null); }}>
          Give this link to {invited.email}. Whoever opens it, once and within three days, chooses the password.
        </OneTime>
      )}
      {mayManage && <Invite onInvited={setInvited} />}
      {!data && (error ? <Failed what="People" error={error} /> : <Loading what="people" />)}
      {data?.length === 0 && <Empty>Nobody has signed up.</Empty>}
      {data && data.length > 0 && (
        <Table name="People" columns={['Name', 'E-mail', 'Role', 'Last signed in']}>
          {data.map((person) => (
            <PersonRow key={person.id} person={person} isSelf={person.id === self?.id} mayManage={mayManage} onLink={setInvited} />
          ))}
        </Table>
      )}
    </Card>
  );
}

function Invite({ onInvited }: { onInvited: (invitation: Invitation) => void }) {
  const isOwner = useMay('owner');
  const client = useQueryClient();
  const project = useProject();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<string>('viewer');
  const invite = useMutation({
    mutationFn: () => sendJson('post', '/projects/{project}/members', { email, role }, { project: project?.id ?? 0 }),
    onSuccess: ({ data }) => {
      setEmail('');
      onInvited(data);
      void client.invalidateQueries({ queryKey: people.queryKey });
    },
  });
  return (
    <form
      aria-label="Invite somebody"
      className="mb-3 flex flex-wrap items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        invite.mutate();
      }}
    >
      <input
        type="email"
        required
        aria-label="E-mail of whom to invite"
        placeholder="E-mail"
        value={email}
        onChange={(event) => { setEmail(event.target.value); }}
        className="min-w-40 flex-1 rounded-md border border-line bg-surface px-3 py-1.5 text-sm sm:max-w-72"
      />
      <LabelledSelect label="Role" value={role} options={rolesFor(isOwner)} onChange={setRole} />
      <button type="submit" className="button" disabled={invite.isPending || !project}>Invite</button>
      {invite.error && <p role="alert" className="w-full text-sm text-bad">{invite.error.message}</p>}
    </form>
  );
}

interface RowProps {
  person: Person;
  isSelf: boolean;
  mayManage: boolean;
  onLink: (invitation: Invitation) => void;
}

function PersonRow({ person, isSelf, mayManage, onLink }: RowProps) {
  const time = useTime();
  const client = useQueryClient();
  const isOwner = useMay('owner');
  const project = useProject();
  const changed = { onSuccess: () => client.invalidateQueries({ queryKey: people.queryKey }) };
  const setRole = useMutation({
    mutationFn: (role: string) =>
      sendJson('put', '/projects/{project}/members/{id}', { role: role === NONE ? null : role }, { project: project?.id ?? 0, id: person.id }),
    ...changed,
  });
  const disable = useMutation({
    mutationFn: () => sendJson('patch', '/api/v1/users/{id}', { disabled: person.disabled_at === null }, { id: person.id }),
    ...changed,
  });
  const link = useMutation({
    mutationFn: () => sendJson('post', '/api/v1/users/{id}/link', undefined, { id: person.id }),
    onSuccess: ({ data }) => { onLink(data); },
  });
  const removeFactor = useMutation({
    mutationFn: () => sendJson('patch', '/api/v1/users/{id}', { has_second_factor: false }, { id: person.id }),
    ...changed,
  });
  const mayChange = mayManage && (isOwner || person.role !== 'owner');
  const mayMakeLink = mayChange && !isSelf; // One's own password is under Sessions.
  const error = setRole.error ?? disable.error ?? link.error ?? removeFactor.error;
  return (
    <tr className={person.disabled_at ? 'text-ink-soft' : ''}>
      <th scope="row">
        {person.name}
        {isSelf && <span className="ml-2 text-xs font-normal text-ink-soft">you</span>}
      </th>
      <td>{person.email}</td>
      <td>
        {mayChange && !isSelf
          ? (
            <LabelledSelect
              label={`Role of ${person.name}`}
              value={person.role ?? NONE}
              options={[...rolesFor(isOwner).map(([name]) => [name, name] as const), [NONE, 'none']]}
              onChange={(role) => {
                setRole.mutate(role);
              }}
            />
          )
          : (person.role ?? 'none')}
      </td>
      <td className="whitespace-nowrap">
        {person.disabled_at ? 'disabled' : person.last_sign_in_at ? time.full(Date.parse(person.last_sign_in_at)) : person.has_password ? 'never' : 'invited'}
      </td>
      <td className="text-right whitespace-nowrap">
        {mayChange && (
          <span className="inline-flex gap-1">
            {mayMakeLink && (
              <button type="button" className="button" onClick={() => { link.mutate(); }}>{person.has_password ? 'Reset password' : 'New link'}</button>
            )}
            {!isSelf && person.has_second_factor && (
              <button
                type="button"
                className="button"
                title="For whoever has lost the app and the recovery codes"
                onClick={() => {
                  removeFactor.mutate();
                }}
              >
                Remove second factor
              </button>
            )}
            {!isSelf && (
              <button
                type="button"
                className="button"
                onClick={() => {
                  disable.mutate();
                }}
              >
                {person.disabled_at ? 'Enable' : 'Disable'}
              </button>
            )}
          </span>
        )}
        {error && <p role="alert" className="text-xs whitespace-normal text-bad">{error.message}</p>}
      </td>
    </tr>
  );
}

const rolesFor = (isOwner: boolean) =>
  ROLES.filter((role) => isOwner || role !== 'owner').map((role) => [role, `${role}: ${ROLE_HINTS[role]}`] as const);
