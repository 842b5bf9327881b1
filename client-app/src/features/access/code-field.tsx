import { ApiError } from '../../shared/api';
import { Field } from './field';

/** Whether a second factor asks for a code before somebody is let in. */
export const asksForCode = (error: Error | null) => error instanceof ApiError && error.code === 'SECOND_FACTOR';

/** Where a code of the second factor goes. */
export function CodeField({ value, onChange }: { value: string; onChange: (code: string) => void }) {
  return (
    <Field
      label="Code"
      inputMode="text"
      autoComplete="one-time-code"
      required
      value={value}
      onChange={onChange}
      hint="Of your authenticator app; or one of your recovery codes."
    />
  );
}
