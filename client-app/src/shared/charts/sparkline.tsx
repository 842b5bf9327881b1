interface Props {
  values: readonly (number | null)[];
  color?: string;
  className?: string;
}

const WIDTH = 100;
const HEIGHT = 24;

/** A small line without axes; a missing value is a gap. Decoration beside a number, so hidden from screen readers. */
export function Sparkline({ values, color = 'var(--accent)', className = 'h-6 w-full' }: Props) {
  const highest = Math.max(...values.map((value) => value ?? 0));
  const x = (index: number) => (values.length < 2 ? WIDTH / 2 : (index / (values.length - 1)) * WIDTH);
  const y = (value: number) => HEIGHT - 1.5 - (highest === 0 ? 0 : (value / highest) * (HEIGHT - 3));
  let path = '';
  values.forEach((value, index) => {
    if (value === null) return;
    const isStart = index === 0 || values[index - 1] === null;
    const isAlone = isStart && (index === values.length - 1 || values[index + 1] === null);
    path += `${isStart ? 'M' : 'L'}${x(index).toFixed(1)} ${y(value).toFixed(1)}${isAlone ? 'h0.01' : ''}`;
  });
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className={className} aria-hidden="true">
      <path d={path} fill="none" stroke={color} strokeWidth={1.5} strokeLinejoin="round" strokeLinecap="round" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
