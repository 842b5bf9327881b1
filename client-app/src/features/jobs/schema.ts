/** What a form has a field for: a property of a payload's JSON Schema. */
export interface SchemaField {
  name: string;
  kind: 'text' | 'number' | 'integer' | 'boolean' | 'json';
  description: string | null;
  isRequired: boolean;
  choices: readonly string[] | null;
  minimum: number | null;
  maximum: number | null;
}

interface Property {
  type?: string | readonly string[];
  description?: string;
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
}

/** The fields that a schema has, those first that must be given. */
export function fieldsOf(schema: unknown): SchemaField[] {
  const { properties = {}, required = [] } = (schema ?? {}) as { properties?: Record<string, Property | true>; required?: readonly string[] };
  return Object.entries(properties)
    .map(([name, given]): SchemaField => {
      const property = given === true ? {} : given;
      const kinds = typeof property.type === 'string' ? [property.type] : (property.type ?? []);
      const kind = kinds.find((one) => one !== 'null');
      return {
        name,
        kind: kind === 'string' ? 'text' : kind === 'integer' || kind === 'number' || kind === 'boolean' ? kind : 'json',
        description: property.description ?? null,
        isRequired: required.includes(name),
        choices: property.enum ? property.enum.map(String) : null,
        minimum: property.minimum ?? null,
        maximum: property.maximum ?? null,
      };
    })
    .sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
}

/** The payload that what was typed stands for; or which field it is that cannot be read. */
export function payloadOf(fields: readonly SchemaField[], typed: Readonly<Record<string, string>>): { payload: Record<string, unknown> } | { wrong: string } {
  const payload: Record<string, unknown> = {};
  for (const { name, kind } of fields) {
    const text = typed[name]?.trim() ?? '';
    if (text === '') continue;
    if (kind === 'text') payload[name] = text;
    else if (kind === 'boolean') payload[name] = text === 'true';
    else if (kind === 'json') {
      try {
        payload[name] = JSON.parse(text);
      } catch {
        return { wrong: `${name} must be JSON` };
      }
    } else if (Number.isNaN(Number(text))) return { wrong: `${name} must be a number` };
    else payload[name] = Number(text);
  }
  return { payload };
}
