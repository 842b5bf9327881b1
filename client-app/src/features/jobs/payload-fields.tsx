import { useId } from 'react';
import type { SchemaField } from './schema';

interface Props {
  fields: readonly SchemaField[];
  typed: Readonly<Record<string, string>>;
  onType: (typed: Record<string, string>) => void;
}

const look = 'w-full rounded-md border border-line bg-surface px-2 py-1.5 text-sm';

/** A field for each property of a payload. */
export function PayloadFields({ fields, typed, onType }: Props) {
  const id = useId();
  return fields.map((field) => {
    const [inputId, hintId] = [`${id}-${field.name}`, `${id}-${field.name}-hint`];
    const shared = {
      id: inputId,
      required: field.isRequired,
      value: typed[field.name] ?? '',
      'aria-describedby': field.description ? hintId : undefined,
      onChange: (event: { target: { value: string } }) => { onType({ ...typed, [field.name]: event.target.value }); },
    };
    const choices = field.choices ?? (field.kind === 'boolean' ? ['true', 'false'] : null);
    return (
      <div key={field.name} className="flex flex-col gap-1">
        <label htmlFor={inputId} className="text-sm">{field.name}{field.isRequired && <span aria-hidden="true" className="text-bad"> *</span>}</label>
        {choices ? (
          <select {...shared} className={look}>
            <option value="">as it is unless told</option>
            {choices.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
          </select>
        ) : field.kind === 'json' ? <textarea {...shared} rows={2} placeholder="JSON" className={`${look} font-mono`} />
          : (
            <input
              {...shared}
              type={field.kind === 'text' ? 'text' : 'number'}
              step={field.kind === 'integer' ? 1 : 'any'}
              min={field.minimum ?? undefined}
              max={field.maximum ?? undefined}
              className={look}
            />
          )}
        {field.description && <span id={hintId} className="text-xs text-ink-soft">{field.description}</span>}
      </div>
    );
  });
}
