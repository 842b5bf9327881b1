import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { Failed, Loading } from '../../shared/states';
import { useTime } from '../../shared/time';
import { Field } from '../access/field';
import { me, useMay } from '../access/access';
import { deletedProjects, projects, useProject, type Project } from '../projects/projects';
import { FIRST_PROJECT } from '../../shared/project';
import { Table } from '../../shared/table';

/** What the project is called and may take, and the others there are. */
export function ProjectTab() {
  const current = useProject();
  const { data, error } = useQuery(projects);
  const shown = data?.find(({ id }) => id === current?.id);
  return (
    <>
      {shown ? <ThisProject key={shown.id} project={shown} /> : error ? <Failed what="The project" error={error} /> : <Loading what="the project" />}
      {useMay('owner') && <AllProjects all={data ?? []} />}
    </>
  );
}

function ThisProject({ project }: { project: Project }) {
  const isOwner = useMay('owner');
  const client = useQueryClient();
  const [name, setName] = useState(project.name);
  const [limits, setLimits] = useState({
    max_endpoints: text(project.max_endpoints), queries_per_minute: text(project.queries_per_minute), ingest_per_minute: text(project.ingest_per_minute),
  });
  const change = useMutation({
    mutationFn: () =>
      sendJson('patch', '/projects/{project}', {
        name,
        ...(isOwner && Object.fromEntries(Object.entries(limits).map(([limit, value]) => [limit, Number(value)]))),
      }, { project: project.id }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: projects.queryKey });
      void client.invalidateQueries({ queryKey: me.queryKey });
    },
  });
  const limit = (field: keyof typeof limits, label: string, hint: string) => (
    <Field
      label={label}
      hint={hint}
      type="number"
      min={0}
      value={limits[field]}
      placeholder="no limit"
      onChange={(value) => {
        setLimits({ ...limits, [field]: value });
      }}
    />
  );
  return (
    <Card title={`Project ${project.name}`} className="max-w-xl">
      <form
        aria-label="Change the project"
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <Field label="Name" required value={name} onChange={setName} />
        {isOwner && (
          <>
            {limit('max_endpoints', 'Endpoints', 'Further ones are counted together. The server has a limit of its own where this has none.')}
            {limit('ingest_per_minute', 'Ingest requests a minute', 'Of all keys together; what is more is answered 429, and sent again by whoever sends.')}
            {limit('queries_per_minute', 'Query requests a minute', 'Of all keys together. People are not limited.')}
          </>
        )}
        {change.error && <p role="alert" className="text-sm text-bad">{change.error.message}</p>}
        {change.isSuccess && <p role="status" className="text-sm text-good">Changed.</p>}
        <button type="submit" className="button self-start" disabled={change.isPending}>Change it</button>
      </form>
    </Card>
  );
}

function AllProjects({ all }: { all: readonly Project[] }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: deleted = [] } = useQuery(deletedProjects);
  const [name, setName] = useState('');
  const make = useMutation({
    mutationFn: () => sendJson('post', '/projects', { name }),
    onSuccess: ({ data }) => {
      setName('');
      void client.invalidateQueries({ queryKey: projects.queryKey });
      void navigate(`/dashboard/settings?tab=keys&project=${data.id}`); // It begins with a key.
    },
  });
  return (
    <Card title="All projects" note="none sees what another has">
      <form
        aria-label="Make a project"
        className="mb-3 flex flex-wrap items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <input
          required
          aria-label="Name of the new project"
          placeholder="Name"
          value={name}
          onChange={(event) => { setName(event.target.value); }}
          className="min-w-0 flex-1 rounded-md border border-line bg-surface px-3 py-1.5 text-sm sm:max-w-72"
        />
        <button type="submit" className="button" disabled={make.isPending}>Make a project</button>
        {make.error && <p role="alert" className="w-full text-sm text-bad">{make.error.message}</p>}
      </form>
      <Table name="Projects" columns={['Name', 'Made']}>
        {[...all, ...deleted].map((project) => <ProjectRow key={project.id} project={project} />)}
      </Table>
    </Card>
  );
}

function ProjectRow({ project }: { project: Project }) {
  const time = useTime();
  const client = useQueryClient();
  const navigate = useNavigate();
  const isCurrent = useProject()?.id === project.id;
  const [isSure, setSure] = useState(false);
  const again = () => client.invalidateQueries({ queryKey: projects.queryKey });
  const remove = useMutation({
    mutationFn: () => sendJson('delete', '/projects/{project}', undefined, { project: project.id }),
    onSuccess: () => {
      setSure(false);
      void again();
      if (isCurrent) void navigate(`/dashboard/settings?tab=project&project=${FIRST_PROJECT}`);
    },
  });
  const restore = useMutation({ mutationFn: () => sendJson('post', '/projects/{id}/restore', undefined, { id: project.id }), onSuccess: again });
  const error = remove.error ?? restore.error;
  return (
    <tr className={project.deleted_at ? 'text-ink-soft' : ''}>
      <th scope="row">
        {project.deleted_at || isCurrent
          ? project.name
          : <Link to={`/dashboard?project=${project.id}`} className="underline hover:text-ink">{project.name}</Link>}
        {isCurrent && <span className="ml-2 text-xs font-normal text-ink-soft">this one</span>}
      </th>
      <td className="whitespace-nowrap">
        {project.deleted_at ? `deleted ${time.full(Date.parse(project.deleted_at))}` : time.full(Date.parse(project.created_at))}
      </td>
      <td className="text-right whitespace-nowrap">
        {project.deleted_at
          ? <button type="button" className="button" onClick={() => { restore.mutate(); }}>Restore</button>
          : isSure
            ? (
              <span className="inline-flex flex-wrap items-center justify-end gap-2">
                <span className="text-xs whitespace-normal text-ink-soft">Its keys stop at once. It can be restored for 30 days, then what it has goes.</span>
                <button type="button" className="button" onClick={() => { setSure(false); }}>Keep it</button>
                <button type="button" className="button text-bad" onClick={() => { remove.mutate(); }}>Delete {project.name} now</button>
              </span>
            )
            : project.id !== FIRST_PROJECT && (
              <button type="button" className="button" onClick={() => { setSure(true); }}>Delete</button>
            )}
        {error && <p role="alert" className="text-xs whitespace-normal text-bad">{error.message}</p>}
      </td>
    </tr>
  );
}

const text = (limit: number | null) => (limit === null ? '' : `${limit}`);
