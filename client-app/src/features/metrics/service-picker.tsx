import { Select } from 'radix-ui';

interface Props {
  services: string[];
  value: string;
  onChange: (service: string) => void;
}

export function ServicePicker({ services, value, onChange }: Props) {
  return (
    <Select.Root value={value} onValueChange={onChange}>
      <Select.Trigger
        aria-label="Service"
        className="inline-flex min-w-40 items-center justify-between gap-3 rounded-md border border-line bg-card px-3 py-1.5 font-medium"
      >
        <Select.Value />
        <Select.Icon className="text-ink-soft">▾</Select.Icon>
      </Select.Trigger>
      <Select.Portal>
        <Select.Content position="popper" sideOffset={4} className="z-10 min-w-40 overflow-hidden rounded-md border border-line bg-card text-ink shadow-lg">
          <Select.Viewport className="p-1">
            {services.map((service) => (
              <Select.Item
                key={service}
                value={service}
                className="cursor-default rounded px-2 py-1.5 outline-none select-none data-[highlighted]:bg-surface data-[state=checked]:font-semibold"
              >
                <Select.ItemText>{service}</Select.ItemText>
              </Select.Item>
            ))}
          </Select.Viewport>
        </Select.Content>
      </Select.Portal>
    </Select.Root>
  );
}
