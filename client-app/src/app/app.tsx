import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, type ComponentType } from 'react';
import { BrowserRouter, Link, Navigate, Route, Routes } from 'react-router';
import { me, useAccess } from '../features/access/access';
import { SignIn } from '../features/access/sign-in';
import { useNoProject } from '../features/projects/no-project';
import { Projected } from '../features/projects/projected';
import { OverviewPage } from '../features/overview/overview-page';
import { pages, type PagePath } from '../shared/pages';
import { Loading } from '../shared/states';
import { Layout } from './layout';

/** The first is in the first load; the others come when they are gone to. */
const views: Record<PagePath, ComponentType> = {
  '/dashboard': OverviewPage,
  '/dashboard/metrics': lazy(() => import('../features/metrics/metrics-page').then((module) => ({ default: module.MetricsPage }))),
  '/dashboard/logs': lazy(() => import('../features/logs/logs-page').then((module) => ({ default: module.LogsPage }))),
  '/dashboard/replay': lazy(() => import('../features/replay/replay-page').then((module) => ({ default: module.ReplayPage }))),
  '/dashboard/traces': lazy(() => import('../features/traces/traces-page').then((module) => ({ default: module.TracesPage }))),
  '/dashboard/map': lazy(() => import('../features/traces/map-page').then((module) => ({ default: module.MapPage }))),
  '/dashboard/explorer': lazy(() => import('../features/points/explorer-page').then((module) => ({ default: module.ExplorerPage }))),
  '/dashboard/losses': lazy(() => import('../features/metrics/losses-page').then((module) => ({ default: module.LossesPage }))),
  '/dashboard/worker': lazy(() => import('../features/jobs/jobs-page').then((module) => ({ default: module.JobsPage }))),
  '/dashboard/cluster': lazy(() => import('../features/cluster/cluster-page').then((module) => ({ default: module.ClusterPage }))),
  '/dashboard/settings': lazy(() => import('../features/settings/settings-page').then((module) => ({ default: module.SettingsPage }))),
  '/dashboard/connect': lazy(() => import('../features/connect/connect-page').then((module) => ({ default: module.ConnectPage }))),
};

const LinkPage = lazy(() => import('../features/access/link-page').then((module) => ({ default: module.LinkPage })));

export function App() {
  return (
    <BrowserRouter>
      <Routes>
        <Route path="/login/link" element={<main><Suspense fallback={<Loading what="the link" />}><LinkPage /></Suspense></main>} />
        <Route path="*" element={<Projected><Pages /></Projected>} />
      </Routes>
    </BrowserRouter>
  );
}

function Pages() {
  const { data } = useQuery(me);
  const isAsked = useAccess((access) => access.isAsked) || data?.kind === null;
  const noProject = useNoProject();
  return (
    <Layout isClosed={isAsked}>
      {isAsked ? <SignIn /> : noProject ?? <Suspense fallback={<Loading what="the page" />}>
        <Routes>
          <Route path="/" element={<Navigate to="/dashboard" replace />} />
          <Route path="/login" element={data ? <Navigate to="/dashboard" replace /> : <Loading what="the way in" />} />
          {pages.map(({ path }) => <Route key={path} path={path} Component={views[path]} />)}
          <Route path="*" element={<p role="alert">There is no page here. <Link to="/dashboard" className="underline">To the overview</Link></p>} />
        </Routes>
      </Suspense>}
    </Layout>
  );
}
