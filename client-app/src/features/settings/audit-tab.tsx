import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { urlOf } from '../../shared/api';
import { Card } from '../../shared/card';
import { Popover } from '../../shared/popover';
import { namedProject } from '../../shared/project';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import { useTime } from '../../shared/time';
import { audit } from './queries';
import { Table } from '../../shared/table';

/** Who did what. */
export function AuditTab() {
  const time = useTime();
  const [search, setSearch] = useState('');
  const { data, error } = useQuery(audit(search));
  const rows = data?.rows ?? [];
  return (
    <Card
      title="Audit log"
      note="who did what; nobody can change it"
      actions={
        <>
          <input
            type="search"
            aria-label="Search the audit log"
            placeholder="Who, what"
            value={search}
            onChange={(event) => { setSearch(event.target.value); }}
            className="rounded-md border border-line bg-surface px-2 py-1 text-sm"
          />
          <Popover name="Export">
            {(['ndjson', 'csv'] as const).map((format) => (
              <a key={format} className="menu-item" href={urlOf('/audit/export', { format, ...namedProject() })} download={`audit.${format}`}>
                All of it as {format.toUpperCase()}
              </a>
            ))}
          </Popover>
        </>
      }
    >
      {data && error && <Paused>Updates paused: {error.message}. Trying again.</Paused>}
      {!data && (error ? <Failed what="The audit log" error={error} /> : <Loading what="the audit log" />)}
      {data && rows.length === 0 && <Empty>Nothing {search ? 'like this ' : ''}was done yet.</Empty>}
      {rows.length > 0 && (
        <Table name="Audit log" columns={['Time', 'Who', 'From', 'What', 'On', 'Before and after']}>
          {rows.map((row) => (
            <tr key={row.id} className="align-top">
              <th scope="row" className="whitespace-nowrap">{time.full(Date.parse(row.time))}</th>
              <td>{row.actor_name} <span className="text-xs text-ink-soft">{row.actor}</span></td>
              <td className="whitespace-nowrap">{row.address}</td>
              <td className="whitespace-nowrap">{row.action}</td>
              <td className="whitespace-nowrap">{row.target}</td>
              <td className="max-w-xl text-xs wrap-anywhere text-ink-soft">
                {[row.before, row.after].filter((value) => value !== null).map((value) => JSON.stringify(value)).join(' → ')}
              </td>
              <td />
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}
