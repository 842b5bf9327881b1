import { BrowserRouter, Navigate, Route, Routes } from 'react-router';
import { DashboardPage } from '../features/metrics/dashboard-page';
import { Layout } from './layout';

export function App() {
  return (
    <BrowserRouter>
      <Layout>
        <Routes>
          <Route path="/" element={<Navigate to="/dashboard" replace />} />
          <Route path="/dashboard" element={<DashboardPage />} />
          <Route path="*" element={<p role="alert">There is no page here. The dashboard is at /dashboard.</p>} />
        </Routes>
      </Layout>
    </BrowserRouter>
  );
}
