import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { becomes } from '../access/access';
import { Field } from '../access/field';
import { NewPassword } from '../access/new-password';

/** Makes the first administrator, where anybody may do everything so far. */
export function FirstOwner() {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const make = useMutation({ mutationFn: () => sendJson('post', '/auth/first', { name, email, password }), onSuccess: ({ data }) => { becomes(data); } });
  return (
    <Card title="Make the first administrator" className="max-w-xl border-warn">
      <form
        aria-label="Make the first administrator"
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <p className="text-sm text-ink-soft">
          Nobody has signed up, so whoever reaches this machine may do everything. From then on everything needs a person, a session or a key; what sends to
          Bayou needs a key too.
        </p>
        <Field label="Name" autoComplete="name" required value={name} onChange={setName} />
        <Field label="E-mail" type="email" autoComplete="username" required value={email} onChange={setEmail} />
        <NewPassword value={password} onChange={setPassword} />
        {make.error && <p role="alert" className="text-sm text-bad">{make.error.message}</p>}
        <button type="submit" className="button self-start" disabled={make.isPending}>{make.isPending ? 'A moment…' : 'Make it, and sign in'}</button>
      </form>
    </Card>
  );
}
