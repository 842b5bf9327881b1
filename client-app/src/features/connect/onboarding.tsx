import { useState } from 'react';
import type { KnownService } from '../metrics/figures';
import { Connect } from './connect';
import { isEmpty } from './is-empty';

/** Shown to whoever comes to an empty Bayou, and stays to say that their first request has arrived. */
export function Onboarding({ services }: { services: KnownService[] }) {
  const [isNew, setNew] = useState(isEmpty(services));
  if (!isNew) return null;
  return (
    <div className="flex flex-col gap-2">
      <Connect services={services} />
      {!isEmpty(services) && <button type="button" className="button self-end" onClick={() => { setNew(false); }}>Done</button>}
    </div>
  );
}
