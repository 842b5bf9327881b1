import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { postJson } from '../../shared/api';
import { useTitle } from '../../shared/use-title';
import { useAccess } from './access';

/** Asks for the access token once; from then on a cookie stands for it, which scripts cannot read. */
export function SignIn() {
  useTitle('Sign in');
  const [token, setToken] = useState('');
  const granted = useAccess((access) => access.granted);
  const client = useQueryClient();
  const signIn = useMutation({
    mutationFn: () => postJson('/session', { token }),
    onSuccess: () => {
      granted();
      void client.invalidateQueries();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <form onSubmit={submit} aria-label="Sign in" className="mx-auto mt-[12vh] flex w-full max-w-sm flex-col gap-3 rounded-lg border border-line bg-card p-5">
      <h1 className="font-semibold">This Bayou asks for its access token</h1>
      <label className="flex flex-col gap-1 text-sm">
        Access token
        <input
          type="password"
          autoComplete="current-password"
          value={token}
          onChange={(event) => { setToken(event.target.value); }}
          aria-invalid={signIn.isError}
          aria-describedby={signIn.isError ? 'sign-in-error' : 'sign-in-hint'}
          className="rounded-md border border-line bg-surface px-3 py-2 text-sm"
        />
      </label>
      {signIn.isError
        ? <p id="sign-in-error" role="alert" className="text-sm text-bad">{signIn.error.message}</p>
        : <p id="sign-in-hint" className="text-xs text-ink-soft">The server was started with it, as BAYOU_TOKEN.</p>}
      <button type="submit" className="button self-start" disabled={token === '' || signIn.isPending}>{signIn.isPending ? 'Signing in…' : 'Sign in'}</button>
    </form>
  );
}
