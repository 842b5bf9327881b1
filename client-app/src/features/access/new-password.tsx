import { Field } from './field';

interface Props {
  label?: string;
  /** What else choosing it does. */
  also?: string;
  value: string;
  onChange: (value: string) => void;
}

/** Where a password is chosen. */
export function NewPassword({ label = 'Password', also = '', value, onChange }: Props) {
  return (
    <Field
      label={label}
      type="password"
      autoComplete="new-password"
      required
      minLength={12}
      value={value}
      onChange={onChange}
      hint={`12 characters or more.${also}`}
    />
  );
}
