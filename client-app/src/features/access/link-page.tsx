import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { sendJson } from '../../shared/api';
import { Loading } from '../../shared/states';
import { useTitle } from '../../shared/use-title';
import { becomes } from './access';
import { asksForCode, CodeField } from './code-field';
import { Entry } from './entry';
import { Field } from './field';
import { NewPassword } from './new-password';

/** Where a one-time link leads: one chooses a password, and is in. */
export function LinkPage() {
  useTitle('Choose a password');
  const token = useLocation().hash.slice(1);
  const go = useNavigate();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [needsCode, setNeedsCode] = useState(false);
  const link = useQuery({
    queryKey: ['link', token],
    queryFn: async () => (await sendJson('post', '/auth/link', { token })).data,
    staleTime: Infinity,
  });
  const choose = useMutation({
    mutationFn: () => sendJson('post', '/auth/password', { token, password, ...(needsCode ? { code } : {}) }),
    onError: (error) => {
      if (needsCode || !asksForCode(error)) return;
      setNeedsCode(true);
      choose.reset(); // It is no error to be asked.
    },
    onSuccess: ({ data }) => {
      becomes(data);
      void go('/dashboard', { replace: true });
    },
  });
  if (link.error) {
    return (
      <div className="mx-auto mt-[12vh] flex max-w-sm flex-col gap-3 text-sm">
        <h1 className="font-semibold">Bayou</h1>
        <p role="alert" className="text-bad">{link.error.message}</p>
        <Link to="/dashboard" className="underline">Sign in</Link>
      </div>
    );
  }
  if (!link.data) return <Loading what="the link" />;
  return (
    <Entry
      title="Welcome to Bayou"
      action="Choose it, and sign in"
      isPending={choose.isPending}
      error={choose.error}
      onSubmit={() => {
        choose.mutate();
      }}
    >
      <Field label="E-mail" type="email" autoComplete="username" readOnly value={link.data.email} onChange={() => undefined} />
      <NewPassword value={password} onChange={setPassword} />
      {needsCode && <CodeField value={code} onChange={setCode} />}
    </Entry>
  );
}
