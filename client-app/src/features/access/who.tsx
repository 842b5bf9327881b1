import { useMutation, useQuery } from '@tanstack/react-query';
import { LogOut, ShieldAlert, UserRound } from 'lucide-react';
import { Link, useNavigate } from 'react-router';
import { sendJson } from '../../shared/api';
import { useNamedProject } from '../../shared/project';
import { becomes, me, useAccess } from './access';

/** Who one is, and the way out; where anybody may do everything, that this is so. */
export function Who({ isFolded = false }: { isFolded?: boolean }) {
  const { data } = useQuery(me);
  const navigate = useNavigate();
  const signOut = useMutation({
    mutationFn: () => sendJson('post', '/auth/logout'),
    onSuccess: ({ data: next }) => {
      useNamedProject.setState({ named: null }); // Whoever comes next begins in a project of their own.
      void navigate('/dashboard');
      becomes(next);
      if (!next.kind) useAccess.getState().ask();
    },
  });
  if (!data?.kind) return null;
  if (data.kind === 'open') {
    return (
      <Link
        to="/dashboard/settings?tab=people"
        className="button py-1.5 text-warn"
        aria-label={isFolded ? 'Open to anybody on this machine' : undefined}
        title="Nobody has signed up: anybody who reaches this machine may do everything."
      >
        <ShieldAlert className="size-4 shrink-0" aria-hidden="true" /> {!isFolded && 'Open to anybody'}
      </Link>
    );
  }
  const name = data.kind === 'token' ? 'Access token' : (data.name ?? '');
  return (
    <div className={`flex items-center gap-1.5 text-sm ${isFolded ? 'flex-col' : ''}`}>
      {!isFolded && (
        <Link to="/dashboard/settings?tab=sessions" className="flex min-w-0 flex-1 items-center gap-2 px-2 hover:underline" title={data.role ?? undefined}>
          <UserRound className="size-4 shrink-0" aria-hidden="true" /> <span className="truncate">{name}</span>
        </Link>
      )}
      <button
        type="button"
        className="button py-1.5"
        aria-label={`Sign out ${name}`}
        title={`Sign out ${name}`}
        disabled={signOut.isPending}
        onClick={() => {
          signOut.mutate();
        }}
      >
        <LogOut className="size-4" aria-hidden="true" />
      </button>
    </div>
  );
}
