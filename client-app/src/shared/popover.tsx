import { Popover as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

interface Props {
  /** What is on the button. */
  name: ReactNode;
  /** What the button and what it opens are called, for those who hear it; where the name alone does not say it. */
  label?: string;
  title?: string;
  isOpen?: boolean;
  onOpen?: (isOpen: boolean) => void;
  side?: 'top' | 'bottom' | 'right';
  align?: 'start' | 'end';
  /** Of the button. */
  className?: string;
  /** Of what it opens. */
  inside?: string;
  children: ReactNode;
}

/** A button that opens something above the page; Escape and a click elsewhere close it. */
export function Popover({
  name,
  label,
  title,
  isOpen,
  onOpen,
  side = 'bottom',
  align = 'end',
  className = 'button',
  inside = 'w-60 gap-1 p-2 text-xs',
  children,
}: Props) {
  return (
    <Radix.Root {...(isOpen === undefined ? {} : { open: isOpen })} {...(onOpen ? { onOpenChange: onOpen } : {})}>
      <Radix.Trigger className={className} aria-label={label} title={title}>{name}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label ?? (typeof name === 'string' ? name : undefined)}
          side={side}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className={`z-40 flex max-h-(--radix-popover-content-available-height) max-w-[calc(100vw-1rem)] flex-col overflow-auto rounded-md border
            border-line bg-card text-ink shadow-lg ${inside}`}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
