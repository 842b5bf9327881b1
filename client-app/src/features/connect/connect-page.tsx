import { useQuery } from '@tanstack/react-query';
import { Failed, Loading } from '../../shared/states';
import { knownServices } from '../metrics/queries';
import { useTitle } from '../../shared/use-title';
import { Connect } from './connect';

export function ConnectPage() {
  useTitle('Connect');
  const { data, error } = useQuery(knownServices);
  return (
    <>
      <h1 className="text-lg font-semibold">Connect an API</h1>
      <p className="max-w-prose text-sm text-ink-soft">
        Send every finished request, by the middleware or by a few lines of your own; or whatever OpenTelemetry has, by some environment variables: traces,
        whose requests are counted too, logs and metrics. What Bayou has answered is safe, and counts exactly once. The whole API
        is described in the <a href="/reference" className="underline">reference</a>.
      </p>
      {data ? <Connect services={data} /> : error ? <Failed what="The services" error={error} /> : <Loading what="services" />}
    </>
  );
}
