import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../../shared/api';
import { Failed, Loading } from '../../shared/states';
import { useTitle } from '../../shared/use-title';
import { becomes, me } from './access';
import { asksForCode, CodeField } from './code-field';
import { Entry } from './entry';
import { Field } from './field';

/** Asks who one is, by e-mail and password or by the access token; from then on a cookie stands for it, which scripts cannot read. */
export function SignIn() {
  useTitle('Sign in');
  const { data, error } = useQuery(me);
  const [wantsToken, setWantsToken] = useState(false);
  if (!data) return error ? <Failed what="The way in" error={error} /> : <Loading what="the way in" />;
  const byToken = data.has_token && (wantsToken || !data.has_people);
  const other = data.has_token && data.has_people && (
    <button type="button" className="self-start text-xs text-ink-soft underline hover:text-ink" onClick={() => { setWantsToken(!byToken); }}>
      {byToken ? 'Sign in with e-mail and password' : 'Use the access token instead'}
    </button>
  );
  return byToken ? <ByToken below={other} /> : <ByPassword below={other} />;
}

function ByPassword({ below }: { below: React.ReactNode }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [needsCode, setNeedsCode] = useState(false);
  const signIn = useMutation({
    mutationFn: () => sendJson('post', '/auth/login', { email, password, ...(needsCode ? { code } : {}) }),
    onSuccess: ({ data }) => { becomes(data); },
    onError: (error) => { setNeedsCode(needsCode || asksForCode(error)); },
  });
  const isFirstAsked = asksForCode(signIn.error) && code === '';
  return (
    <Entry
      title="Sign in to Bayou"
      action="Sign in"
      isPending={signIn.isPending}
      error={isFirstAsked ? null : signIn.error}
      onSubmit={() => {
        signIn.mutate();
      }}
      below={
        <>
          {below}
          <p className="text-xs text-ink-soft">
            Lost your password? An administrator makes you a link under Settings, or an owner’s by <code>./bayou admin EMAIL</code>.
          </p>
        </>
      }
    >
      <Field label="E-mail" type="email" autoComplete="username" required value={email} onChange={setEmail} />
      <Field label="Password" type="password" autoComplete="current-password" required value={password} onChange={setPassword} />
      {needsCode && <CodeField value={code} onChange={setCode} />}
    </Entry>
  );
}

function ByToken({ below }: { below: React.ReactNode }) {
  const [token, setToken] = useState('');
  const signIn = useMutation({ mutationFn: () => sendJson('post', '/session', { token }), onSuccess: ({ data }) => { becomes(data); } });
  return (
    <Entry
      title="This Bayou asks for its access token"
      action="Sign in"
      isPending={signIn.isPending}
      error={signIn.error}
      onSubmit={() => {
        signIn.mutate();
      }}
      below={below}
    >
      <Field
        label="Access token"
        type="password"
        autoComplete="current-password"
        required
        value={token}
        onChange={setToken}
        hint="The server was started with it, as BAYOU_TOKEN."
      />
    </Entry>
  );
}
