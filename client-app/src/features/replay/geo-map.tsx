import { feature } from 'topojson-client';
import world from 'world-atlas/countries-110m.json';
import type { Feature, MultiPolygon, Polygon, Position } from 'geojson';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { formatCountry } from '../../shared/format';

interface Props {
  country: string | null;
  latitude: number | null;
  longitude: number | null;
}

type Shape = Feature<Polygon | MultiPolygon, { name: string }>;

const [WIDTH, HEIGHT, SOUTH, NORTH] = [360, 150, -60, 84]; // of degrees; nobody writes from further south

// By their shapes' names, where these are not the ones that are usual.
const names: Record<string, string> = {
  US: 'United States of America', CZ: 'Czechia', BA: 'Bosnia and Herz.', MK: 'Macedonia', CD: 'Dem. Rep. Congo', CF: 'Central African Rep.',
  DO: 'Dominican Rep.', GQ: 'Eq. Guinea', SS: 'S. Sudan', SB: 'Solomon Is.', CI: "Côte d'Ivoire", SZ: 'eSwatini', TR: 'Turkey', PS: 'Palestine', MM: 'Myanmar',
};

const x = (longitude: number) => longitude + 180;
const y = (latitude: number) => ((NORTH - latitude) / (NORTH - SOUTH)) * HEIGHT;

/** A ring that crosses the date line goes on at the other side of the map: a line across it would be no border. */
function ringOf(ring: Position[]): string {
  let before: number | null = null;
  const path = ring.map(([longitude = 0, latitude = 0]) => {
    const isCut = before === null || Math.abs(longitude - before) > 180;
    before = longitude;
    return `${isCut ? 'M' : 'L'}${x(longitude).toFixed(1)},${y(latitude).toFixed(1)}`;
  });
  return `${path.join('')}Z`;
}

const pathOf = ({ geometry }: Shape) => (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates)
  .flatMap((rings) => rings.map(ringOf)).join('');

const topology = world as unknown as Topology<{ countries: GeometryCollection<{ name: string }> }>;
const shapes = (feature(topology, topology.objects.countries).features as Shape[]).map((shape) => ({ name: shape.properties.name, path: pathOf(shape) }));

/** Where a request came from: its country, and the place in it where that is known. */
export function GeoMap({ country, latitude, longitude }: Props) {
  const name = country === null ? null : (names[country] ?? formatCountry(country));
  const hasPlace = latitude !== null && longitude !== null;
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`A map of the world${name === null ? '' : `, on which ${name} is marked`}`}
      className="w-full max-w-lg rounded-md border border-line bg-surface"
    >
      {shapes.map((shape) => (
        <path key={shape.name} d={shape.path} fill={shape.name === name ? 'var(--accent)' : 'var(--line)'} stroke="var(--surface)" strokeWidth="0.3" />
      ))}
      {hasPlace && <circle cx={x(longitude)} cy={y(latitude)} r="2.5" fill="var(--bad)" stroke="var(--card)" strokeWidth="0.8" />}
    </svg>
  );
}
