import {
  ChartGantt, ChartLine, FileSearch, Gauge, ListChecks, Network, Plug, ScrollText,
  Settings, Table2, TriangleAlert, Waypoints, type LucideIcon,
} from 'lucide-react';
import type { PagePath } from '../shared/pages';

export const icons: Record<PagePath, LucideIcon> = {
  '/dashboard': Gauge,
  '/dashboard/metrics': Table2,
  '/dashboard/logs': ScrollText,
  '/dashboard/replay': FileSearch,
  '/dashboard/traces': ChartGantt,
  '/dashboard/map': Waypoints,
  '/dashboard/explorer': ChartLine,
  '/dashboard/losses': TriangleAlert,
  '/dashboard/worker': ListChecks,
  '/dashboard/cluster': Network,
  '/dashboard/connect': Plug,
  '/dashboard/settings': Settings,
};
