import { lazy, Suspense } from 'react';
import { BrowserRouter, Link, Navigate, Route, Routes } from 'react-router';
import { useAccess } from '../features/access/access';
import { SignIn } from '../features/access/sign-in';
import { DashboardPage } from '../features/metrics/dashboard-page';
import { Loading } from '../shared/states';
import { Layout } from './layout';

const MetricsPage = lazy(() => import('../features/metrics/metrics-page').then((module) => ({ default: module.MetricsPage })));
const LogsPage = lazy(() => import('../features/logs/logs-page').then((module) => ({ default: module.LogsPage })));
const ClusterPage = lazy(() => import('../features/cluster/cluster-page').then((module) => ({ default: module.ClusterPage })));
const LossesPage = lazy(() => import('../features/metrics/losses-page').then((module) => ({ default: module.LossesPage })));
const ConnectPage = lazy(() => import('../features/connect/connect-page').then((module) => ({ default: module.ConnectPage })));

export function App() {
  const isAsked = useAccess((access) => access.isAsked);
  return (
    <BrowserRouter>
      <Layout>
        {isAsked ? <SignIn /> : <Suspense fallback={<Loading what="the page" />}>
          <Routes>
            <Route path="/" element={<Navigate to="/dashboard" replace />} />
            <Route path="/dashboard" element={<DashboardPage />} />
            <Route path="/dashboard/metrics" element={<MetricsPage />} />
            <Route path="/dashboard/logs" element={<LogsPage />} />
            <Route path="/dashboard/losses" element={<LossesPage />} />
            <Route path="/dashboard/connect" element={<ConnectPage />} />
            <Route path="/dashboard/cluster" element={<ClusterPage />} />
            <Route path="*" element={<p role="alert">There is no page here. <Link to="/dashboard" className="underline">To the overview</Link></p>} />
          </Routes>
        </Suspense>}
      </Layout>
    </BrowserRouter>
  );
}
