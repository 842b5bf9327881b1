import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'react-router';
import { sendJson, urlOf } from '../../shared/api';
import { Failed, Loading } from '../../shared/states';
import { useTitle } from '../../shared/use-title';
import { becomes, me } from './access';
import { asksForCode, CodeField } from './code-field';
import { Entry } from './entry';
import { Field } from './field';
import { refusalOf } from './refusals';

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
  const below = <>{other}<BySso name={data.sso} /></>;
  return byToken ? <ByToken below={below} /> : <ByPassword below={below} />;
}

/** The way in by another's word; the browser leaves the page for it, and comes back to where it was. */
function BySso({ name }: { name: string | null }) {
  const { pathname, search } = useLocation();
  const refused = new URLSearchParams(search).get('refused');
  if (name === null) return null;
  const back = pathname.startsWith('/login') ? '/' : `${pathname}${search}`;
  return (
    <>
      {refused !== null && <p role="alert" className="text-sm text-bad">{refusalOf(refused)}</p>}
      <a href={urlOf('/auth/sso', { to: back })} className="button justify-center py-1.5">Sign in with {name}</a>
    </>
  );
}

function ByPassword({ below }: { below: React.ReactNode }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [needsCode, setNeedsCode] = useState(false);
  const signIn = useMutation({
    mutationFn: () => sendJson('post', '/auth/login', { email, password, ...(needsCode ? { code } : {}) }),
    onSuccess: ({ data }) => { becomes(data); },
    onError: (error) => {
      if (needsCode || !asksForCode(error)) return;
      setNeedsCode(true);
      signIn.reset(); // It is no error to be asked.
    },
  });
  return (
    <Entry
      title="Sign in to Bayou"
      action="Sign in"
      isPending={signIn.isPending}
      error={signIn.error}
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
