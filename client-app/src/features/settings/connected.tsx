import { useQuery } from '@tanstack/react-query';
import { urlOf } from '../../shared/api';
import { Card } from '../../shared/card';
import { useParameters } from '../../shared/use-parameters';
import { me } from '../access/access';
import { refusalOf } from '../access/refusals';

/** The provider of single sign-on, for whoever has a password and wants to come in by it too. */
export function Connected() {
  const [parameters] = useParameters();
  const { data } = useQuery(me);
  const refused = parameters.get('refused');
  if (!data?.sso) return null;
  return (
    <Card title="Single sign-on" className="max-w-xl">
      <div className="flex flex-col items-start gap-3 text-sm">
        <p className="text-ink-soft">Go to {data.sso} once from here, and it lets you in as the one you are here.</p>
        {refused !== null && <p role="alert" className="text-bad">{refusalOf(refused)}</p>}
        <a href={urlOf('/auth/sso', { to: '/dashboard/settings?tab=sessions' })} className="button">Connect {data.sso}</a>
      </div>
    </Card>
  );
}
