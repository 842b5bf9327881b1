import { lazy, Suspense } from 'react';
import { BrowserRouter, Link, Navigate, Route, Routes } from 'react-router';
import { DashboardPage } from '../features/metrics/dashboard-page';
import { Loading } from '../shared/states';
import { Layout } from './layout';

const MetricsPage = lazy(() => import('../features/metrics/metrics-page').then((module) => ({ default: module.MetricsPage })));
const ConnectPage = lazy(() => import('../features/connect/connect-page').then((module) => ({ default: module.ConnectPage })));

export function App() {
  return (
    <BrowserRouter>
      <Layout>
        <Suspense fallback={<Loading what="the page" />}>
          <Routes>
            <Route path="/" element={<Navigate to="/dashboard" replace />} />
            <Route path="/dashboard" element={<DashboardPage />} />
            <Route path="/dashboard/metrics" element={<MetricsPage />} />
            <Route path="/dashboard/connect" element={<ConnectPage />} />
            <Route path="*" element={<p role="alert">There is no page here. <Link to="/dashboard" className="underline">To the overview</Link></p>} />
          </Routes>
        </Suspense>
      </Layout>
    </BrowserRouter>
  );
}
