import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { renderSVG } from 'uqr';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { Failed, Loading } from '../../shared/states';
import { CodeField } from '../access/code-field';
import { Field } from '../access/field';
import { OneTime } from './one-time';
import { secondFactor } from './queries';

/** Codes of an authenticator app beside one's password: made, confirmed, taken away. */
export function SecondFactor() {
  const { data, error } = useQuery(secondFactor);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  return (
    <Card title="Second factor" note="codes of an authenticator app" className="max-w-xl">
      {codes && (
        <OneTime name="The recovery codes" secret={codes.join('\n')} onDone={() => { setCodes(null); }}>
          Keep these where you find them without your phone. Each stands for a code, once; they are shown this once.
        </OneTime>
      )}
      {!data ? (error ? <Failed what="Your second factor" error={error} /> : <Loading what="your second factor" />)
        : data.is_on ? <Remove recoveryCodes={data.recovery_codes} /> : <Add onAdded={setCodes} />}
    </Card>
  );
}

function Add({ onAdded }: { onAdded: (codes: readonly string[]) => void }) {
  const client = useQueryClient();
  const [current, setCurrent] = useState('');
  const [code, setCode] = useState('');
  const begin = useMutation({ mutationFn: () => sendJson('post', '/auth/second-factor', { current }) });
  const confirm = useMutation({
    mutationFn: () => sendJson('put', '/auth/second-factor', { code }),
    onSuccess: ({ data }) => {
      onAdded(data.recovery_codes);
      void client.invalidateQueries({ queryKey: secondFactor.queryKey });
    },
  });
  const made = begin.data?.data;
  const error = made ? confirm.error : begin.error;
  return (
    <form
      aria-label="Add a second factor"
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (made) confirm.mutate();
        else begin.mutate();
      }}
    >
      {made
        ? (
          <>
            <p className="text-sm text-ink-soft">Have your authenticator app read this, or type the secret into it. Then type the code that it shows.</p>
            {/* Black on white in both themes: cameras need it. */}
            <img
              alt="QR code for an authenticator app"
              className="size-48 rounded-md bg-white p-2"
              src={`data:image/svg+xml;utf8,${encodeURIComponent(renderSVG(made.uri, { border: 1 }))}`}
            />
            <code aria-label="The secret" className="rounded bg-surface px-2 py-1.5 text-xs wrap-anywhere">{made.secret}</code>
            <CodeField value={code} onChange={setCode} />
          </>
        )
        : (
          <>
            <p className="text-sm text-ink-soft">Off. With it, whoever has your password alone does not come in.</p>
            <Field label="Your password" type="password" autoComplete="current-password" required value={current} onChange={setCurrent} />
          </>
        )}
      {error && <p role="alert" className="text-sm text-bad">{error.message}</p>}
      <button type="submit" className="button self-start" disabled={begin.isPending || confirm.isPending}>
        {made ? 'Ask for codes from now on' : 'Add one'}
      </button>
    </form>
  );
}

function Remove({ recoveryCodes }: { recoveryCodes: number }) {
  const client = useQueryClient();
  const [code, setCode] = useState('');
  const remove = useMutation({
    mutationFn: () => sendJson('post', '/auth/second-factor/remove', { code }),
    onSuccess: () => client.invalidateQueries({ queryKey: secondFactor.queryKey }),
  });
  return (
    <form
      aria-label="Take the second factor away"
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        remove.mutate();
      }}
    >
      <p className="text-sm text-ink-soft">On. {recoveryCodes} recovery codes are left; taking it away and adding one again makes new ones.</p>
      <CodeField value={code} onChange={setCode} />
      {remove.error && <p role="alert" className="text-sm text-bad">{remove.error.message}</p>}
      <button type="submit" className="button self-start" disabled={remove.isPending}>Take it away</button>
    </form>
  );
}
